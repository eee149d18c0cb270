namespace Exponential.Nn;

/// <summary>A gated 1 x 1 convolution, a + b s(c), with a, b and c the thirds of one convolution's channels and s the sigmoid.</summary>
public sealed class GatedConv2d : Network
{
    private readonly Conv2d _conv;

    /// <summary>Makes the layer; its state is <c>conv.weight</c> and <c>conv.bias</c>.</summary>
    /// <param name="inChannels">The input's channels.</param>
    /// <param name="outChannels">The output's channels.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    public GatedConv2d(int inChannels, int outChannels, Generator? generator = null, DType dtype = DType.Float32) =>
        _conv = AddModule("conv", new Conv2d(inChannels, 3 * outChannels, 1, generator: generator, dtype: dtype));

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x) => FusedOps.Gate(_conv.Forward(x));
}
