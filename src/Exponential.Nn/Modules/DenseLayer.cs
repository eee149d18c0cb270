namespace Exponential.Nn;

/// <summary>
/// A layer of a <see cref="DenseNet"/>: the input, followed along the channels by what a 1 x 1 and a 3 x 3 convolution, each with a ReLU
/// behind it, make of it.
/// </summary>
public sealed class DenseLayer : Network
{
    private readonly Sequential _nn;

    /// <summary>Makes the layer; its state is <c>nn.0.*</c> (1 x 1) and <c>nn.2.*</c> (3 x 3), or <c>nn.3.*</c> with dropout.</summary>
    /// <param name="inChannels">The input's channels n; the output has n + growth.</param>
    /// <param name="growth">The channels added.</param>
    /// <param name="dropout">The probability of dropout between the convolutions, in [0, 1); at 0 there is no such layer.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels is not positive, or the probability lies outside [0, 1).</exception>
    public DenseLayer(int inChannels, int growth, double dropout = 0, Generator? generator = null, DType dtype = DType.Float32)
    {
        generator = Initialization.OrFresh(generator);
        var first = new Conv2d(inChannels, inChannels, 1, generator: generator, dtype: dtype);
        var second = new Conv2d(inChannels, growth, 3, padding: 1, generator: generator, dtype: dtype);
        _nn = AddModule(
            "nn",
            dropout != 0
                ? new Sequential(first, new ReLU(), new Dropout(dropout, generator), second, new ReLU())
                : new Sequential(first, new ReLU(), second, new ReLU()));
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x)
    {
        using TemporaryScope scope = TemporaryScope.Begin();
        Tensor result = Tensor.Cat([x, _nn.Forward(x)], 1);
        scope.Keep(result);
        return result;
    }
}
