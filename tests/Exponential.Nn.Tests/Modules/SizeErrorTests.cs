using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>A size that makes no sense is refused by name, before anything is allocated.</summary>
public sealed class SizeErrorTests
{
    public static TheoryData<string, Action> Refused => new()
    {
        { "Convolution: height must be at least 1; got 0", () => new Convolution(Tensor.Zeros([1, 1, 3, 3]), 0, 4) },
        { "Convolution: width must be at least 1; got -2", () => new Convolution(Tensor.Zeros([1, 1, 3, 3]), 4, -2) },
        { "Conv2d: inChannels must be at least 1; got 0", () => new Conv2d(0, 3, 3) },
        { "Conv2d: kernelSize must be at least 1; got 0", () => new Conv2d(3, 3, 0) },
        { "Linear: outFeatures must be at least 1; got -1", () => new Linear(3, -1) },
        { "Conv1x1: channels must be at least 1; got 0", () => new Conv1x1(0) },
        { "Woodbury: rank must be at least 1; got 0", () => new Woodbury([4, 4, 4], 0) },
        { "MixingFlow: settings.Levels must be at least 1; got 0", () => MixingFlow.Create([3, 8, 8], new MixingFlowSettings { Levels = 0 }) },
        { "MixingFlow: settings.Subflows must be at least 0; got -1", () => MixingFlow.Create([3, 8, 8], new MixingFlowSettings { Subflows = -1 }) },
        { "MatrixLogarithm: terms must be at least 2; got 1", () => MatrixLogarithm.Apply(Tensor.Eye(2), 1) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void ItIsNamed(string message, Action call) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentOutOfRangeException>(call).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(double.NaN)]
    public void AScaleIsPositive(double scale) =>
        Assert.StartsWith(
            "Normalize: scale must be positive; got ", Assert.Throws<ArgumentOutOfRangeException>(() => new Normalize(0, scale)).Message, StringComparison.Ordinal);

    [Fact]
    public void AFlowOfNothingIsRefused()
    {
        Assert.Equal(
            "settings.Network",
            Assert.Throws<ArgumentNullException>(() => MixingFlow.Create([3, 8, 8], new MixingFlowSettings { Network = null! })).ParamName);
        Assert.Equal(
            "settings.ConvExpPlan",
            Assert.Throws<ArgumentNullException>(() => MixingFlow.Create([3, 8, 8], new MixingFlowSettings { ConvExpPlan = null! })).ParamName);
        foreach (Shape empty in (Shape[])[[0, 8, 8], [3, 0, 8], [3, 8, 0]])
        {
            Assert.StartsWith(
                "MixingFlow: images must have at least one channel, row and column; they are [",
                Assert.Throws<ArgumentException>(() => MixingFlow.Create(empty, new MixingFlowSettings())).Message,
                StringComparison.Ordinal);
        }
    }
}
