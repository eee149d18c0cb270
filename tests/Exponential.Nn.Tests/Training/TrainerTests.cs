using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public class TrainerTests
{
    [Fact]
    public void RunLearnsAndLeavesItsFiles()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { Epochs = 8, LearningRate = 1e-2, Dropout = 0 };
        var reports = new List<TrainingProgress>();
        TrainingResult result = tiny.Run(new Reports(reports.Add));

        Assert.Equal(StopReason.Completed, result.Reason);
        Assert.Equal(24, result.Steps);
        Assert.Equal(tiny.Folder, result.Folder);
        string[] files = [.. Directory.GetFiles(tiny.Folder).Select(path => Path.GetFileName(path)).Order()];
        Assert.Equal(["best.safetensors", "last.safetensors", "metrics.jsonl", "reconstruction.png", "samples.png", "settings.json"], files);

        MetricsLine[] metrics = [.. tiny.Metrics()];
        Assert.Equal(24, metrics.Count(line => line.Event == MetricsLine.StepEvent));
        double[] validation = [.. metrics.Where(line => line.Event == MetricsLine.EvaluationEvent).Select(line => line.ValidationBitsPerDim!.Value)];
        Assert.Equal(8, validation.Length);
        Assert.True(validation[^1] < validation[0] - 0.3, $"validation bits/dim went from {validation[0]} to {validation[^1]}");
        Assert.Equal(validation.Min(), result.BestValidationBitsPerDim);
        Assert.Equal(result.TestBitsPerDim, metrics[^1].TestBitsPerDim);
        Assert.InRange(result.WorstReconstructionError!.Value, 0, 1e-4);

        var start = Assert.IsType<RunStarted>(reports.First(report => report is RunStarted));
        Assert.Equal((20, 3, 24L, 0L), (start.TrainingImages, start.StepsPerEpoch, start.TotalSteps, start.ResumedAt));
        Assert.Equal(Enumerable.Range(1, 24).Select(step => (long)step), reports.OfType<StepCompleted>().Select(step => step.Step));
        Assert.Equal(tiny.Settings, TrainingSettings.FromJson(File.ReadAllText(Path.Combine(tiny.Folder, RunFolder.SettingsName))));
    }

    [Fact]
    public void MeanIsOverImagesNotBatches()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { Epochs = 1 };
        tiny.Run();
        double[] bits = [.. tiny.Metrics().Where(line => line.Event == MetricsLine.StepEvent).Select(line => line.BitsPerDim!.Value)];
        double mean = ((8 * bits[0]) + (8 * bits[1]) + (4 * bits[2])) / 20;
        Assert.Equal(mean, tiny.Metrics().Last(line => line.Event == MetricsLine.StepEvent).MeanBitsPerDim!.Value, 1e-12);
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        using var one = new TinyRun();
        using var two = new TinyRun();
        one.Settings = one.Settings with { Threads = 1 };
        two.Settings = two.Settings with { Threads = 2 };
        one.Run();
        two.Run();
        Assert.Equal(one.Metrics(), two.Metrics());
        AssertSameTensors(one.Last, two.Last);
    }

    [Theory]
    [InlineData(1)] // in an epoch
    [InlineData(3)] // after an epoch's last step, before its evaluation
    [InlineData(5)]
    public void InterruptedRunComesToTheSame(int stopAfter)
    {
        using var whole = new TinyRun();
        TrainingResult expected = whole.Run();

        using var broken = new TinyRun();
        using var stop = new CancellationTokenSource();
        TrainingResult stopped = broken.Run(
            new Reports(report =>
            {
                if (report is StepCompleted { Step: var step } && step == stopAfter)
                {
                    stop.Cancel();
                }
            }),
            stop.Token);
        Assert.Equal((StopReason.Cancelled, (long)stopAfter, null), (stopped.Reason, stopped.Steps, stopped.TestBitsPerDim));
        TrainingResult actual = broken.Resume();

        Assert.Equal(expected with { Folder = "" }, actual with { Folder = "" });
        Assert.Equal(whole.Metrics(), broken.Metrics());
        AssertSameTensors(whole.Last, broken.Last);
        AssertSameTensors(whole.Best, broken.Best);
    }

    [Fact]
    public void KilledRunGoesOnFromItsLastCheckpoint()
    {
        using var whole = new TinyRun();
        whole.Run();

        // An exception out of a report is as good as a kill: nothing is saved after it, and lines of metrics are left over.
        using var killed = new TinyRun();
        killed.Settings = killed.Settings with { CheckpointIntervalSteps = 2 };
        Assert.Throws<InsufficientExecutionStackException>(() => killed.Run(new Reports(report =>
        {
            if (report is StepCompleted { Step: 5 })
            {
                throw new InsufficientExecutionStackException();
            }
        })));
        File.AppendAllText(Path.Combine(killed.Folder, RunFolder.MetricsName), "{\"event\":\"st");
        long from = -1;
        killed.Resume(progress: new Reports(report => from = report is RunStarted start ? start.ResumedAt : from));

        Assert.Equal(3, from); // saved after the first evaluation, of step 3
        Assert.Equal(whole.Metrics(), killed.Metrics());
        AssertSameTensors(whole.Last, killed.Last);
    }

    [Fact]
    public void CancelledEvaluationIsDoneAgain()
    {
        using var whole = new TinyRun();
        whole.Run();
        using var broken = new TinyRun();
        using var stop = new CancellationTokenSource();

        // The samples are drawn, and then the report of the best model cancels: the evaluation ends, and the run before its next step.
        TrainingResult stopped = broken.Run(
            new Reports(report =>
            {
                if (report is EvaluationCompleted { Step: 6 })
                {
                    stop.Cancel();
                }
            }),
            stop.Token);
        Assert.Equal((StopReason.Cancelled, 6L), (stopped.Reason, stopped.Steps));
        broken.Resume();
        Assert.Equal(whole.Metrics(), broken.Metrics());
        AssertSameTensors(whole.Last, broken.Last);
    }

    [Fact]
    public void StepLimitEndsWithATestAndCanBeRaised()
    {
        using var whole = new TinyRun();
        whole.Run();
        using var limited = new TinyRun();
        limited.Settings = limited.Settings with { MaxSteps = 4 };
        TrainingResult first = limited.Run();
        Assert.Equal((StopReason.Completed, 4L), (first.Reason, first.Steps));
        Assert.NotNull(first.TestBitsPerDim);
        Assert.Equal(4, limited.Metrics().Last(line => line.Event == MetricsLine.EvaluationEvent).Step);

        TrainingResult second = limited.Resume(limited.Settings with { MaxSteps = 0 });
        Assert.Equal(9, second.Steps);
        AssertSameTensors(whole.Last, limited.Last);
        Assert.Equal([3, 4, 6, 9], limited.Metrics().Where(line => line.Event == MetricsLine.EvaluationEvent).Select(line => line.Step));
        Assert.Single(limited.Metrics(), line => line.Event == MetricsLine.ResultEvent);
    }

    [Fact]
    public void TimeLimitEndsWithATest()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { Epochs = 1000, MaxMinutes = 1e-9 };
        TrainingResult result = tiny.Run();
        Assert.Equal((StopReason.TimeLimit, 0L), (result.Reason, result.Steps));
        Assert.NotNull(result.TestBitsPerDim);
    }

    [Fact]
    public void EvaluationsKeepTheOriginalsSchedule()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { Epochs = 32, BatchSize = 20, EvaluateIntervalEpochs = 5, Subflows = 1, Levels = 1, Mixing = Mixing.Conv1x1 };
        tiny.Run();

        // Every epoch below 25, then every fifth; and the last, for the test.
        int[] expected = [.. Enumerable.Range(1, 24), 25, 30, 32];
        Assert.Equal(expected, tiny.Metrics().Where(line => line.Event == MetricsLine.EvaluationEvent).Select(line => line.Epoch));
    }

    [Fact]
    public void ResumingWithOtherSettingsIsRefused()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 1 };
        tiny.Run();
        ArgumentException e = Assert.Throws<ArgumentException>(() => tiny.Resume(tiny.Settings with { LearningRate = 1 }));
        Assert.StartsWith("resume: only limits, intervals, threads and folders may differ", e.Message);
    }

    [Fact]
    public void FolderOfAnotherRunIsNotOverwritten()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 1 };
        tiny.Run();
        byte[] before = File.ReadAllBytes(tiny.Last);
        IOException e = Assert.Throws<IOException>(() => tiny.Run());
        Assert.StartsWith("train: exp_name run:", e.Message);
        Assert.Equal(before, File.ReadAllBytes(tiny.Last));
    }

    [Fact]
    public void FailedSaveLeavesTheLastCheckpoint()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        byte[] before = File.ReadAllBytes(tiny.Last);

        // Nothing can be written where the temporary file should go.
        Directory.CreateDirectory(tiny.Last + ".tmp");
        Assert.ThrowsAny<Exception>(() => tiny.Resume(tiny.Settings with { MaxSteps = 0, CheckpointIntervalSteps = 1 }));
        Assert.Equal(before, File.ReadAllBytes(tiny.Last));
        Directory.Delete(tiny.Last + ".tmp");
        Assert.Equal(9, tiny.Resume(tiny.Settings with { MaxSteps = 0 }).Steps);
    }

    [Fact]
    public void PictureThatCannotBeWrittenDoesNotEndTheRun()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 1 };
        var failed = new List<string>();
        TrainingResult result = tiny.Run(new Reports(report =>
        {
            if (report is RunStarted)
            {
                Directory.CreateDirectory(Path.Combine(tiny.Folder, RunFolder.SamplesName));
            }
            else if (report is PictureFailed picture)
            {
                failed.Add(Path.GetFileName(picture.Path));
            }
        }));
        Assert.NotNull(result.TestBitsPerDim);
        Assert.Equal([RunFolder.SamplesName], failed);
    }

    [Fact]
    public void UntrainedModelIsEvaluatedOnRequest()
    {
        using var plain = new TinyRun();
        using var first = new TinyRun();
        first.Settings = first.Settings with { EvaluateAtStart = true };
        plain.Run();
        first.Run();
        MetricsLine[] metrics = [.. first.Metrics()];
        Assert.Equal((MetricsLine.EvaluationEvent, 0L, null), (metrics[0].Event, metrics[0].Step, metrics[0].MeanBitsPerDim));
        Assert.Equal(plain.Metrics(), metrics[1..]);
        AssertSameTensors(plain.Last, first.Last);
    }

    internal static void AssertSameTensors(string expected, string actual)
    {
        using SafetensorsFile a = SafetensorsFile.Open(expected);
        using SafetensorsFile b = SafetensorsFile.Open(actual);
        Assert.Equal(a.Entries.Keys.Order(), b.Entries.Keys.Order());
        foreach (string name in a.Entries.Keys)
        {
            Assert.True(a.ReadBytes(name).AsSpan().SequenceEqual(b.ReadBytes(name)), $"{name} differs");
        }
    }
}
