using Exponential.Cli;

namespace Exponential.Tests;

/// <summary>Runs the command line in this process.</summary>
internal static class Cli
{
    /// <summary>Options of a model so small that a step takes milliseconds.</summary>
    public static readonly string[] TinyModel =
    [
        "--n_levels", "2", "--n_subflows", "1", "--n_intermediate_channels", "4", "--densenet_depth", "1", "--densenet_growth", "4",
        "--mixing", "convexp", "--use_splitprior", "--batch_size", "16", "--warmup", "1",
        "--max_validation_images", "16", "--max_test_images", "16",
    ];

    public static CliResult Run(params string[] args) => Run(args, CancellationToken.None);

    public static CliResult Run(string[] args, CancellationToken stop, Action<string>? onLine = null)
    {
        var output = new LineWriter(onLine);
        var error = new LineWriter(null);
        int code = CommandLine.Run(args, new Terminal(output, error, IsLive: false), stop);
        return new CliResult(code, output.ToString(), error.ToString());
    }

    private sealed class LineWriter(Action<string>? onLine) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            onLine?.Invoke(value ?? "");
        }
    }
}

/// <summary>What a command came to.</summary>
internal sealed record CliResult(int Code, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"exponential-cli-{Guid.NewGuid():N}");

    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
