namespace Exponential.Nn;

/// <summary>z = x for x ≥ 0 and a x below, with a trained slope a = e^log_alpha for each channel.</summary>
public sealed class PReLU : Bijection
{
    private readonly int _channels;
    private readonly Parameter _logAlpha;

    /// <summary>Makes the map, at first the identity; its state is <c>log_alpha</c> [1, C, 1, 1].</summary>
    /// <param name="channels">The channels C.</param>
    /// <param name="dtype">The element type.</param>
    public PReLU(int channels, DType dtype = DType.Float32)
    {
        AtLeast.One(channels, nameof(PReLU));
        _channels = channels;
        _logAlpha = AddParameter("log_alpha", Tensor.Zeros([1, channels, 1, 1], dtype));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => RequireImage(input, _channels);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => RequireImage(output, _channels);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) => Apply(x, _logAlpha);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) => Apply(z, -_logAlpha.Value);

    private static (Tensor Value, Tensor LogDet) Apply(Tensor x, Tensor logSlope)
    {
        Tensor isNegative = x.Less(0);
        return (Tensor.Where(isNegative, x * logSlope.Exp(), x), SumEvent(isNegative * logSlope));
    }
}
