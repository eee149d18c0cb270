namespace Exponential.Nn;

/// <summary>
/// The adjoint of a convolution of images as a layer, with a trained kernel and bias: with a stride above 1 it enlarges. Both start uniform in
/// ±1/sqrt(O k k), PyTorch's default.
/// </summary>
/// <remarks>[B, in, H, W] becomes [B, out, (H - 1) s - 2p + k, (W - 1) s - 2p + k], with s the stride and p the padding.</remarks>
public sealed class ConvTranspose2d : Network
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly int _stride;
    private readonly int _padding;

    /// <summary>Makes the layer; its state is <c>weight</c> [in, out, k, k] and <c>bias</c> [out].</summary>
    /// <param name="inChannels">The input's channels.</param>
    /// <param name="outChannels">The output's channels O.</param>
    /// <param name="kernelSize">The kernel's height and width k.</param>
    /// <param name="stride">The step between inputs in the output.</param>
    /// <param name="padding">The rim cut off each side.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels or the kernel's size is not positive.</exception>
    public ConvTranspose2d(
        int inChannels,
        int outChannels,
        int kernelSize,
        int stride = 1,
        int padding = 0,
        Generator? generator = null,
        DType dtype = DType.Float32)
    {
        AtLeast.One(inChannels, nameof(ConvTranspose2d));
        AtLeast.One(outChannels, nameof(ConvTranspose2d));
        AtLeast.One(kernelSize, nameof(ConvTranspose2d));
        generator = Initialization.OrFresh(generator);
        double bound = 1 / Math.Sqrt((double)outChannels * kernelSize * kernelSize);
        _weight = AddParameter("weight", Initialization.Uniform([inChannels, outChannels, kernelSize, kernelSize], bound, generator, dtype));
        _bias = AddParameter("bias", Initialization.Uniform([outChannels], bound, generator, dtype));
        _stride = stride;
        _padding = padding;
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x) => x.ConvTranspose2d(_weight, _bias.Value, _stride, _padding);
}
