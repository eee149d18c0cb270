namespace Exponential.Nn;

/// <summary>
/// Takes half of the channels out of a flow (Dinh et al. 2017): y = transform(x) with a coupling, the first half of y goes on, and the
/// second half is given a standard Gaussian density. Because the coupling moves the second half by the first, that density is a conditional one.
/// </summary>
public sealed class SplitPrior : FlowStep
{
    private readonly Shape _eventShape;
    private readonly Bijection _transform;
    private readonly StandardGaussian _base;

    /// <summary>Makes the step; its state lies under <c>transform</c> and <c>base</c>.</summary>
    /// <param name="eventShape">[C, H, W] with an even C.</param>
    /// <param name="transform">The bijection before the split, an <see cref="AffineCoupling"/> on this shape.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentException">The shape is not an image of an even number of channels, or the transform changes it.</exception>
    public SplitPrior(Shape eventShape, Bijection transform, DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(transform);
        RequireImage(eventShape);
        if (eventShape[0] % 2 != 0 || transform.OutputShape(eventShape) != eventShape)
        {
            throw new ArgumentException(
                $"SplitPrior: the channels must be even and kept by the transform; the event shape is {eventShape}, " +
                $"transformed {transform.OutputShape(eventShape)}");
        }

        _eventShape = eventShape;
        _transform = AddModule("transform", transform);
        _base = AddModule("base", new StandardGaussian([eventShape[0] / 2, eventShape[1], eventShape[2]], dtype));
    }

    /// <inheritdoc/>
    public override Shape? EventShape => _eventShape;

    /// <inheritdoc/>
    public override int ContextChannels => _transform.ContextChannels;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        RequireEvent(input, _eventShape);
        return _base.EventShape;
    }

    /// <inheritdoc/>
    public override Shape InputShape(Shape output)
    {
        RequireEvent(output, _base.EventShape);
        return _eventShape;
    }

    /// <summary>What goes on, and the log-density of what is taken out plus the log-determinant: [B].</summary>
    /// <param name="x">[B, C, H, W].</param>
    /// <param name="context">What the transform is conditioned on, if it takes a context.</param>
    /// <exception cref="ArgumentException">A shape or element type does not fit, or the batch is empty.</exception>
    public (Tensor Kept, Tensor LogDensity) Forward(Tensor x, Tensor? context = null) => Encode(x, context, latents: null);

    internal override (Tensor Value, Tensor LogDensity) Encode(Tensor x, Tensor? context, List<Tensor>? latents)
    {
        OutputShape(EventOf(x, nameof(x)));
        (Tensor y, Tensor logDet) = _transform.Forward(x, ContextOf(context));
        Tensor[] halves = y.Chunk(2, 1);
        latents?.Add(halves[1]);
        return (halves[0], _base.LogProb(halves[1]) + logDet);
    }

    internal override Tensor Decode(Tensor z, Tensor? context, Stack<Tensor> latents) =>
        _transform.Inverse(Tensor.Cat([z, latents.Pop()], 1), ContextOf(context)).Value;

    internal override (Tensor Value, Tensor LogDensity) Sample(Tensor z, Tensor? context, Generator generator, double temperature)
    {
        InputShape(EventOf(z, nameof(z)));
        (Tensor taken, Tensor logDensity) = _base.Sample(z.Shape[0], generator, temperature: temperature);
        (Tensor x, Tensor logDet) = _transform.Inverse(Tensor.Cat([z, taken], 1), ContextOf(context));
        return (x, logDensity - logDet);
    }
}
