namespace Exponential.Nn;

/// <summary>A convolution of images with a trained kernel and bias. Both start uniform in ±1/sqrt(fan-in), PyTorch's default.</summary>
public sealed class Conv2d : Network
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly int _stride;
    private readonly int _padding;

    /// <summary>Makes the layer; its state is <c>weight</c> [out, in, k, k] and <c>bias</c> [out].</summary>
    /// <param name="inChannels">The input's channels.</param>
    /// <param name="outChannels">The output's channels.</param>
    /// <param name="kernelSize">The kernel's height and width k.</param>
    /// <param name="stride">The step between outputs.</param>
    /// <param name="padding">The zeros added on each side.</param>
    /// <param name="bias">Whether to add a trained bias.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    public Conv2d(
        int inChannels,
        int outChannels,
        int kernelSize,
        int stride = 1,
        int padding = 0,
        bool bias = true,
        Generator? generator = null,
        DType dtype = DType.Float32)
    {
        AtLeast.One(inChannels, nameof(Conv2d));
        AtLeast.One(outChannels, nameof(Conv2d));
        AtLeast.One(kernelSize, nameof(Conv2d));
        generator = Initialization.OrFresh(generator);
        double bound = 1 / Math.Sqrt((double)inChannels * kernelSize * kernelSize);
        _weight = AddParameter("weight", Initialization.Uniform([outChannels, inChannels, kernelSize, kernelSize], bound, generator, dtype));
        _bias = bias ? AddParameter("bias", Initialization.Uniform([outChannels], bound, generator, dtype)) : null;
        _stride = stride;
        _padding = padding;
    }

    /// <summary>Sets kernel and bias to zero, so that the layer's output starts at zero.</summary>
    public void SetToZero()
    {
        _weight.Value = Initialization.Zeros(_weight.Shape, _weight.DType);
        if (_bias is not null)
        {
            _bias.Value = Initialization.Zeros(_bias.Shape, _bias.DType);
        }
    }

    /// <summary>max(y, 0) of the layer's output y, in one operation.</summary>
    internal Tensor ForwardRectified(Tensor x) => x.Conv2dRelu(_weight, _bias?.Value, _stride, _padding);

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x) => x.Conv2d(_weight, _bias?.Value, _stride, _padding);
}
