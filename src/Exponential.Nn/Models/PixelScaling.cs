namespace Exponential.Nn;

/// <summary>(v - 128) / 256: brings pixel values 0 to 255 near the unit interval, for a network. It has no state.</summary>
internal sealed class PixelScaling : Network
{
    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x) => (x - 128) * (1.0 / 256);
}
