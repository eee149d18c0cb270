using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

[Collection(TrainingRuns.Name)]
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

    [Theory]
    [InlineData(4)] // in an epoch: the evaluation at the run's end is cut short
    [InlineData(9)] // after the last epoch, which has been evaluated: the test is
    public void CancelledEvaluationIsDoneAgain(int steps)
    {
        using var whole = new TinyRun();
        whole.Settings = whole.Settings with { MaxSteps = steps };
        TrainingResult expected = whole.Run();
        using var broken = new TinyRun();
        broken.Settings = whole.Settings with { OutputDirectory = broken.Root };
        using var stop = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        TrainingResult stopped = broken.Run(
            new Reports(report =>
            {
                reports.Add(report);
                if (report is RunStopped { Reason: StopReason.Completed })
                {
                    stop.Cancel();
                }
            }),
            stop.Token);
        Assert.Equal((StopReason.Cancelled, (long)steps, null), (stopped.Reason, stopped.Steps, stopped.TestBitsPerDim));
        Assert.DoesNotContain(reports, report => report is EvaluationCompleted { Step: 4 });

        // What the last report says, that all is saved, is so by then.
        Assert.Equal(
            [new CheckpointSaved(broken.Last, steps), new RunStopped(StopReason.Cancelled, steps)], reports.TakeLast(2));
        TrainingResult actual = broken.Resume();
        Assert.Equal(expected with { Folder = "" }, actual with { Folder = "" });
        Assert.Equal(whole.Metrics(), broken.Metrics());
        AssertSameTensors(whole.Last, broken.Last);
        AssertSameTensors(whole.Best, broken.Best);
    }

    [Fact]
    public void RunIsForOneSessionAtATime()
    {
        using var tiny = new TinyRun();
        IOException? refused = null;
        tiny.Run(new Reports(report =>
        {
            if (report is StepCompleted { Step: 2 })
            {
                refused = Assert.Throws<IOException>(() => tiny.Resume());
            }
        }));
        Assert.StartsWith($"train: another session is at work on {tiny.Folder} (run.lock is held)", refused!.Message);
        Assert.Equal(9, tiny.Resume().Steps);
    }

    [Fact]
    public void OfSeveralRunsOfOneNameTheLosersAreToldThatAnotherIsAtWork()
    {
        for (int round = 0; round < 20; round++)
        {
            using var tiny = new TinyRun();
            var winners = new List<RunFolder>();
            var losers = new List<string>();
            Parallel.For(0, 8, _ =>
            {
                try
                {
                    RunFolder folder = RunFolder.Create(tiny.Settings, DateTime.Now);
                    lock (winners)
                    {
                        winners.Add(folder);
                    }
                }
                catch (IOException e)
                {
                    lock (losers)
                    {
                        losers.Add(e.Message);
                    }
                }
            });
            RunFolder winner = Assert.Single(winners);
            Assert.Equal(7, losers.Count);
            Assert.All(losers, message => Assert.Equal(
                $"train: exp_name run: another session is at work on {tiny.Folder} (run.lock is held). Choose another name", message));
            winner.Lock().Dispose();
            Assert.Equal([winner.Settings], Directory.GetFiles(tiny.Folder));
        }
    }

    [Fact]
    public void UnnamedRunsOfOneSecondHaveFoldersOfTheirOwn()
    {
        using var tiny = new TinyRun();
        TrainingSettings settings = tiny.Settings with { ExperimentName = null };
        var now = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Local);
        string[] paths = new string[8];
        Parallel.For(0, paths.Length, i => paths[i] = RunFolder.Create(settings, now).Path);
        Assert.Equal(paths.Length, paths.Distinct().Count());
    }

    [Fact]
    public void RunGoesOnWithItsOwnImagesOnly()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        var before = Directory.GetFiles(tiny.Folder).ToDictionary(path => path, File.ReadAllBytes);
        ImageDataset data = TinyRun.Data;
        InvalidDataException other = Assert.Throws<InvalidDataException>(() => Trainer.Resume(
            tiny.Folder,
            new ImageDataset("tiny", TinyRun.Images("other", 20, 9), data.Validation, data.Test),
            tiny.Settings with { MaxSteps = 3 }));
        Assert.StartsWith("resume: the 20 images of 'tiny/other' are not those that the run was trained on", other.Message);
        InvalidDataException fewer = Assert.Throws<InvalidDataException>(
            () => Trainer.Resume(tiny.Folder, data.Take(train: 17), tiny.Settings with { MaxSteps = 3 }));
        Assert.StartsWith("resume: the run was trained on 20 images; 'tiny/train' has 17.", fewer.Message);
        Assert.Equal(before.Keys.Order(), Directory.GetFiles(tiny.Folder).Order());
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    [Fact]
    public void EmptySplitIsRefusedBeforeAnythingIsMade()
    {
        using var tiny = new TinyRun();
        ArgumentException e = Assert.Throws<ArgumentException>(() => Trainer.Run(tiny.Settings, TinyRun.Data.Take(test: 0)));
        Assert.StartsWith("train: every split of a data set needs an image; 'tiny/test' is empty", e.Message);
        Assert.False(Directory.Exists(tiny.Folder));
    }

    [Fact]
    public void ImagesThatAreNoPicturesAreTrainedOnWithoutThem()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 1 };
        var failed = new List<PictureFailed>();
        var two = new ImageSet("two", 2, 8, 8, TinyRun.Images("train", 8, 1).Pixels[..(8 * 2 * 64)].ToArray());
        TrainingResult result = Trainer.Run(
            tiny.Settings, new ImageDataset("two", two, two, two), new Reports(report => failed.AddRange(report is PictureFailed f ? [f] : [])));
        Assert.NotNull(result.TestBitsPerDim);
        Assert.Equal(["samples.png", "reconstruction.png"], failed.Select(f => Path.GetFileName(f.Path)));
        Assert.All(failed, f => Assert.Equal("a picture has 1 or 3 channels; these images have 2", f.Message));
    }

    [Fact]
    public void FoldersAreStoredAsFullPaths()
    {
        using var tiny = new TinyRun();
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, tiny.Root);
        tiny.Settings = tiny.Settings with { MaxSteps = 1, OutputDirectory = relative, DataDirectory = relative };
        tiny.Run();
        TrainingSettings saved = Checkpoint.ReadSettings(tiny.Last);
        Assert.Equal((tiny.Root, tiny.Root), (saved.OutputDirectory, saved.DataDirectory));
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
        Assert.StartsWith("resume: learning_rate: the run has 0.001; got 1. What the run computes is fixed: only limits", e.Message);
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

    /// <summary>One picture an evaluation, the last of them the same as samples.png.</summary>
    [Fact]
    public void KeepsTheSamplesOfEachEvaluation()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { Epochs = 2, EvaluateAtStart = true };
        tiny.Run();
        string samples = Path.Combine(tiny.Folder, RunFolder.SamplesFolderName);
        string[] names = ["step-00000000.png", "step-00000003.png", "step-00000006.png"];
        Assert.Equal(names, Directory.GetFiles(samples).Select(Path.GetFileName).Order());
        Assert.Equal(File.ReadAllBytes(Path.Combine(tiny.Folder, RunFolder.SamplesName)), File.ReadAllBytes(Path.Combine(samples, names[2])));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(samples, names[1])), File.ReadAllBytes(Path.Combine(samples, names[2])));
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
