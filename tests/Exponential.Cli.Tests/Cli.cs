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
