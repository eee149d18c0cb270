using System.Diagnostics;
using Exponential.Cli;
using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public class ProcessTests
{
    [Fact]
    public void InterruptSavesAndExitsCleanly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends SIGINT with kill");
        using var folder = new TemporaryFolder();
        string program = typeof(CommandLine).Assembly.Location;
        string[] arguments = ["train", .. Cli.TinyModel, "--out_dir", folder.Path, "--exp_name", "run", "--max_minutes", "5"];
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string line = "";
        while (!line.StartsWith("Estimate", StringComparison.Ordinal))
        {
            line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(process.StandardError.ReadToEnd());
        }

        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        string rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", process.StandardError.ReadToEnd());
        Assert.Equal(CommandLine.Success, process.ExitCode);
        Assert.Contains("everything is saved", rest);
        Assert.True(Checkpoint.Inspect(folder["run", RunFolder.LastName]).Step >= 20);
    }
}
