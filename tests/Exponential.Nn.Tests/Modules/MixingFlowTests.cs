using Xunit;

namespace Exponential.Nn.Tests;

public sealed class MixingFlowTests
{
    private static readonly MixingFlowSettings Published = new()
    {
        Levels = 2,
        Subflows = 4,
        SplitPrior = true,
        Network = new DenseNetSettings { IntermediateChannels = 64, Depth = 4, Growth = 32, Gated = true },
    };

    [Theory]
    [InlineData(Mixing.Conv1x1, 2_016_348)]
    [InlineData(Mixing.ConvExp, 2_086_572)]
    [InlineData(Mixing.Emerging, 2_040_852)]
    [InlineData(Mixing.Woodbury, 2_090_076)]
    public void ParameterCounts_AreTheOriginals(Mixing mixing, long expected)
    {
        Flow flow = MixingFlow.Create([3, 32, 32], Published with { Mixing = mixing }, new Generator(0));
        Assert.Equal(expected, flow.ParameterCount());
        Assert.Equal([3, 32, 32], flow.EventShape);
    }

    [Fact]
    public void StateNames_AreTheOriginals()
    {
        var settings = new MixingFlowSettings
        {
            Levels = 1,
            Subflows = 1,
            Mixing = Mixing.ConvExp,
            Network = new DenseNetSettings { IntermediateChannels = 8, Depth = 2, Growth = 6, Gated = true },
        };
        Flow flow = MixingFlow.Create([3, 8, 8], settings, new Generator(0));
        string[] expected =
            [
                "transformations.0.translation [1]",
                "transformations.0.log_scale [1]",
                "transformations.2.pre_transform_bias [1, 12, 4, 4]",
                "transformations.2.post_transform_bias [1, 12, 4, 4]",
                "transformations.2.kernel_orig [12, 12, 3, 3]",
                "transformations.2.kernel_u [192]",
                "transformations.2.kernel_v [192]",
                "transformations.2.kernel_sigma []",
                "transformations.2.conv1x1.W [12, 12]",
                "transformations.3.nn.first.weight [8, 6, 1, 1]",
                "transformations.3.nn.first.bias [8]",
                "transformations.3.nn.dense_nns.0.nn.0.nn.0.weight [8, 8, 1, 1]",
                "transformations.3.nn.dense_nns.0.nn.0.nn.0.bias [8]",
                "transformations.3.nn.dense_nns.0.nn.0.nn.2.weight [6, 8, 3, 3]",
                "transformations.3.nn.dense_nns.0.nn.0.nn.2.bias [6]",
                "transformations.3.nn.dense_nns.0.nn.1.nn.0.weight [14, 14, 1, 1]",
                "transformations.3.nn.dense_nns.0.nn.1.nn.0.bias [14]",
                "transformations.3.nn.dense_nns.0.nn.1.nn.2.weight [6, 14, 3, 3]",
                "transformations.3.nn.dense_nns.0.nn.1.nn.2.bias [6]",
                "transformations.3.nn.dense_nns.0.nn.2.conv.weight [24, 20, 1, 1]",
                "transformations.3.nn.dense_nns.0.nn.2.conv.bias [24]",
                "transformations.3.nn.last.weight [12, 8, 1, 1]",
                "transformations.3.nn.last.bias [12]",
                "transformations.4.pre_transform_bias [1, 12, 4, 4]",
                "transformations.4.post_transform_bias [1, 12, 4, 4]",
                "transformations.4.kernel_orig [12, 12, 3, 3]",
                "transformations.4.kernel_u [192]",
                "transformations.4.kernel_v [192]",
                "transformations.4.kernel_sigma []",
                "transformations.4.conv1x1.W [12, 12]",
                "base.mu [1, 12, 1, 1]",
                "base.log_sigma [1, 12, 1, 1]",
            ];
        Assert.Equal(expected, flow.State().Select(entry => $"{entry.Key} {entry.Value.Tensor.Shape}"));
    }

    [Fact]
    public void WithoutSplitPriors_AllLevelsHaveOneSize()
    {
        var settings = new MixingFlowSettings { Levels = 3, Subflows = 1, Network = new DenseNetSettings { IntermediateChannels = 4, Depth = 1, Growth = 2 } };
        Flow flow = MixingFlow.Create([1, 2, 6], settings, new Generator(0));
        Assert.Equal([4, 1, 3], flow.Prior.EventShape);
        Assert.Equal(3 + (3 * 2), flow.Steps.Count);
    }

    [Fact]
    public void ImagesThatCannotBeSqueezed_AreRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => MixingFlow.Create([3, 30, 32], Published));
        Assert.Equal(
            "MixingFlow: images must be [channels, height, width] with height and width divisible by 4, to be squeezed 2 times; they are [3, 30, 32]",
            error.Message);
    }

    [Fact]
    public void ImagesThatCannotBeHalvedForEveryScale_AreRefused()
    {
        MixingFlowSettings settings = Published with { Subflows = 1, Network = Published.Network with { Scales = 3 } };
        Assert.Equal([24, 4, 4], MixingFlow.Create([3, 16, 16], settings, new Generator(0)).Prior.EventShape);
        var error = Assert.Throws<ArgumentException>(() => MixingFlow.Create([3, 16, 24], settings));
        Assert.Equal(
            "MixingFlow: images must be [channels, height, width] with height and width divisible by 16, to be squeezed 2 times and halved " +
            "2 times inside couplings of 3 scales; they are [3, 16, 24]",
            error.Message);
        settings = settings with { Network = settings.Network with { Scales = 40 } };
        Assert.StartsWith(
            "MixingFlow: settings.Network.Scales must be 1 to 29; it is 40",
            Assert.Throws<ArgumentOutOfRangeException>(() => MixingFlow.Create([3, 16, 16], settings)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void MoreLevelsThanAnImageCanHave_AreRefused()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => MixingFlow.Create([3, 32, 32], Published with { Levels = 32 }));
        Assert.StartsWith("MixingFlow: settings.Levels must be at most 30 with split priors; it is 32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneSeedGivesOneModel()
    {
        Flow a = MixingFlow.Create([3, 8, 8], Published with { Subflows = 1 }, new Generator(4));
        Flow b = MixingFlow.Create([3, 8, 8], Published with { Subflows = 1 }, new Generator(4));
        foreach (((_, StateValue left), (_, StateValue right)) in a.State().Zip(b.State()))
        {
            Assert.Equal(left.Tensor.ToArray<float>(), right.Tensor.ToArray<float>());
        }
    }
}
