using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>The bound on an image's log-probability where the answer is known.</summary>
public sealed class ElboTests
{
    /// <summary>Under the uniform density on [0, 256) every image has 8 bits a dimension, whatever the noise.</summary>
    [Fact]
    public void TheUniformModelNeedsEightBits()
    {
        var flow = new Flow(new Normalize(0, 256, DType.Float64), new UniformDistribution([3, 4, 2], DType.Float64));
        var model = new ImageModel(flow, new UniformDequantization(DType.Float64));
        Tensor images = (new Generator(1).Uniform([5, 3, 4, 2], DType.Float64) * 256).Floor();
        Assert.Equal(8, model.BitsPerDim(images, new Generator(2)).ToScalar(), 1e-12);
    }

    /// <summary>
    /// Under a Gaussian of mean m and deviation s, with a = v - m: E ln p(v + u) = -ln s - ln(2 pi)/2 - (a² + a + 1/3) / (2 s²), and the
    /// variance of one draw is (a²/3 + a/3 + 4/45) / (4 s⁴). The mean of many draws agrees, and lies below ln P(v).
    /// </summary>
    [Theory]
    [InlineData(200, 128, 64)]
    [InlineData(129, 128, 0.5)]
    [InlineData(0, 2, 0.7)]
    public void TheBoundOfAGaussianIsItsExpectation(int pixel, double mean, double deviation)
    {
        const int Count = 20_000;
        const double Deviations = 6; // of the estimate: once in 5e8 cases by chance
        var flow = new Flow(new Normalize(mean, deviation, DType.Float64), new StandardGaussian([1, 1, 1], DType.Float64));
        var model = new ImageModel(flow, new UniformDequantization(DType.Float64));
        double a = pixel - mean;
        double constant = -Math.Log(deviation) - (0.5 * Math.Log(2 * Math.PI));
        double expectation = constant - (((a * a) + a + (1.0 / 3)) / (2 * deviation * deviation));
        double variance = ((a * a / 3) + (a / 3) + (4.0 / 45)) / (4 * Math.Pow(deviation, 4));

        Tensor elbo = model.Elbo(Tensor.Full([Count, 1, 1, 1], pixel, DType.Float64), new Generator(3));
        double allowed = Deviations * Math.Sqrt(variance / Count);
        Closeness.AssertClose(expectation, elbo.Mean().ToScalar(), allowed, "mean of the bound");

        // ln P(v) by the midpoint rule; Jensen's inequality leaves half of the variance, about.
        double[] points = [.. Enumerable.Range(0, Count).Select(i => pixel + ((i + 0.5) / Count))];
        double logProbability = Math.Log(flow.LogProb(Tensor.FromArray(points, [Count, 1, 1, 1])).Exp().Mean().ToScalar());
        Assert.True(expectation < logProbability);
        Assert.True(elbo.Mean().ToScalar() < logProbability + allowed);
    }
}
