using Xunit;

namespace Exponential.Core.Tests;

/// <summary>The same bits from 1, 2, 3 and 8 threads, values and gradients.</summary>
[Collection(GlobalState.Name)]
public sealed class ThreadIndependenceTests
{
    private static readonly Dictionary<string, (int[][] Shapes, Func<Tensor[], Tensor> Function)> Functions = new()
    {
        ["element-wise"] = ([[7, 5, 41, 67], [5, 1, 67]], x => ((x[0].Tanh() * x[1]) + x[0].Softplus() - x[1].Exp()).Sigmoid()),
        ["views"] = ([[7, 5, 41, 67]], x => x[0].Permute(3, 1, 0, 2).Flip(1) * x[0].Transpose(0, 2).Contiguous().Permute(3, 1, 2, 0)),
        ["sum of all"] = ([[301, 401]], x => x[0].Sum()),
        ["sum of rows"] = ([[301, 401]], x => x[0].Sum([1])),
        ["sum of columns"] = ([[301, 401]], x => x[0].Sum([0])),
        ["sum by channel"] = ([[16, 7, 33, 33]], x => x[0].Sum([0, 2, 3])),
        ["log-sum-exp and variance"] = ([[301, 401]], x => x[0].LogSumExp([0]) + x[0].Variance([1])[0]),
        ["maximum"] = ([[301, 401]], x => x[0].Max([0]) + x[0].Min([1], keepDims: true)),
        ["matrix product"] = ([[301, 203], [203, 127]], x => x[0].MatMul(x[1])),
        ["batched matrix product"] = ([[19, 31, 23], [23, 29]], x => x[0].MatMul(x[1])),
        ["QR decomposition"] = ([[300, 260]], x => Joined(x[0].Qr(), -2)),
        ["batched QR decomposition"] = ([[5, 130, 70]], x => Joined(x[0].Qr(), -2)),
        ["convolution"] = ([[17, 6, 16, 16], [13, 6, 3, 3], [13]], x => x[0].Conv2d(x[1], x[2], padding: 1)),
        ["strided convolution"] = ([[17, 6, 15, 16], [13, 6, 4, 3]], x => x[0].Conv2d(x[1], null, (2, 3), (1, 0))),
        ["transposed convolution"] = ([[17, 6, 8, 8], [6, 5, 2, 2]], x => x[0].ConvTranspose2d(x[1], stride: 2)),
        ["convolution exponential"] = ([[17, 8, 16, 16], [8, 8, 3, 3]], x => FusedOps.ConvolutionExponential(x[0], x[1] * 0.02, 6, 2, false, 1)),
        ["coupling"] = ([[17, 12, 16, 16], [17, 12, 16, 16]], x => Sum(FusedOps.AffineCoupling(x[0], x[1], inverse: false))),
        ["inverse coupling"] = ([[17, 12, 16, 16], [17, 12, 16, 16]], x => Sum(FusedOps.AffineCoupling(x[0], x[1], inverse: true))),
        ["gate"] = ([[17, 48, 16, 16]], x => FusedOps.Gate(x[0])),
        ["rectified convolution"] = ([[17, 24, 16, 16], [32, 24, 1, 1], [32]], x => x[0].Conv2dRelu(x[1], x[2], 1, 0)),
        ["Gaussian log-density"] = ([[17, 48, 16, 33]], x => FusedOps.GaussianLogDensity(x[0])),
        ["joining"] = ([[20, 33, 67], [20, 20, 67]], x => Tensor.Cat([x[0], x[1], x[0]], 1).Split([70, 16], 1)[0]),
    };

    public static TheoryData<string, DType> Names() => [.. Functions.Keys.SelectMany(name => new[] { (name, DType.Float32), (name, DType.Float64) })];

    [Theory]
    [MemberData(nameof(Names))]
    public void ResultsAreTheSameBits(string name, DType dtype)
    {
        (int[][] shapes, Func<Tensor[], Tensor> function) = Functions[name];
        var sampler = new Sampler(name);
        NaiveArray[] inputs = [.. shapes.Select(shape => sampler.Normal(shape))];
        double[][]? expected = null;
        foreach (int threads in (int[])[1, 2, 3, 8])
        {
            using var count = new WorkerCount(threads);
            Tensor[] leaves = [.. inputs.Select(input => input.ToTensor(dtype).WithGradient())];
            Tensor y = function(leaves);
            Tensor[] gradients = Autograd.Gradient(y, leaves, y.Detach());
            double[][] results = [NaiveArray.Of(y).Values, .. gradients.Select(gradient => NaiveArray.Of(gradient).Values)];
            expected ??= results;
            for (int result = 0; result < results.Length; result++)
            {
                Assert.True(expected[result].SequenceEqual(results[result]), $"{name}, {dtype}, result {result}, {threads} threads, {sampler}");
            }
        }
    }

    private static Tensor Joined((Tensor First, Tensor Second) parts, int axis) => Tensor.Cat([parts.First, parts.Second], axis);

    private static Tensor Sum((Tensor Value, Tensor LogDet) coupled) => coupled.Value + coupled.LogDet.Reshape([17, 1, 1, 1]);
}
