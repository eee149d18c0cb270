namespace Exponential.Nn;

/// <summary>
/// The network of a coupling on several scales, with <see cref="DenseInResidualNet"/>s D of m inner channels: d_0 = D(x), d_i = D of d_{i-1}
/// halved by a 2 x 2 convolution of stride 2; then back, u = d_{S-1}, u = D(u) doubled by its transpose, plus d_{S-2-i}; a last D gives the
/// output.
/// </summary>
/// <remarks>[B, in, H, W] becomes [B, out, H, W], with H and W divisible by 2^(S - 1).</remarks>
public sealed class MultiscaleDenseNet : Network
{
    // An int has no more powers of two; no image is that large.
    private const int MostScales = 30;

    private readonly List<Network> _down = [];
    private readonly List<Network> _up = [];

    /// <summary>
    /// Makes the network; its state is <c>down.0.*</c>, then <c>down.{i}.0.*</c> (convolution) and <c>down.{i}.1.*</c>, <c>up.{i}.0.*</c> and
    /// <c>up.{i}.1.*</c> (transposed convolution), at last <c>up.{S-1}.*</c>.
    /// </summary>
    /// <param name="inChannels">The input's channels.</param>
    /// <param name="outChannels">The output's channels.</param>
    /// <param name="settings">The number of scales S, at least 2, and the sizes of each D.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="zeroLast">Whether the very last convolution starts at zero, so that a coupling starts as the identity.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels or a setting is out of its range.</exception>
    public MultiscaleDenseNet(
        int inChannels,
        int outChannels,
        DenseNetSettings settings,
        Generator? generator = null,
        bool zeroLast = true,
        DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check(nameof(MultiscaleDenseNet));
        if (settings.Scales is < 2 or > MostScales)
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings), $"MultiscaleDenseNet: settings.Scales must be 2 to {MostScales}; it is {settings.Scales}");
        }

        generator = Initialization.OrFresh(generator);
        int width = settings.IntermediateChannels;
        int scales = settings.Scales;
        for (int i = 0; i < scales; i++)
        {
            _down.Add(AddModule<Network>($"down.{i}", i == 0
                ? Dense(inChannels, width)
                : new Sequential(new Conv2d(width, width, 2, stride: 2, generator: generator, dtype: dtype), Dense(width, width))));
        }

        for (int i = 0; i < scales; i++)
        {
            _up.Add(AddModule<Network>($"up.{i}", i == scales - 1
                ? Dense(width, outChannels, zeroLast)
                : new Sequential(Dense(width, width), new ConvTranspose2d(width, width, 2, stride: 2, generator: generator, dtype: dtype))));
        }

        DenseInResidualNet Dense(int from, int to, bool zero = false) => new(from, to, settings, generator, zero, dtype);
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x)
    {
        int divisor = 1 << (_down.Count - 1);
        if (x.Rank != 4 || x.Shape[2] % divisor != 0 || x.Shape[3] % divisor != 0)
        {
            throw new ArgumentException(
                $"MultiscaleDenseNet: images must be [batch, channels, height, width] with height and width divisible by {divisor}, " +
                $"for {_down.Count} scales; they are {x.Shape}");
        }

        using TemporaryScope scope = TemporaryScope.Begin();
        var details = new Stack<Tensor>();
        Tensor h = x;
        foreach (Network network in _down)
        {
            h = network.Forward(h);
            details.Push(h);
        }

        h = details.Pop();
        foreach (Network network in _up)
        {
            h = network.Forward(h);
            h = details.TryPop(out Tensor? detail) ? h + detail : h;
        }

        scope.Keep(h);
        return h;
    }
}
