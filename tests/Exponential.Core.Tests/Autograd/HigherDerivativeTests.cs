using Xunit;

namespace Exponential.Core.Tests;

/// <summary>
/// Third derivatives of operations that compute themselves again to be differentiated, where all inputs hang on one variable: paths
/// between the inputs outside the operation must not be counted inside.
/// </summary>
public sealed class HigherDerivativeTests
{
    [Fact]
    public void ConvolutionExponential()
    {
        var sampler = new Sampler("third derivative");
        Tensor x = sampler.Normal([1, 2, 3, 3]).ToTensor(DType.Float64);
        Tensor kernel = sampler.Normal([2, 2, 3, 3], 0.2).ToTensor(DType.Float64);
        foreach (bool adjoint in (bool[])[false, true])
        {
            AssertDerivatives(t => FusedOps.ConvolutionExponential(x * t, kernel * t.Square(), terms: 5, steps: 2, adjoint, scale: 0.7).Square().Sum(), sampler);
        }
    }

    [Fact]
    public void Convolution()
    {
        var sampler = new Sampler("third derivative");
        Tensor x = sampler.Normal([1, 2, 4, 4]).ToTensor(DType.Float64);
        Tensor kernel = sampler.Normal([2, 2, 3, 3]).ToTensor(DType.Float64);
        AssertDerivatives(t => (x * t).Conv2d(kernel * t.Sin(), t.Exp().Expand([2]), stride: 2, padding: 1).Tanh().Sum(), sampler);
    }

    [Fact]
    public void LinearAlgebra()
    {
        var sampler = new Sampler("third derivative");
        Tensor a = sampler.Matrices(3, 3).ToTensor(DType.Float64);
        Tensor b = sampler.Normal([3, 2]).ToTensor(DType.Float64);
        AssertDerivatives(t => (a * t.Exp()).Solve(b * t).Sum() + (a + t).SlogDet().LogAbsDet + (a * t).Inverse().Sum() + (a + t).Qr().R.Square().Sum(), sampler);
    }

    [Fact]
    public void Recompute() =>
        AssertDerivatives(t => Autograd.Recompute(x => x.Tanh() * x, t.Exp()).Sin() * t, new Sampler("none"));

    private static void AssertDerivatives(Func<Tensor, Tensor> f, Sampler sampler)
    {
        const double At = 0.8;
        double step = Math.Cbrt(Tolerance.Epsilon(DType.Float64));
        for (int order = 1; order <= 3; order++)
        {
            double expected = (Derivative(order - 1, At + step) - Derivative(order - 1, At - step)) / (2 * step);
            double actual = Derivative(order, At);
            double scale = 1 + Math.Abs(Derivative(order - 1, At)) + Math.Abs(expected);

            // Two orders more of derivatives stand in the truncation error.
            Tolerance.AssertClose(expected, actual, 1024 * FiniteDifferences.Unit * scale, $"derivative {order}, {sampler}");
        }

        double Derivative(int order, double at)
        {
            Tensor t = Tensor.Scalar(at, DType.Float64).WithGradient();
            Tensor value = f(t);
            for (int index = 0; index < order; index++)
            {
                value = Autograd.Gradient(value, [t], createGraph: true)[0];
            }

            return value.ToScalar();
        }
    }
}
