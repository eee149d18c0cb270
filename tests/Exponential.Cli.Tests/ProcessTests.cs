using System.Diagnostics;
using Exponential.Cli;
using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public class ProcessTests
{
    [Theory]
    [InlineData("INT")]
    [InlineData("HUP")]
    public void SignalSavesAndExitsCleanly(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals with kill");
        using var folder = new TemporaryFolder();
        using Process process = StartAndWaitForSteps(folder);
        Send(signal, process);
        string rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", process.StandardError.ReadToEnd());
        Assert.Equal(CommandLine.Success, process.ExitCode);
        Assert.Contains("everything is saved", rest);
        Assert.True(Checkpoint.Inspect(folder.File("run", RunFolder.LastName)).Step >= 20);
    }

    [Fact]
    public void SecondHangUpEndsNothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals with kill");
        using var folder = new TemporaryFolder();
        using Process process = StartAndWaitForSteps(folder);
        Send("HUP", process);
        Thread.Sleep(20);
        Send("HUP", process);
        string rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(CommandLine.Success, process.ExitCode);
        Assert.Contains("everything is saved", rest);
    }

    [Fact]
    public void KilledRunLeavesAWholeCheckpointAndResumes()
    {
        using var folder = new TemporaryFolder();
        using Process process = StartAndWaitForSteps(folder, "--checkpoint_interval_steps", "1");
        process.Kill();
        process.WaitForExit();
        long step = Checkpoint.Inspect(folder.File("run", RunFolder.LastName)).Step!.Value;
        Assert.InRange(step, 19, 1_000_000);
        CliResult resumed = Cli.Run("train", "--resume", folder.File("run"), "--max_steps", $"{step + 1}");
        Assert.Equal("", resumed.Error);
        Assert.Contains($"resumed at step {step}", resumed.Output);
    }

    private static void Send(string signal, Process process)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Starts a run in a process of its own and returns once it has taken 20 steps.</summary>
    private static Process StartAndWaitForSteps(TemporaryFolder folder, params string[] more)
    {
        string program = typeof(CommandLine).Assembly.Location;
        string[] arguments = ["train", .. Cli.TinyModel, "--out_dir", folder.Root, "--exp_name", "run", "--max_minutes", "5", .. more];
        Process process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string line = "";
        while (!line.StartsWith("Estimate", StringComparison.Ordinal))
        {
            line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(process.StandardError.ReadToEnd());
        }

        return process;
    }
}
