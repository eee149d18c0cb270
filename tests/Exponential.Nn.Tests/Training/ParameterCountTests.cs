using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

/// <summary>Parameters of the original's commands, counted from shapes alone.</summary>
[Collection(TrainingRuns.Name)]
public sealed class ParameterCountTests
{
    /// <summary>
    /// What the four commands of the original's README make for 32 x 32 images: growth 64 for 1x1, 63 for the others. The counts with
    /// variational dequantization are the original's own, those with uniform noise are worked out by hand from the sizes of the parts.
    /// </summary>
    [Theory]
    [InlineData(Mixing.Conv1x1, 57_196_060, 47_846_868)]
    [InlineData(Mixing.ConvExp, 55_908_960, 46_760_760)]
    [InlineData(Mixing.Emerging, 55_772_736, 46_655_856)]
    [InlineData(Mixing.Woodbury, 55_934_688, 46_762_248)]
    public void PublishedModelsHaveTheOriginalsCounts(Mixing mixing, long variational, long uniform)
    {
        TrainingSettings settings = Published(mixing);
        Shape images = [3, 32, 32];

        // The first count compiles and fills tables.
        settings.ParameterCount(images);
        BufferPool.CollectUnreachable(2);
        long pinned = BufferPool.InUse;
        BufferPool.ResetPeak();
        long managed = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(variational, settings.ParameterCount(images));

        // Names and handles of a few thousand entries; the values would take 220 MB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - managed, 0, 16 << 20);
        Assert.InRange(BufferPool.Peak - pinned, long.MinValue, 2 << 20);
        Assert.Equal(uniform, (settings with { Dequantization = DequantizationKind.Uniform }).ParameterCount(images));
        Assert.InRange(ModelFactory.LeastValueCount(settings, images), 0.9 * uniform, variational);
    }

    /// <summary>The noise of the 1x1 model by the sizes of its parts: what the two counts differ by.</summary>
    [Fact]
    public void TheNoiseIsCountedByItsParts()
    {
        TrainingSettings settings = Published(Mixing.Conv1x1);
        long context = Dense(3, 32, 4, 32) + ((32 * 32 * 4) + 32) + Dense(32, 32, 4, 32);
        long coupling = ((6 + 32) * 64) + 64 + Dense(64, 64, 8, 64) + (64 * 12) + 12;
        long noise = (5 * 144) + (4 * coupling) + (2 * 12);
        Shape images = [3, 32, 32];
        Assert.Equal(
            context + noise,
            settings.ParameterCount(images) - (settings with { Dequantization = DequantizationKind.Uniform }).ParameterCount(images));

        // A DenseNet that ends in a gate, by its formula.
        static long Dense(long inputs, long outputs, int depth, long growth)
        {
            long width = inputs;
            long count = 0;
            for (int i = 0; i < depth; i++, width += growth)
            {
                count += (width * width) + width + (9 * width * growth) + growth;
            }

            return count + ((width + 1) * 3 * outputs);
        }
    }

    [Theory]
    [InlineData(Mixing.Conv1x1)]
    [InlineData(Mixing.ConvExp)]
    [InlineData(Mixing.Emerging)]
    [InlineData(Mixing.Woodbury)]
    public void AModelOfShapesTakesAState(Mixing mixing)
    {
        TrainingSettings settings = Small(mixing);
        Shape shape = [3, 8, 8];
        ImageModel model = ModelFactory.Create(settings, shape, new Generator(1));
        ImageModel other = ModelFactory.CreateOfShapes(settings, shape);
        Assert.Equal(model.ParameterCount(), other.ParameterCount());
        Assert.Equal(model.State().Select(entry => $"{entry.Key} {entry.Value}"), other.State().Select(entry => $"{entry.Key} {entry.Value}"));

        other.LoadState(model.State());
        Tensor images = TinyRun.Data.Test.ToTensor();
        model.Eval();
        other.Eval();
        Assert.Equal(model.Elbo(images, new Generator(2)).ToArray<float>(), other.Elbo(images, new Generator(2)).ToArray<float>());
        Assert.All(other.Parameters(), parameter => Assert.True(parameter.Value.IsContiguous));
    }

    /// <summary>The scope ends where it should: what is made after it has values again.</summary>
    [Fact]
    public void ModelsMadeAfterwardsHaveValues()
    {
        new TrainingSettings { Levels = 1, Subflows = 1, DenseNetDepth = 1 }.ParameterCount([3, 4, 4]);
        Assert.NotEqual(0, new Conv1x1(3, new Generator(0)).Parameters().Single().Value.Abs().Sum().ToScalar());
    }

    [Fact]
    public void LeastValueCountKnowsTheNoise()
    {
        TrainingSettings settings = Small(Mixing.ConvExp) with { DequantizationLevels = 2, DequantizationSubflows = 5, ContextChannels = 7 };
        Shape shape = [3, 8, 8];
        double least = ModelFactory.LeastValueCount(settings, shape);
        Assert.True(least > ModelFactory.LeastValueCount(settings with { Dequantization = DequantizationKind.Uniform }, shape));
        Assert.InRange(least, 1, settings.ParameterCount(shape));
    }

    private static TrainingSettings Small(Mixing mixing) => new()
    {
        Levels = 2,
        Subflows = 1,
        IntermediateChannels = 4,
        DenseNetDepth = 1,
        DenseNetGrowth = 4,
        UseSplitPrior = true,
        Mixing = mixing,
        Dequantization = DequantizationKind.Flow,
        DequantizationSubflows = 1,
        ContextChannels = 3,
    };

    private static TrainingSettings Published(Mixing mixing) => new()
    {
        Levels = 2,
        Subflows = 10,
        IntermediateChannels = 64,
        DenseNetDepth = 8,
        DenseNetGrowth = mixing == Mixing.Conv1x1 ? 64 : 63,
        UseGatedConv = true,
        UseSplitPrior = true,
        Mixing = mixing,
        Dequantization = DequantizationKind.Flow,
    };
}
