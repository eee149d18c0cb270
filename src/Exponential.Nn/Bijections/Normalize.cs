namespace Exponential.Nn;

/// <summary>z = (x - t) / s with fixed numbers t and s: brings pixel values 0 to 256 near the unit interval.</summary>
public sealed class Normalize : Bijection
{
    private readonly StateBuffer _translation;
    private readonly StateBuffer _logScale;

    /// <summary>Makes the map; its state is the buffers <c>translation</c> [1] and <c>log_scale</c> [1].</summary>
    /// <param name="translation">The number t.</param>
    /// <param name="scale">The number s, positive.</param>
    /// <param name="dtype">The element type.</param>
    public Normalize(double translation, double scale, DType dtype = DType.Float32)
    {
        if (!(scale > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(scale), FormattableString.Invariant($"Normalize: scale must be positive; got {scale}"));
        }

        _translation = AddBuffer("translation", Tensor.Full([1], translation, dtype));
        _logScale = AddBuffer("log_scale", Tensor.Full([1], Math.Log(scale), dtype));
    }

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        ((x - _translation) * (-_logScale.Value).Exp(), -LogScaleSum(x));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) =>
        (Tensor.MultiplyAdd(z, _logScale.Value.Exp(), _translation), LogScaleSum(z));

    private Tensor LogScaleSum(Tensor x) => _logScale.Value.Sum() * (x.ElementCount / x.Shape[0]);
}
