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
}
