using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Several threads at once, each with a graph of its own over shared parameters.</summary>
public sealed class ConcurrencyTests
{
    [Fact]
    public void ThreadsBuildAndDifferentiateAtOnce()
    {
        var sampler = new Sampler(nameof(ThreadsBuildAndDifferentiateAtOnce));
        var weight = new Parameter(sampler.Normal([6, 5, 3, 3]).ToTensor(DType.Float32));
        Tensor shared = sampler.Normal([4, 5, 8, 8]).ToTensor(DType.Float32).WithGradient();
        (float[] gradient, float[] input) expected = Run();
        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 6 }, index =>
        {
            if (index % 3 == 0)
            {
                using (Autograd.NoGrad())
                {
                    Assert.False(shared.Conv2d(weight).RequiresGradient);
                }
            }

            (float[] gradient, float[] input) actual = Run();
            Assert.Equal(expected.gradient, actual.gradient);
            Assert.Equal(expected.input, actual.input);
        });

        (float[] Gradient, float[] Input) Run()
        {
            Tensor y = shared.Conv2d(weight, padding: 1).Relu();
            Gradients gradients = (y.Mean([2, 3]).Exp() + y.Max([2, 3])).Sum().Backward();
            return (gradients[weight].ToArray<float>(), gradients.For(shared)!.ToArray<float>());
        }
    }
}
