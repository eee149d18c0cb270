namespace Exponential.Nn;

/// <summary>A linear layer, x W' + b. Both start uniform in ±1/sqrt(in), PyTorch's default.</summary>
public sealed class Linear : Network
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    /// <summary>Makes the layer; its state is <c>weight</c> [out, in] and <c>bias</c> [out].</summary>
    /// <param name="inFeatures">The length of the input's last axis.</param>
    /// <param name="outFeatures">The length of the output's last axis.</param>
    /// <param name="bias">Whether to add a trained bias.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    public Linear(int inFeatures, int outFeatures, bool bias = true, Generator? generator = null, DType dtype = DType.Float32)
    {
        AtLeast.One(inFeatures, nameof(Linear));
        AtLeast.One(outFeatures, nameof(Linear));
        generator = Initialization.OrFresh(generator);
        double bound = 1 / Math.Sqrt(inFeatures);
        _weight = AddParameter("weight", Initialization.Uniform([outFeatures, inFeatures], bound, generator, dtype));
        _bias = bias ? AddParameter("bias", Initialization.Uniform([outFeatures], bound, generator, dtype)) : null;
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x)
    {
        Tensor product = x.MatMul(_weight.Value.Transpose(0, 1));
        return _bias is null ? product : product + _bias.Value;
    }
}
