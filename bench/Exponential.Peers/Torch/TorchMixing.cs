using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace LibtorchPeer;

/// <summary>The original's four mixing layers, operation by operation as it runs them.</summary>
/// <param name="mixing">1x1, convexp, emerging or woodbury.</param>
/// <param name="parameter">Makes a trained tensor.</param>
internal sealed class TorchMixing(string mixing, Func<Tensor, Tensor> parameter)
{
    private const int TrainingTerms = 6;
    private const int EvaluationTerms = 13;
    private const int Rank = 24;

    /// <summary>The layers of one mixing of [C, size, size].</summary>
    public IEnumerable<TorchLayer> Layers(int channels, int size) => mixing switch
    {
        "1x1" => [Conv1x1(channels, size)],
        "convexp" => [ConvExp(channels, size)],
        "emerging" => [Conv1x1(channels, size), Autoregressive(channels, size), Flip(), Autoregressive(channels, size), Flip()],
        "woodbury" => [Conv1x1(channels, size), Woodbury(channels, size)],
        _ => throw new ArgumentException($"unknown mixing {mixing}"),
    };

    private static TorchLayer Flip() => new((x, logDet) => (x.flip(2, 3), logDet), z => z.flip(2, 3));

    private static Tensor Normalised(Tensor x) => x / x.norm().clamp_min(1e-12);

    private static Tensor Pointwise(Tensor x, Tensor weight) => F.conv2d(x, weight.view(weight.shape[0], weight.shape[1], 1, 1));

    private static Tensor Series(Tensor x, Tensor kernel, int terms)
    {
        Tensor result = x;
        for (int term = 1; term <= terms; term++)
        {
            x = F.conv2d(x, kernel, padding: [1L, 1L]) / term;
            result = result + x;
        }

        return result;
    }

    private TorchLayer Conv1x1(int channels, int size)
    {
        Tensor weight = parameter(linalg.qr(randn(channels, channels)).Q);
        return new TorchLayer(
            (x, logDet) => (Pointwise(x, weight), logDet + (size * size * linalg.slogdet(weight).Item2)),
            z => Pointwise(z, linalg.inv(weight)));
    }

    private TorchLayer ConvExp(int channels, int size)
    {
        Tensor weight = parameter(linalg.qr(randn(channels, channels)).Q);
        Tensor kernel = parameter(randn(channels, channels, 3, 3) / (9 * channels));
        Tensor before = parameter(zeros(1, channels, size, size));
        Tensor after = parameter(zeros(1, channels, size, size));
        Tensor u = Normalised(randn(1, channels, size, size)).DetachFromDisposeScope();
        Tensor v = Normalised(randn(1, channels, size, size)).DetachFromDisposeScope();
        Tensor Scaled()
        {
            Tensor sigma = (u.clone() * F.conv2d(v.clone(), kernel, padding: [1L, 1L])).sum();
            return kernel / (maximum(ones(1), sigma / 0.95) + 1e-5);
        }

        return new TorchLayer(
            (x, logDet) =>
            {
                using (no_grad())
                {
                    v.copy_(Normalised(F.conv_transpose2d(u, kernel, padding: [1L, 1L])));
                    u.copy_(Normalised(F.conv2d(v, kernel, padding: [1L, 1L])));
                }

                Tensor scaled = Scaled();
                Tensor trace = scaled.select(3, 1).select(2, 1).diagonal().sum();
                return (
                    Series(Pointwise(x + before, weight), scaled, TrainingTerms) + after,
                    logDet + (size * size * (linalg.slogdet(weight).Item2 + trace)));
            },
            z => Pointwise(Series(z - after, -Scaled(), EvaluationTerms), linalg.inv(weight)) - before);
    }

    private TorchLayer Woodbury(int channels, int size)
    {
        int n = size * size;
        Tensor u = parameter(randn(n, Rank) / n);
        Tensor v = parameter(randn(Rank, n) / n);
        return new TorchLayer(
            (x, logDet) =>
            {
                Tensor matrix = eye(n) + u.matmul(v).transpose(-2, -1);
                Tensor z = x.reshape(x.shape[0], channels, n).matmul(matrix).view(x.shape);
                return (z, logDet + (channels * linalg.slogdet(eye(Rank) + v.matmul(u)).Item2));
            },
            z =>
            {
                Tensor matrix = eye(n) - u.matmul(linalg.inv(eye(Rank) + v.matmul(u))).matmul(v);
                return z.reshape(z.shape[0], channels, n).matmul(matrix.transpose(-2, -1)).view(z.shape);
            });
    }

    private TorchLayer Autoregressive(int channels, int size)
    {
        Tensor initial = randn(channels, channels, 2, 2) / Math.Sqrt(4.0 * channels * channels);
        initial.select(3, 1).select(2, 1).diagonal().add_(1);
        Tensor weight = parameter(initial);
        Tensor bias = parameter(zeros(channels));
        Tensor mask = ones(channels, channels, 2, 2);
        mask.select(3, 1).select(2, 1).copy_(ones(channels, channels).tril());
        mask = mask.DetachFromDisposeScope();
        return new TorchLayer(
            (x, logDet) =>
            {
                Tensor diagonal = weight.select(3, 1).select(2, 1).diagonal();
                return (F.conv2d(F.pad(x, [1, 0, 1, 0]), weight * mask, bias), logDet + (size * size * diagonal.abs().log().sum()));
            },
            z => Substitute(z, weight * mask, bias));
    }

    /// <summary>
    /// Forward substitution, one scalar at a time in float64 on one thread: the original does it in Cython, from and to float32.
    /// </summary>
    private static Tensor Substitute(Tensor z, Tensor weight, Tensor bias)
    {
        (int batch, int channels, int height, int width) = ((int)z.shape[0], (int)z.shape[1], (int)z.shape[2], (int)z.shape[3]);
        double[] x = (z - bias.view(1, channels, 1, 1)).to(ScalarType.Float64).contiguous().data<double>().ToArray();
        double[] w = weight.to(ScalarType.Float64).contiguous().data<double>().ToArray();
        int plane = height * width;
        for (int image = 0; image < batch; image++)
        {
            for (int row = 0; row < height; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    for (int o = 0; o < channels; o++)
                    {
                        int at = (((image * channels) + o) * plane) + (row * width) + column;
                        double value = x[at];
                        for (int i = 0; i < channels; i++)
                        {
                            int input = (((image * channels) + i) * plane) + (row * width) + column;
                            int kernel = ((o * channels) + i) * 4;
                            value -= row > 0 && column > 0 ? w[kernel] * x[input - width - 1] : 0;
                            value -= row > 0 ? w[kernel + 1] * x[input - width] : 0;
                            value -= column > 0 ? w[kernel + 2] * x[input - 1] : 0;
                            value -= i < o ? w[kernel + 3] * x[input] : 0;
                        }

                        x[at] = value / w[(((o * channels) + o) * 4) + 3];
                    }
                }
            }
        }

        return tensor(x, z.shape).to(ScalarType.Float32);
    }
}
