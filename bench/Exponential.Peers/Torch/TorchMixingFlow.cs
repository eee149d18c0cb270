using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace LibtorchPeer;

/// <summary>
/// The training step and the sampling of the original's mixing flow on libtorch: 3x32x32 images, two levels of subflows, gated DenseNet
/// couplings, split prior, a diagonal Gaussian and Adamax. Written from the paper's and the original's formulas, operation by operation as eager
/// PyTorch runs them.
/// </summary>
internal sealed class TorchMixingFlow : IPeerFlow
{
    private const int Intermediate = 64;
    private const int Depth = 4;
    private const int Growth = 32;
    private readonly List<TorchSharp.Modules.Parameter> _parameters = [];
    private readonly List<TorchLayer> _layers = [];
    private readonly TorchMixing _mixing;
    private readonly torch.optim.Optimizer _optimizer;
    private readonly Tensor _mean;
    private readonly Tensor _logSigma;
    private readonly Tensor _images;

    /// <param name="mixing">1x1, convexp, emerging or woodbury.</param>
    /// <param name="subflows">Couplings a level.</param>
    /// <param name="images">What it trains on, of values 0..256.</param>
    public TorchMixingFlow(string mixing, int subflows, Tensor images)
    {
        _images = images;
        _mixing = new TorchMixing(mixing, Parameter);
        AddSqueeze();
        _layers.AddRange(_mixing.Layers(12, 16));
        AddLevel(12, 16, subflows);
        AddSplitPrior(12);
        AddSqueeze();
        AddLevel(24, 8, subflows);
        _mean = Parameter(zeros(1, 24, 1, 1));
        _logSigma = Parameter(zeros(1, 24, 1, 1));
        _optimizer = torch.optim.Adamax(_parameters, 1e-3, 0.9, 0.999, 1e-7);
    }

    public long ParameterCount => _parameters.Sum(parameter => parameter.numel());

    public double Step()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _optimizer.zero_grad();
        Tensor x = (_images + rand_like(_images) - 128) * (1.0 / 256);
        Tensor logDet = zeros(_images.shape[0]) - (3072 * Math.Log(256));
        foreach (TorchLayer layer in _layers)
        {
            (x, logDet) = layer.Forward(x, logDet);
        }

        Tensor logProb = StandardNormal((x - _mean) * exp(-_logSigma)) - (64 * _logSigma.sum()) + logDet;
        Tensor loss = -logProb.mean() / (3072 * Math.Log(2));
        loss.backward();
        _optimizer.step();
        return loss.ToDouble();
    }

    public double Sample(int count)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Tensor x = (randn(count, 24, 8, 8) * exp(_logSigma)) + _mean;
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            x = _layers[i].Inverse(x);
        }

        return ((x * 256) + 128).mean().ToDouble();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _parameters.ForEach(parameter => parameter.Dispose());
        _mean.Dispose();
        _logSigma.Dispose();
    }

    private static Tensor StandardNormal(Tensor x) => (-0.5 * x * x - (0.5 * Math.Log(2 * Math.PI))).sum([1, 2, 3]);

    private static (Tensor LogScale, Tensor Translation) Affine(Tensor h)
    {
        Tensor pairs = h.reshape(h.shape[0], h.shape[1] / 2, 2, h.shape[2], h.shape[3]);
        return (2 * tanh(pairs.select(2, 0) / 2), pairs.select(2, 1));
    }

    private static TorchLayer Coupling(int channels, Func<Tensor, Tensor> network)
    {
        int half = channels / 2;
        return new TorchLayer(
            (x, logDet) =>
            {
                Tensor x1 = x[.., ..half];
                (Tensor logScale, Tensor t) = Affine(network(x1));
                return (cat([x1, (x[.., half..] * exp(logScale)) + t], 1), logDet + logScale.sum([1, 2, 3]));
            },
            z =>
            {
                Tensor z1 = z[.., ..half];
                (Tensor logScale, Tensor t) = Affine(network(z1));
                return cat([z1, (z[.., half..] - t) * exp(-logScale)], 1);
            });
    }

    private void AddSqueeze() => _layers.Add(new TorchLayer((x, logDet) => (F.pixel_unshuffle(x, 2), logDet), z => F.pixel_shuffle(z, 2)));

    private void AddSplitPrior(int channels)
    {
        TorchLayer coupling = Coupling(channels, CouplingNetwork(channels));
        int half = channels / 2;
        _layers.Add(new TorchLayer(
            (x, logDet) =>
            {
                (Tensor y, Tensor sum) = coupling.Forward(x, logDet);
                return (y[.., ..half], sum + StandardNormal(y[.., half..]));
            },
            z => coupling.Inverse(cat([z, randn_like(z)], 1))));
    }

    private void AddLevel(int channels, int size, int subflows)
    {
        for (int subflow = 0; subflow < subflows; subflow++)
        {
            _layers.Add(Coupling(channels, CouplingNetwork(channels)));
            _layers.AddRange(_mixing.Layers(channels, size));
        }
    }

    private Func<Tensor, Tensor> CouplingNetwork(int channels)
    {
        Func<Tensor, Tensor> first = Conv(channels / 2, Intermediate, 1);
        var layers = new List<(Func<Tensor, Tensor> Narrow, Func<Tensor, Tensor> Grow)>();
        for (int layer = 0; layer < Depth; layer++)
        {
            int width = Intermediate + (layer * Growth);
            layers.Add((Conv(width, width, 1), Conv(width, Growth, 3)));
        }

        Func<Tensor, Tensor> gate = Conv(Intermediate + (Depth * Growth), 3 * Intermediate, 1);
        Func<Tensor, Tensor> last = Conv(Intermediate, channels, 1, zero: true);
        return x =>
        {
            Tensor h = first(x);
            Tensor dense = h;
            foreach ((Func<Tensor, Tensor> narrow, Func<Tensor, Tensor> grow) in layers)
            {
                dense = cat([dense, grow(narrow(dense).relu()).relu()], 1);
            }

            Tensor[] parts = gate(dense).chunk(3, 1);
            return last(h + parts[0] + (parts[1] * parts[2].sigmoid()));
        };
    }

    private Func<Tensor, Tensor> Conv(int inputs, int outputs, int size, bool zero = false)
    {
        double bound = zero ? 0 : 1 / Math.Sqrt(inputs * size * size);
        Tensor weight = Parameter((rand(outputs, inputs, size, size) - 0.5) * (2 * bound));
        Tensor bias = Parameter((rand(outputs) - 0.5) * (2 * bound));
        return x => F.conv2d(x, weight, bias, padding: [size / 2, (long)(size / 2)]);
    }

    private Tensor Parameter(Tensor initial)
    {
        var parameter = new TorchSharp.Modules.Parameter(initial.detach().clone());
        _parameters.Add(parameter);
        return parameter;
    }
}
