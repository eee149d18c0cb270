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

    /// <summary>Which inputs are kept, and when the next check is due, decides bits.</summary>
    [Fact]
    public void AResumedRun_GoesOnWithTheSameChecks()
    {
        using var run = new TinyRun();
        run.Settings = run.Settings with { ConvExpTerms = ConvExpTerms.Tolerance, Recompute = RecomputeKind.Inverse, MaxSteps = 3 };
        run.Run();
        TrainingRun loaded = Checkpoint.LoadRun(run.Last, run.Settings, [3, 8, 8]);
        RebuildGate gate = loaded.Model.Flow.Rebuilding!;
        Assert.Equal(3, gate.Position.Passes);
        Assert.Empty(gate.Position.Stored);

        gate.Restore(new RebuildPosition(63, [1, 4]));
        Checkpoint.SaveRun(run.Last, loaded);
        gate = Checkpoint.LoadRun(run.Last, run.Settings, [3, 8, 8]).Model.Flow.Rebuilding!;
        Assert.Equal(63, gate.Position.Passes);
        Assert.Equal([1, 4], gate.Position.Stored);
        int steps = loaded.Model.Flow.Steps.Count;
        Assert.Equal(Enumerable.Range(0, steps).Select(k => k is 1 or 4), gate.BeginPass());
        gate.EndPass();
        Assert.All(gate.BeginPass(), Assert.True);
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 99)]
    [InlineData(0, -1)]
    public void ChecksOfAnotherFlow_AreRefused(int passes, int step)
    {
        using var run = new TinyRun();
        var flow = MixingFlow.Create([3, 8, 8], new MixingFlowSettings { Levels = 1, Subflows = 1 });
        flow.Recompute = RecomputeKind.Inverse;
        var error = Assert.Throws<InvalidDataException>(() => flow.Rebuilding!.Restore(new RebuildPosition(passes, [step])));
        Assert.StartsWith("recompute: expects fewer than 64 passes and steps below 5; got", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASeriesOfAFixedLength_IsRefused()
    {
        TrainingSettings settings = new() { Mixing = Mixing.ConvExp, Recompute = RecomputeKind.Inverse };
        var error = Assert.Throws<ArgumentException>(settings.Validate);
        Assert.Equal("recompute inverse: expected convexp_plan tolerance, whose inverse is exact; got original", error.Message);
    }
}
