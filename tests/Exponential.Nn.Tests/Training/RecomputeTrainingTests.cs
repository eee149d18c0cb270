using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

[Collection(TrainingRuns.Name)]
public class RecomputeTrainingTests
{
    [Fact]
    public void ARunThatRebuildsActivations_LearnsTheSame()
    {
        using var stored = new TinyRun();
        using var rebuilt = new TinyRun();
        stored.Settings = stored.Settings with { ConvExpTerms = ConvExpTerms.Tolerance, DType = DType.Float64 };
        rebuilt.Settings = stored.Settings with { OutputDirectory = rebuilt.Root, Recompute = RecomputeKind.Inverse };
        stored.Run();
        rebuilt.Run();
        Assert.All(
            stored.Metrics().Zip(rebuilt.Metrics()).Where(pair => pair.First.BitsPerDim is not null),
            pair => Assert.Equal(pair.First.BitsPerDim!.Value, pair.Second.BitsPerDim!.Value, 1e-8));
        Assert.Equal(stored.Metrics().Count(), rebuilt.Metrics().Count());
    }

    [Fact]
    public void ARunThatRebuildsActivations_ResumesBitForBit()
    {
        using var whole = new TinyRun();
        using var interrupted = new TinyRun();
        whole.Settings = whole.Settings with { ConvExpTerms = ConvExpTerms.Tolerance, Recompute = RecomputeKind.Inverse };
        interrupted.Settings = whole.Settings with { OutputDirectory = interrupted.Root, MaxSteps = 4 };
        whole.Run();
        interrupted.Run();
        interrupted.Resume(interrupted.Settings with { MaxSteps = 0 });
        Assert.Equal(
            whole.Metrics().Where(line => line.Event == MetricsLine.StepEvent),
            interrupted.Metrics().Where(line => line.Event == MetricsLine.StepEvent));
    }

    [Fact]
    public void ASeriesOfAFixedLength_IsRefused()
    {
        TrainingSettings settings = new() { Mixing = Mixing.ConvExp, Recompute = RecomputeKind.Inverse };
        var error = Assert.Throws<ArgumentException>(settings.Validate);
        Assert.Equal("recompute inverse: expected convexp_plan tolerance, whose inverse is exact; got original", error.Message);
    }
}
