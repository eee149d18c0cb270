using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace LibtorchPeer;

/// <summary>
/// The training step of the original's mixing flow on libtorch: 3x32x32 images, two levels of subflows, gated DenseNet couplings, split prior,
/// a diagonal Gaussian and Adamax. Written from the paper's and the original's formulas, operation by operation as eager PyTorch runs them.
/// </summary>
internal sealed class TorchMixingFlow : IDisposable
{
    private const int Intermediate = 64;
    private const int Depth = 4;
    private const int Growth = 32;
    private const int Terms = 6;
    private readonly List<TorchSharp.Modules.Parameter> _parameters = [];
    private readonly List<Func<Tensor, Tensor, (Tensor Z, Tensor LogDet)>> _layers = [];
    private readonly bool _convexp;
    private readonly torch.optim.Optimizer _optimizer;
    private readonly Tensor _mean;
    private readonly Tensor _logSigma;

    public TorchMixingFlow(bool convexp, int subflows)
    {
        _convexp = convexp;
        AddSqueeze();
        AddMixing(12, 16);
        AddLevel(12, 16, subflows);
        Func<Tensor, Tensor> network = CouplingNetwork(12);
        _layers.Add((x, logDet) =>
        {
            (Tensor y, Tensor sum) = Couple(x, network);
            Tensor dropped = y[.., 6..];
            return (y[.., ..6], logDet + sum + StandardNormal(dropped));
        });
        AddSqueeze();
        AddLevel(24, 8, subflows);
        _mean = Parameter(zeros(1, 24, 1, 1));
        _logSigma = Parameter(zeros(1, 24, 1, 1));
        _optimizer = torch.optim.Adamax(_parameters, 1e-3, 0.9, 0.999, 1e-7);
    }

    public long ParameterCount => _parameters.Sum(parameter => parameter.numel());

    /// <summary>One optimizer step on images of values 0..256; returns bits/dim.</summary>
    public double Step(Tensor images)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _optimizer.zero_grad();
        Tensor x = (images + rand_like(images) - 128) * (1.0 / 256);
        Tensor logDet = zeros(images.shape[0]) - (3072 * Math.Log(256));
        foreach (Func<Tensor, Tensor, (Tensor, Tensor)> layer in _layers)
        {
            (x, logDet) = layer(x, logDet);
        }

        Tensor logProb = StandardNormal((x - _mean) * exp(-_logSigma)) - (64 * _logSigma.sum()) + logDet;
        Tensor loss = -logProb.mean() / (3072 * Math.Log(2));
        loss.backward();
        _optimizer.step();
        return loss.ToDouble();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _parameters.ForEach(parameter => parameter.Dispose());
        _mean.Dispose();
        _logSigma.Dispose();
    }

    private static Tensor StandardNormal(Tensor x) => (-0.5 * x * x - (0.5 * Math.Log(2 * Math.PI))).sum([1, 2, 3]);

    private static (Tensor Y, Tensor LogDet) Couple(Tensor x, Func<Tensor, Tensor> network)
    {
        long half = x.shape[1] / 2;
        Tensor x1 = x[.., ..(int)half];
        Tensor x2 = x[.., (int)half..];
        Tensor h = network(x1);
        Tensor hs = h.reshape(h.shape[0], half * 2 / 2, 2, h.shape[2], h.shape[3]).select(2, 0);
        Tensor t = h.reshape(h.shape[0], half * 2 / 2, 2, h.shape[2], h.shape[3]).select(2, 1);
        Tensor logScale = 2 * tanh(hs / 2);
        return (cat([x1, (x2 * exp(logScale)) + t], 1), logScale.sum([1, 2, 3]));
    }

    private static Tensor Normalised(Tensor x) => x / x.norm().clamp_min(1e-12);

    private void AddSqueeze() => _layers.Add((x, logDet) => (F.pixel_unshuffle(x, 2), logDet));

    private void AddLevel(int channels, int size, int subflows)
    {
        for (int subflow = 0; subflow < subflows; subflow++)
        {
            Func<Tensor, Tensor> network = CouplingNetwork(channels);
            _layers.Add((x, logDet) =>
            {
                (Tensor y, Tensor sum) = Couple(x, network);
                return (y, logDet + sum);
            });
            AddMixing(channels, size);
        }
    }

    private void AddMixing(int channels, int size)
    {
        Tensor weight = Parameter(torch.linalg.qr(randn(channels, channels)).Q);
        if (!_convexp)
        {
            _layers.Add((x, logDet) => (F.conv2d(x, weight.view(channels, channels, 1, 1)), logDet + (size * size * torch.linalg.slogdet(weight).Item2)));
            return;
        }

        Tensor kernel = Parameter(randn(channels, channels, 3, 3) / (9 * channels));
        Tensor before = Parameter(zeros(1, channels, size, size));
        Tensor after = Parameter(zeros(1, channels, size, size));
        Tensor u = Normalised(randn(1, channels, size, size)).DetachFromDisposeScope();
        _layers.Add((x, logDet) =>
        {
            Tensor v;
            using (torch.no_grad())
            {
                v = Normalised(F.conv_transpose2d(u, kernel, padding: [1L, 1L]));
                u.copy_(Normalised(F.conv2d(v, kernel, padding: [1L, 1L])));
            }

            Tensor sigma = (u.clone() * F.conv2d(v, kernel, padding: [1L, 1L])).sum();
            Tensor scaled = kernel / (maximum(ones(1), sigma / 0.95) + 1e-5);
            Tensor product = F.conv2d(x + before, weight.view(channels, channels, 1, 1));
            Tensor result = product;
            for (int term = 1; term <= Terms; term++)
            {
                product = F.conv2d(product, scaled, padding: [1L, 1L]) / term;
                result = result + product;
            }

            Tensor trace = scaled.select(3, 1).select(2, 1).diagonal().sum();
            return (result + after, logDet + (size * size * (torch.linalg.slogdet(weight).Item2 + trace)));
        });
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
