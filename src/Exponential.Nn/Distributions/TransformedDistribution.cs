namespace Exponential.Nn;

/// <summary>
/// The distribution of x whose image under some bijections follows another distribution: ln p(x) is the log-density there plus the
/// log-determinants on the way. Both may be conditioned on one context.
/// </summary>
/// <remarks>
/// A <see cref="Flow"/> is the same, and may take dimensions out on its way, but has other names in its state. The names of this one are those of
/// the original's TemplateDistribution, which puts a sigmoid behind the flow of dequantization noise.
/// </remarks>
public sealed class TransformedDistribution : Distribution
{
    private readonly List<Bijection> _transformations = [];
    private readonly Distribution _distribution;

    /// <summary>Makes the distribution; its state lies under <c>transformations.0</c>, <c>transformations.1</c>, ... and <c>distribution</c>.</summary>
    /// <param name="transformations">From x to the other distribution's events, first one first.</param>
    /// <param name="distribution">What the image of x follows.</param>
    /// <exception cref="ArgumentException">The shapes or contexts do not fit.</exception>
    public TransformedDistribution(IReadOnlyList<Bijection> transformations, Distribution distribution)
    {
        ArgumentNullException.ThrowIfNull(transformations);
        ArgumentNullException.ThrowIfNull(distribution);
        foreach (Bijection transformation in transformations)
        {
            _transformations.Add(AddModule($"transformations.{_transformations.Count}", transformation));
        }

        _distribution = AddModule("distribution", distribution);
        EventShape = ShapeInference.InputShape(_transformations, _transformations.Count, distribution.EventShape);
        ContextChannels = ShapeInference.ContextChannels(
            nameof(TransformedDistribution),
            [.. _transformations.Select(transformation => transformation.ContextChannels), distribution.ContextChannels]);
        Shape image = ShapeInference.OutputShape(_transformations, EventShape);
        if (image != distribution.EventShape)
        {
            throw new ArgumentException(
                $"TransformedDistribution: the transformations give {image}; the distribution is over {distribution.EventShape}",
                nameof(distribution));
        }
    }

    /// <summary>The bijections, in order.</summary>
    public IReadOnlyList<Bijection> Transformations => _transformations;

    /// <summary>What the image of x follows.</summary>
    public Distribution Distribution => _distribution;

    /// <inheritdoc/>
    public override Shape EventShape { get; }

    /// <inheritdoc/>
    public override int ContextChannels { get; }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor x, Tensor? context)
    {
        Tensor? total = null;
        foreach (Bijection transformation in _transformations)
        {
            (x, Tensor logDet) = transformation.Forward(x, transformation.ContextOf(context));
            total = total is null ? logDet : total + logDet;
        }

        Tensor image = _distribution.LogProb(x, ContextOfDistribution(context));
        return total is null ? image : image + total;
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogProb) SampleCore(int count, Generator generator, Tensor? context, double temperature)
    {
        (Tensor x, Tensor total) = _distribution.Sample(count, generator, ContextOfDistribution(context), temperature);
        for (int i = _transformations.Count - 1; i >= 0; i--)
        {
            (x, Tensor logDet) = _transformations[i].Inverse(x, _transformations[i].ContextOf(context));
            total -= logDet;
        }

        return (x, total);
    }

    private Tensor? ContextOfDistribution(Tensor? context) => _distribution.ContextChannels > 0 ? context : null;
}
