namespace Exponential.Nn;

/// <summary>
/// Densely connected convolutions (Huang, Liu, van der Maaten and Weinberger 2017): <see cref="DenseLayer"/>s that each add channels, then a
/// 1 x 1 convolution, gated or plain.
/// </summary>
public sealed class DenseNet : Network
{
    private readonly Sequential _nn;

    /// <summary>Makes the network; its state is <c>nn.0.*</c> to <c>nn.{depth}.*</c>, the last as <c>nn.{depth}.conv.*</c> if gated.</summary>
    /// <param name="inChannels">The input's channels.</param>
    /// <param name="outChannels">The output's channels.</param>
    /// <param name="settings">Depth, growth, gate and dropout.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels or a setting is out of its range.</exception>
    public DenseNet(
        int inChannels, int outChannels, DenseNetSettings settings, Generator? generator = null, DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(settings);
        AtLeast.One(inChannels, nameof(DenseNet));
        AtLeast.One(outChannels, nameof(DenseNet));
        settings.Check(nameof(DenseNet));
        generator = Initialization.OrFresh(generator);
        var layers = new Network[settings.Depth + 1];
        int channels = inChannels;
        for (int i = 0; i < settings.Depth; i++, channels += settings.Growth)
        {
            layers[i] = new DenseLayer(channels, settings.Growth, settings.Dropout, generator, dtype);
        }

        layers[^1] = settings.Gated
            ? new GatedConv2d(channels, outChannels, generator, dtype)
            : new Conv2d(channels, outChannels, 1, generator: generator, dtype: dtype);
        _nn = AddModule("nn", new Sequential(layers));
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x) => _nn.Forward(x);
}
