using Xunit;

namespace Exponential.Nn.Tests;

public sealed class UniformDequantizationTests
{
    /// <summary>
    /// The sum v + u, rounded to float32, stays in the bin [v, v + 1) for all 256 values, among them draws so near 1 that the sum without
    /// further care would be v + 1.
    /// </summary>
    [Fact]
    public void NoNoiseReachesTheNextBin()
    {
        const int Draws = 8192;
        Tensor images = Tensor.Arange(256).Reshape([256, 1, 1, 1]).Expand([256, 1, 1, Draws]).Contiguous();
        float[] values = images.ToArray<float>();
        float[] raw = new Generator(4).Uniform(images.Shape).ToArray<float>();
        int overflowing = values.Zip(raw).Count(pair => (float)(pair.First + pair.Second) >= pair.First + 1);
        Assert.InRange(overflowing, 1, int.MaxValue);

        Tensor noise = new UniformDequantization().Sample(images, new Generator(4)).Noise;
        float[] sums = (images + noise).ToArray<float>();
        Assert.All(values.Zip(sums).Chunk(Draws), bin => Assert.DoesNotContain(bin, pair => pair.Second < pair.First || pair.Second >= pair.First + 1));
    }

    [Fact]
    public void NoiseIsUniform()
    {
        const int Count = 40_000;
        const double Deviations = 6;
        (Tensor noise, Tensor logProb) = new UniformDequantization(DType.Float64).Sample(Tensor.Zeros([Count], DType.Float64), new Generator(5));
        Assert.Equal(0, logProb.ToScalar());
        double[] sorted = [.. noise.ToArray<double>().Order()];

        // Kolmogorov and Smirnov: the largest gap between the two distribution functions, times the root of the count, is below 3 but once
        // in 3e7 cases.
        double gap = sorted.Select((u, i) => Math.Max(Math.Abs(u - ((double)i / Count)), Math.Abs(u - ((i + 1.0) / Count)))).Max();
        Assert.InRange(gap * Math.Sqrt(Count), 0, 3);
        Closeness.AssertClose(0.5, noise.Mean().ToScalar(), Deviations * Math.Sqrt(1.0 / 12 / Count), "mean");
    }
}
