namespace Exponential.Nn;

/// <summary>The network of a coupling: a 1 x 1 convolution to m channels, residual <see cref="DenseNet"/>s h + D(h), a 1 x 1 convolution.</summary>
public sealed class DenseInResidualNet : Network
{
    private readonly Conv2d _first;
    private readonly List<DenseNet> _blocks = [];
    private readonly Conv2d _last;

    /// <summary>Makes the network; its state is <c>first.*</c>, <c>dense_nns.{i}.*</c> and <c>last.*</c>.</summary>
    /// <param name="inChannels">The input's channels.</param>
    /// <param name="outChannels">The output's channels.</param>
    /// <param name="settings">The inner sizes.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="zeroLast">Whether the last convolution starts at zero, so that a coupling starts as the identity.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels or a setting is out of its range.</exception>
    public DenseInResidualNet(
        int inChannels,
        int outChannels,
        DenseNetSettings settings,
        Generator? generator = null,
        bool zeroLast = true,
        DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(settings);
        AtLeast.One(inChannels, nameof(DenseInResidualNet));
        AtLeast.One(outChannels, nameof(DenseInResidualNet));
        settings.Check(nameof(DenseInResidualNet));
        generator = Initialization.OrFresh(generator);
        int width = settings.IntermediateChannels;
        _first = AddModule("first", new Conv2d(inChannels, width, 1, generator: generator, dtype: dtype));
        for (int i = 0; i < settings.Count; i++)
        {
            _blocks.Add(AddModule($"dense_nns.{i}", new DenseNet(width, width, settings, generator, dtype)));
        }

        _last = AddModule("last", new Conv2d(width, outChannels, 1, generator: generator, dtype: dtype));
        if (zeroLast)
        {
            _last.SetToZero();
        }
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x)
    {
        // The sums h and what the layers hand on go back here: each DenseLayer gives back only what it makes inside.
        using TemporaryScope scope = TemporaryScope.Begin();
        Tensor h = _first.Forward(x);
        foreach (DenseNet block in _blocks)
        {
            h = h + block.Forward(h);
        }

        Tensor result = _last.Forward(h);
        scope.Keep(result);
        return result;
    }
}
