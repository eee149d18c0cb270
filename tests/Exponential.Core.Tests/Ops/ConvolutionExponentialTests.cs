using Xunit;

namespace Exponential.Core.Tests;

/// <summary>The fused convolution exponential against the same function made of convolutions.</summary>
public sealed class ConvolutionExponentialTests
{
    [Theory]
    [InlineData(DType.Float32, false)]
    [InlineData(DType.Float32, true)]
    [InlineData(DType.Float64, false)]
    [InlineData(DType.Float64, true)]
    public void FusedIsTheComposite(DType dtype, bool adjoint)
    {
        const int Channels = 8;
        const int Terms = 6;
        foreach (int steps in (int[])[1, 3])
        {
            var sampler = new Sampler($"{nameof(FusedIsTheComposite)} {steps}");
            Tensor x = sampler.Normal([3, Channels, 9, 7]).ToTensor(dtype).WithGradient();
            Tensor kernel = sampler.Normal([Channels, Channels, 3, 3], 0.05).ToTensor(dtype).WithGradient();
            Tensor cotangent = sampler.Normal([3, Channels, 9, 7]).ToTensor(dtype);
            Tensor fused = FusedOps.ConvolutionExponential(x, kernel, Terms, steps, adjoint, scale: 0.8);
            Tensor composite = ConvolutionExponentialOperation.Composite(x, kernel, 0.8, Terms, steps, adjoint);

            // Sums over a column of the kernel's matrix, one a term and step; for the kernel's gradient over batch and image as well.
            double roundings = Terms * steps * ((Channels * 9) + 3);
            AssertClose(composite, fused, roundings, sampler);
            Tensor[] expected = Autograd.Gradient(composite, [x, kernel], cotangent);
            Tensor[] actual = Autograd.Gradient(fused, [x, kernel], cotangent);
            AssertClose(expected[0], actual[0], roundings, sampler);
            AssertClose(expected[1], actual[1], roundings + (3 * 9 * 7), sampler);
        }
    }

    [Fact]
    public void OneInputMayNeedNoGradient()
    {
        // Each case takes another way through the derivative.
        var sampler = new Sampler(nameof(OneInputMayNeedNoGradient));
        Tensor x = sampler.Normal([2, 3, 4, 4]).ToTensor(DType.Float64);
        Tensor kernel = sampler.Normal([3, 3, 3, 3], 0.1).ToTensor(DType.Float64);
        foreach (bool adjoint in (bool[])[false, true])
        {
            Tensor xLeaf = x.WithGradient();
            Tensor kernelLeaf = kernel.WithGradient();
            Gradients both = FusedOps.ConvolutionExponential(xLeaf, kernelLeaf, 5, 2, adjoint, 1).Square().Sum().Backward();
            Gradients xOnly = FusedOps.ConvolutionExponential(xLeaf, kernel, 5, 2, adjoint, 1).Square().Sum().Backward();
            Gradients kernelOnly = FusedOps.ConvolutionExponential(x, kernelLeaf, 5, 2, adjoint, 1).Square().Sum().Backward();
            AssertClose(both.For(xLeaf)!, xOnly.For(xLeaf)!, 5 * 2 * 30, sampler);
            AssertClose(both.For(kernelLeaf)!, kernelOnly.For(kernelLeaf)!, 5 * 2 * 30, sampler);
        }
    }

    private static void AssertClose(Tensor expected, Tensor actual, double roundings, Sampler sampler)
    {
        NaiveArray values = NaiveArray.Of(expected);
        Tolerance.AssertClose(values, NaiveArray.Of(actual), Tolerance.Largest(values), roundings, expected.DType, sampler.ToString());
    }
}
