using Xunit;

namespace Exponential.Nn.Tests;

[Collection(Exponential.Tests.TrainingRuns.Name)]
public sealed class ImportanceWeightingTests
{
    // So steep a density over a bin that one draw of uniform noise bounds ln P(v) badly.
    private const double Deviation = 0.25;

    /// <summary>
    /// Single values under a Gaussian of deviation s far from its mean: P(v) is known, so is the expectation of one draw, and the estimate
    /// of N draws climbs from this to that. Each N has many independent images of one value; the estimate's own spread says how sure it is.
    /// </summary>
    [Fact]
    public void MoreDrawsComeCloserToTheProbability()
    {
        const int Images = 3000;
        const int Pixel = 130;
        const double Deviations = 6;
        ImageModel model = GaussianModel();
        ImageSet images = Constant(Images, Pixel);

        // The midpoint rule over the bin.
        const int Points = 20_000;
        double[] points = [.. Enumerable.Range(0, Points).Select(i => Pixel + ((i + 0.5) / Points))];
        double exact = -Math.Log2(model.Flow.LogProb(Tensor.FromArray(points, [Points, 1, 1, 1])).Exp().Mean().ToScalar());

        double previous = double.PositiveInfinity;
        double bound = 0;
        foreach (int samples in new[] { 1, 4, 16, 64 })
        {
            bound = Evaluation.ImportanceWeightedBitsPerDim(model, images, samples, 1000, new Generator(1));
            Assert.True(bound < previous, FormattableString.Invariant($"{samples} draws: {bound}, fewer {previous}"));
            previous = bound;
        }

        // By the delta method the bias of N draws is v/(2N) nats and the estimate's variance v/N, with v the relative variance of one weight.
        double[] weights = [.. points.Select(x => Math.Exp(-Math.Pow(x - 128, 2) / (2 * Deviation * Deviation)))];
        double mean = weights.Average();
        double relative = weights.Average(w => Math.Pow((w / mean) - 1, 2));
        double expectedBias = relative / (2 * 64) / Math.Log(2);
        double spread = Deviations * Math.Sqrt(relative / 64 / Images) / Math.Log(2);
        Assert.InRange(bound - exact, -spread, (2 * expectedBias) + spread);
    }

    /// <summary>The first draw is the plain bound's, whatever the batches; so is the estimate of several draws.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void BatchesDoNotMatter(int samples)
    {
        ImageModel model = VariationalModel();
        ImageSet images = Exponential.Tests.TinyRun.Images("iw", 7, 4);
        double whole = Evaluation.ImportanceWeightedBitsPerDim(model, images, samples, 7, new Generator(2));
        double parts = Evaluation.ImportanceWeightedBitsPerDim(model, images, samples, 3, new Generator(2));
        Closeness.AssertClose(whole, parts, 1024 * Closeness.Epsilon * Math.Abs(whole), "bits/dim");
        if (samples == 1)
        {
            Assert.Equal(whole, Evaluation.BitsPerDim(model, images, 7, new Generator(2)));
        }
    }

    /// <summary>ln of the mean of the weights, worked out from the bounds of each draw.</summary>
    [Fact]
    public void TheEstimateIsTheLogarithmOfTheMeanWeight()
    {
        const int Samples = 6;
        ImageModel model = VariationalModel();
        ImageSet images = Exponential.Tests.TinyRun.Images("iw", 3, 5);
        var noise = new Generator(3);
        double[][] bounds = [.. Enumerable.Range(0, Samples).Select(draw =>
            Closeness.Values(model.Elbo(images.ToTensor(DType.Float64), draw == 0 ? noise.Clone() : noise.Fork((ulong)draw))))];
        double nats = Enumerable.Range(0, 3).Average(i =>
        {
            double largest = bounds.Max(bound => bound[i]);
            return largest + Math.Log(bounds.Average(bound => Math.Exp(bound[i] - largest)));
        });
        double expected = -nats / (192 * Math.Log(2));
        double actual = Evaluation.ImportanceWeightedBitsPerDim(model, images, Samples, 2, noise);
        Closeness.AssertClose(expected, actual, 1024 * Closeness.Epsilon * Math.Abs(expected), "bits/dim");
        Assert.All(bounds, bound => Assert.True(-bound.Average() / (192 * Math.Log(2)) > actual));
    }

    [Fact]
    public void MemoryDoesNotGrowWithTheDraws()
    {
        ImageModel model = VariationalModel();
        ImageSet images = Exponential.Tests.TinyRun.Images("iw", 4, 6);
        long few = PeakOf(2);
        Assert.InRange(PeakOf(60), 0, few + (few / 2));

        long PeakOf(int samples)
        {
            BufferPool.CollectUnreachable(2);
            long before = BufferPool.InUse;
            BufferPool.ResetPeak();
            Evaluation.ImportanceWeightedBitsPerDim(model, images, samples, 4, new Generator(4));
            return BufferPool.Peak - before;
        }
    }

    [Fact]
    public void CancellingStopsBetweenDraws()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => Evaluation.ImportanceWeightedBitsPerDim(GaussianModel(), Constant(2, 7), 1000, 2, new Generator(0), stop.Token));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Evaluation.ImportanceWeightedBitsPerDim(GaussianModel(), Constant(2, 7), 0, 2, new Generator(0)));
    }

    private static ImageModel GaussianModel()
    {
        var flow = new Flow(new Normalize(128, Deviation, DType.Float64), new DiagonalGaussian([1, 1, 1], DType.Float64));
        return new ImageModel(flow, new UniformDequantization(DType.Float64));
    }

    private static ImageModel VariationalModel()
    {
        var settings = new MixingFlowSettings
        {
            Levels = 1,
            Subflows = 1,
            ContextChannels = 2,
            Network = new() { IntermediateChannels = 4, Depth = 1, Growth = 3 },
        };
        var generator = new Generator(9);
        var model = new ImageModel(
            MixingFlow.Create([3, 8, 8], settings with { ContextChannels = 0 }, generator, DType.Float64),
            VariationalDequantization.Create([3, 8, 8], settings, generator, DType.Float64));
        RandomState.Perturb(model, generator, 0.02);
        model.Eval();
        return model;
    }

    private static ImageSet Constant(int count, byte pixel) =>
        new("constant", 1, 1, 1, Enumerable.Repeat(pixel, count).ToArray());
}
