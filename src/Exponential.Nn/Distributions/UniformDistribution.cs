namespace Exponential.Nn;

/// <summary>Independent uniform numbers in [0, 1]: log-density 0 there, minus infinity for an event with a value outside.</summary>
/// <remarks>Its state is the original's placeholder <c>buffer</c>, zeros [1]; its element type is that of the samples.</remarks>
public sealed class UniformDistribution : Distribution
{
    private readonly StateBuffer _buffer;

    /// <summary>Makes the distribution.</summary>
    /// <param name="eventShape">The shape of one event.</param>
    /// <param name="dtype">The element type.</param>
    public UniformDistribution(Shape eventShape, DType dtype = DType.Float32)
    {
        EventShape = eventShape;
        _buffer = AddBuffer("buffer", Tensor.Zeros([1], dtype));
    }

    /// <inheritdoc/>
    public override Shape EventShape { get; }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor x, Tensor? context)
    {
        Tensor inside = x.GreaterOrEqual(0) * x.LessOrEqual(1);
        Tensor all = inside.Rank == 1 ? inside : inside.Min([.. Enumerable.Range(1, inside.Rank - 1)]);
        return Tensor.Where(all, all.ZerosLike(), Tensor.Full(all.Shape, double.NegativeInfinity, x.DType));
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogProb) SampleCore(int count, Generator generator, Tensor? context, double temperature)
    {
        if (temperature != 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(temperature),
                FormattableString.Invariant($"UniformDistribution.Sample: a uniform distribution has no temperature but 1; it is {temperature}"));
        }

        DType dtype = _buffer.Value.DType;
        return (generator.Uniform([count, .. EventShape], dtype), Tensor.Zeros([count], dtype));
    }
}
