using System.CommandLine;
using System.Text;

namespace Exponential.Cli;

/// <summary><c>exponential report</c>: runs side by side on one HTML page.</summary>
internal static class ReportCommand
{
    private const string DefaultName = "report.html";

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> runs = new("RUN")
        {
            Description = "A run's folder; several are shown side by side.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> output = Parsers.Value(
            "--out",
            $"The HTML file; {DefaultName} in the first run's folder if left out.",
            (string text, out string value) => IsPage(value = text),
            "a file name that ends in .html or .htm",
            "file",
            "-o");
        var command = new Command("report", "Write one HTML page about runs: figures, curves, samples over time, reconstructions, settings.") { runs, output };
        command.SetAction(parsed =>
        {
            RunRecord[] records = [.. parsed.GetRequiredValue(runs).Select(RunReader.Read)];
            string file = Path.GetFullPath(parsed.GetValue(output) ?? Path.Combine(records[0].Folder, DefaultName));
            byte[] page = Encoding.UTF8.GetBytes(ReportPage.Write(records, DateTimeOffset.Now));
            Output.Write("report --out", () => AtomicFile.Write(file, stream => stream.Write(page)));
            terminal.Output.WriteLine($"Report of {records.Length} {(records.Length == 1 ? "run" : "runs")}: {file}");
            return CommandLine.Success;
        });
        return command;
    }

    /// <summary>The name of a page and not of a run's file, which the page would overwrite.</summary>
    private static bool IsPage(string name) =>
        name.EndsWith(".html", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".htm", StringComparison.OrdinalIgnoreCase);
}
