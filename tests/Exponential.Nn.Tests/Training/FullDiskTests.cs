using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

/// <summary>
/// A disk that is full: the temporary file of a checkpoint is a link to /dev/full, to which every write fails as on such a disk.
/// </summary>
[Collection(TrainingRuns.Name)]
public sealed class FullDiskTests
{
    private const string Full = "/dev/full";

    [Theory]
    [InlineData(RunFolder.LastName)]
    [InlineData(RunFolder.BestName)]
    public void LosesNothingButTheCheckpoint(string name)
    {
        Assert.SkipUnless(File.Exists(Full), "needs /dev/full");
        using var whole = new TinyRun();
        whole.Run();

        using var tiny = new TinyRun();
        TrainingSettings all = tiny.Settings;
        tiny.Settings = all with { MaxSteps = 2 };
        tiny.Run();
        byte[] before = File.ReadAllBytes(tiny.Last);

        string written = Path.Combine(tiny.Folder, name);
        File.CreateSymbolicLink(written + ".tmp", Full);
        IOException e = Assert.Throws<IOException>(() => tiny.Resume(all with { OutputDirectory = tiny.Root }));
        Assert.StartsWith($"train: {written} could not be written after step 3 (", e.Message);
        Assert.Contains("No space left on device", e.Message);
        Assert.EndsWith($"). The last checkpoint, of step 2, is whole: make room, then go on with --resume {tiny.Folder}", e.Message);
        Assert.DoesNotContain("\n", e.Message);
        Assert.Equal(before, File.ReadAllBytes(tiny.Last));
        Assert.False(File.Exists(written + ".tmp"));

        // There is room again. The evaluation after step 2 is the one thing that a run without a break does not have.
        tiny.Resume(all with { OutputDirectory = tiny.Root });
        Assert.Equal(whole.Metrics().Where(line => line.Event == MetricsLine.StepEvent), tiny.Metrics().Where(line => line.Event == MetricsLine.StepEvent));
        Assert.Equal(whole.Metrics().Last(), tiny.Metrics().Last());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ARunThatCannotBeginLeavesNothingAndStartsAgain(bool hasFolder)
    {
        Assert.SkipUnless(File.Exists(Full), "needs /dev/full");
        using var tiny = new TinyRun();
        if (hasFolder)
        {
            Directory.CreateDirectory(tiny.Folder);
        }

        var run = new TrainingRun(tiny.Settings, TinyRun.Data.ImageShape);
        RunFolder folder = RunFolder.Create(tiny.Settings, DateTime.Now);
        File.CreateSymbolicLink(tiny.Last + ".tmp", Full);
        IOException e = Assert.Throws<IOException>(() => Trainer.Start(run, folder, TinyRun.Data, null, CancellationToken.None));
        Assert.StartsWith($"train: {tiny.Last} could not be written after step 0 (", e.Message);
        Assert.EndsWith("). Nothing of the run is left: make room, then start again", e.Message);
        Assert.Equal(hasFolder, Directory.Exists(tiny.Folder));
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(tiny.Root, "*", SearchOption.AllDirectories), path => path != tiny.Folder);
        Assert.Equal(StopReason.Completed, tiny.Run().Reason);
        Assert.EndsWith(
            $"Choose another name, or continue that run with --resume {tiny.Folder}", Assert.Throws<IOException>(() => tiny.Run()).Message);
        File.Delete(tiny.Last);
        Assert.EndsWith(
            "Choose another name, or delete it: it has no checkpoint to go on from", Assert.Throws<IOException>(() => tiny.Run()).Message);
    }

    /// <summary>Whatever stands in the way of the settings, the result of the run so far stays in its metrics.</summary>
    [Theory]
    [InlineData("full disk")]
    [InlineData("folder")]
    [InlineData("link to itself")]
    [InlineData("link to nowhere")]
    public void AResumeThatCannotWriteItsSettingsChangesNothing(string obstacle)
    {
        Assert.SkipUnless(File.Exists(Full), "needs /dev/full");
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        string settings = Path.Combine(tiny.Folder, RunFolder.SettingsName);
        if (obstacle == "full disk")
        {
            File.CreateSymbolicLink(settings + ".tmp", Full);
        }
        else
        {
            File.Delete(settings);
            if (obstacle == "folder")
            {
                Directory.CreateDirectory(settings);
            }
            else
            {
                File.CreateSymbolicLink(settings, obstacle == "link to itself" ? settings : Path.Combine(tiny.Root, "nowhere", "settings"));
            }
        }

        byte[] metrics = File.ReadAllBytes(Path.Combine(tiny.Folder, RunFolder.MetricsName));
        byte[] last = File.ReadAllBytes(tiny.Last);
        IOException e = Assert.Throws<IOException>(() => tiny.Resume(tiny.Settings with { MaxSteps = 3 }));
        Assert.StartsWith($"resume: {settings} could not be written (", e.Message);
        Assert.EndsWith(
            $"). The run is as it was, and its last checkpoint, of step 2, is whole: make room, then go on with --resume {tiny.Folder}", e.Message);
        Assert.Equal(metrics, File.ReadAllBytes(Path.Combine(tiny.Folder, RunFolder.MetricsName)));
        Assert.Equal(last, File.ReadAllBytes(tiny.Last));
        Assert.Equal(MetricsLine.ResultEvent, tiny.Metrics().Last().Event);
    }
}
