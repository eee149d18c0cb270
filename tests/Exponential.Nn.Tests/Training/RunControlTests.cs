using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

/// <summary>Settings that end a run early, shorten it, or change what it leaves.</summary>
[Collection(TrainingRuns.Name)]
public class RunControlTests
{
    [Fact]
    public void AnInfiniteErrorIsNoted()
    {
        string json = System.Text.Json.JsonSerializer.Serialize(
            new MetricsLine { Event = MetricsLine.ResultEvent, WorstReconstructionError = double.PositiveInfinity }, MetricsJson.Default.MetricsLine);
        Assert.Contains("\"worst_reconstruction_error\":\"Infinity\"", json);
        Assert.Equal(
            double.PositiveInfinity, System.Text.Json.JsonSerializer.Deserialize(json, MetricsJson.Default.MetricsLine)!.WorstReconstructionError);
    }

    [Fact]
    public void ThreadsAndAccuracyAreTheRunsOwn()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { Epochs = 1, Threads = 1, Arithmetic = ArithmeticAccuracy.Tight };
        (int Threads, ArithmeticAccuracy Accuracy) before = (CpuThreads.Count, CpuArithmetic.Accuracy);
        var during = new List<(int Threads, ArithmeticAccuracy Accuracy)>();
        tiny.Run(new Reports(_ => during.Add((CpuThreads.Count, CpuArithmetic.Accuracy))));
        Assert.NotEmpty(during);
        Assert.All(during, settings => Assert.Equal((1, ArithmeticAccuracy.Tight), settings));
        Assert.Equal(before, (CpuThreads.Count, CpuArithmetic.Accuracy));
    }

    [Fact]
    public void EarlyStoppingCountsEpochsFromTheBest()
    {
        // The noise of the validation alone decides which epoch is the best.
        using var whole = new TinyRun();
        whole.Settings = Idle(whole.Settings);
        whole.Run();
        double[] course = Validations(whole);
        for (int patience = 1; patience <= 2; patience++)
        {
            int expected = FirstStale(course, patience);
            Assert.True(expected < course.Length, "the course must not end where the run does");
            using var tiny = new TinyRun();
            tiny.Settings = Idle(tiny.Settings) with { EarlyStoppingEpochs = patience };
            TrainingResult result = tiny.Run();
            Assert.Equal(StopReason.EarlyStopping, result.Reason);
            Assert.Equal(course[..expected], Validations(tiny));
            Assert.Equal(expected * 3, result.Steps);
            Assert.NotNull(result.TestBitsPerDim);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void UntrainedModelCountsAsEpochZero(int patience)
    {
        using var tiny = new TinyRun();
        tiny.Settings = Worsening(tiny.Settings) with { EarlyStoppingEpochs = patience };
        TrainingResult result = tiny.Run();
        Assert.Equal((StopReason.EarlyStopping, 3L * patience), (result.Reason, result.Steps));
        Assert.Equal(Validations(tiny)[0], result.BestValidationBitsPerDim);
    }

    [Fact]
    public void RunEndedEarlyStaysSoAndGoesOnWhenToldTo()
    {
        using var whole = new TinyRun();
        whole.Settings = Worsening(whole.Settings);
        whole.Run();
        using var early = new TinyRun();
        early.Settings = Worsening(early.Settings) with { EarlyStoppingEpochs = 1 };
        TrainingResult first = early.Run();
        Assert.Equal(first, early.Resume());
        TrainingResult rest = early.Resume(early.Settings with { EarlyStoppingEpochs = 0 });
        Assert.Equal((StopReason.Completed, 9L), (rest.Reason, rest.Steps));
        Assert.Equal(whole.Metrics(), early.Metrics());
        TrainerTests.AssertSameTensors(whole.Last, early.Last);
    }

    [Fact]
    public void BrokenEpochIsOneBatch()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { BreakEpoch = true, BatchSize = 4 };
        var reports = new List<TrainingProgress>();
        TrainingResult result = tiny.Run(new Reports(reports.Add));
        Assert.Equal((StopReason.Completed, 3L), (result.Reason, result.Steps));
        RunStarted start = reports.OfType<RunStarted>().Single();
        Assert.Equal((1, 3L), (start.StepsPerEpoch, start.TotalSteps));
        Assert.Equal([1, 2, 3], reports.OfType<StepCompleted>().Select(step => step.Epoch));
        Assert.Equal([1, 2, 3], reports.OfType<EvaluationCompleted>().Select(evaluation => evaluation.Epoch));

        // The test, too, was of the first batch only: 4 of the 6 images.
        ImageModel model = Checkpoint.LoadModel(tiny.Best);
        Assert.Equal(
            result.TestBitsPerDim, Evaluation.BitsPerDim(model, TinyRun.Data.Test.Take(4), 4, Evaluation.TestNoise(tiny.Settings)));
    }

    [Fact]
    public void BrokenEpochsResume()
    {
        using var whole = new TinyRun();
        whole.Settings = whole.Settings with { BreakEpoch = true };
        whole.Run();
        using var broken = new TinyRun();
        broken.Settings = broken.Settings with { BreakEpoch = true };
        using var stop = new CancellationTokenSource();
        broken.Run(new Reports(report => CancelAfterStep(report, 2, stop)), stop.Token);
        broken.Resume();
        Assert.Equal(whole.Metrics(), broken.Metrics());
        TrainerTests.AssertSameTensors(whole.Last, broken.Last);
    }

    [Fact]
    public void RunWithoutCheckpointsComesToTheSameAndLeavesNone()
    {
        // The untrained model is the best, so the model tested is not the one at the end.
        using var plain = new TinyRun();
        plain.Settings = Worsening(plain.Settings);
        TrainingResult expected = plain.Run();
        Assert.Equal(Validations(plain)[0], expected.BestValidationBitsPerDim);
        using var bare = new TinyRun();
        bare.Settings = Worsening(bare.Settings) with { NoCheckpoints = true };
        var reports = new List<TrainingProgress>();
        TrainingResult actual = bare.Run(new Reports(reports.Add));
        Assert.Equal(expected with { Folder = "" }, actual with { Folder = "" });
        Assert.Equal(plain.Metrics(), bare.Metrics());
        Assert.Empty(Directory.GetFiles(bare.Folder, "*.safetensors"));
        Assert.Empty(reports.OfType<CheckpointSaved>());
        FileNotFoundException e = Assert.Throws<FileNotFoundException>(() => bare.Resume());
        Assert.Equal($"resume: the run in {bare.Folder} has saved no checkpoint (last.safetensors) to go on from; start it again under another name", e.Message);
    }

    [Fact]
    public void CancelledRunWithoutCheckpointsSaysThatNothingIsSaved()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { NoCheckpoints = true };
        using var stop = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        TrainingResult result = tiny.Run(
            new Reports(report =>
            {
                reports.Add(report);
                CancelAfterStep(report, 2, stop);
            }),
            stop.Token);
        Assert.Equal((StopReason.Cancelled, 2L), (result.Reason, result.Steps));
        Assert.Equal(new RunStopped(StopReason.Cancelled, 2, IsSaved: false), reports[^1]);
    }

    [Fact]
    public void CheckpointsCannotBeAskedForAndRefused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => new TrainingSettings { NoCheckpoints = true, CheckpointIntervalSteps = 5 }.Validate());
        Assert.Equal("checkpoint_interval_steps: expected none beside no_checkpoints; got 5", e.Message);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(3, (3 * 10) + 2)]
    public void SampleGridHasAsManyImagesAsAsked(int count, int? width)
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 1, SampleImages = count };
        tiny.Run();
        string path = Path.Combine(tiny.Folder, RunFolder.SamplesName);
        Assert.Equal(width, File.Exists(path) ? ImageFile.Read(path).Width : null);
    }

    [Fact]
    public void NegativeElboIsTheTestFigureInNats()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 1 };
        TrainingResult result = tiny.Run();
        Assert.Equal(result.TestBitsPerDim!.Value * 3 * 8 * 8 * Math.Log(2), result.TestNegativeElbo!.Value, 1e-9);
        Assert.Equal(result.TestNegativeElbo, tiny.Metrics().Last().TestNegativeElbo);
        Assert.Null(result.TestImportanceWeightedBitsPerDim);
        Assert.Null(tiny.Metrics().Last().ImportanceSamples);
    }

    [Fact]
    public void DeletedMetricsBeginAnew()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 4 };
        tiny.Run();
        string path = Path.Combine(tiny.Folder, RunFolder.MetricsName);
        int lines = RunFolder.ReadMetrics(tiny.Folder).Count;
        File.Delete(path);
        var reports = new List<TrainingProgress>();
        TrainingResult result = tiny.Resume(tiny.Settings with { MaxSteps = 6 }, progress: new Reports(reports.Add));
        Assert.Equal(6, result.Steps);

        // The result's line was written after the last checkpoint, which counts those before it.
        Assert.Equal(new MetricsLost(path, lines - 1), reports[0]);
        Assert.Equal([5, 6], tiny.Metrics().Where(line => line.Event == MetricsLine.StepEvent).Select(line => line.Step));
        Assert.Equal(6, tiny.Resume().Steps);
    }

    [Fact]
    public void MetricsThatAreNoFileAreRefusedBeforeAnythingChanges()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        string path = Path.Combine(tiny.Folder, RunFolder.MetricsName);
        byte[] settings = File.ReadAllBytes(Path.Combine(tiny.Folder, RunFolder.SettingsName));
        File.Delete(path);
        Directory.CreateDirectory(path);
        var reports = new List<TrainingProgress>();
        IOException e = Assert.Throws<IOException>(() => tiny.Resume(tiny.Settings with { MaxSteps = 3 }, progress: new Reports(reports.Add)));
        Assert.Equal($"resume: {path} is a folder; the file of the run's metrics expected. Move it away to go on without them", e.Message);
        Assert.Empty(reports);
        Assert.Equal(settings, File.ReadAllBytes(Path.Combine(tiny.Folder, RunFolder.SettingsName)));
    }

    /// <summary>The best model is needed at the end, and asked for at the start.</summary>
    [Theory]
    [InlineData("missing", "Could not find file")]
    [InlineData("folder", "Access to the path")]
    [InlineData("damaged", "it is cut short, or no safetensors file")]
    [InlineData("not finite", "best.safetensors holds values that are not finite")]
    public void ALostBestModelIsMissedBeforeTheFirstStep(string how, string why)
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        TrainingRun run = Checkpoint.LoadRun(tiny.Last, tiny.Settings, [3, 8, 8]);
        File.Delete(tiny.Best);
        switch (how)
        {
            case "folder":
                Directory.CreateDirectory(tiny.Best);
                break;
            case "damaged":
                File.WriteAllText(tiny.Best, "words of some length");
                break;
            case "not finite":
                Parameter parameter = run.Model.Parameters().First();
                parameter.Value = Tensor.Full(parameter.Shape, double.NaN, parameter.DType);
                Checkpoint.SaveModel(tiny.Best, run);
                break;
            default:
                break;
        }

        var before = Directory.GetFiles(tiny.Folder).ToDictionary(path => path, File.ReadAllBytes);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => tiny.Resume(tiny.Settings with { MaxSteps = 3 }));
        Assert.StartsWith("resume: the best model so far, which is tested at the end, is lost (", e.Message);
        Assert.Contains(why, e.Message);
        Assert.EndsWith("Restore best.safetensors, or copy last.safetensors over it to go on with the last model in its place", e.Message);
        Assert.Equal(before.Keys.Order(), Directory.GetFiles(tiny.Folder).Order());
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
        if (how != "folder")
        {
            File.Copy(tiny.Last, tiny.Best, overwrite: true);
            Assert.Equal(3, tiny.Resume(tiny.Settings with { MaxSteps = 3 }).Steps);
        }
    }

    [Fact]
    public void EverySettingThatFixesTheRunIsNamed()
    {
        TrainingSettings run = new() { ExperimentName = "a" };
        Assert.Null(run.FirstDifference(run with { ExperimentName = "b", Epochs = 3, EarlyStoppingEpochs = 2, SampleImages = 1, Threads = 2 }));
        Assert.Equal(("mixing", "1x1", "convexp"), run.FirstDifference(run with { Mixing = Mixing.ConvExp }));
        Assert.Equal(("break_epoch", "false", "true"), run.FirstDifference(run with { BreakEpoch = true }));
        Assert.Equal(("no_checkpoints", "false", "true"), run.FirstDifference(run with { NoCheckpoints = true }));
    }

    /// <summary>The epoch, from 1, after which the best lies <paramref name="patience"/> epochs back for the first time.</summary>
    private static int FirstStale(double[] validations, int patience) =>
        Enumerable.Range(1, validations.Length).First(n => n - (Array.IndexOf(validations, validations[..n].Min()) + 1) >= patience);

    /// <summary>So large a rate ruins the model, which is evaluated before it, too.</summary>
    private static TrainingSettings Worsening(TrainingSettings settings) =>
        settings with { EvaluateAtStart = true, LearningRate = 0.5, LearningRateDecay = 1, Warmup = 0, Dropout = 0 };

    /// <summary>So small a rate changes no parameter of the model.</summary>
    private static TrainingSettings Idle(TrainingSettings settings) =>
        settings with { Epochs = 12, LearningRate = 1e-30, Mixing = Mixing.Conv1x1, Dropout = 0 };

    private static double[] Validations(TinyRun run) =>
        [.. run.Metrics().Where(line => line.Event == MetricsLine.EvaluationEvent).Select(line => line.ValidationBitsPerDim!.Value)];

    private static void CancelAfterStep(TrainingProgress report, long step, CancellationTokenSource stop)
    {
        if (report is StepCompleted completed && completed.Step == step)
        {
            stop.Cancel();
        }
    }
}
