using System.Globalization;
using Exponential.Nn;
using Spectre.Console;

namespace Exponential.Cli;

/// <summary>
/// What a command shows of opening or downloading a data set: in a terminal a bar that goes when it is done, in a log a line every few
/// seconds; what was left out, on the error stream.
/// </summary>
internal sealed class DataReporter : IProgress<DataProgress>
{
    private const int MillisecondsBetweenLines = 5000;
    private const int MillisecondsBetweenRedraws = 100;

    private readonly Action<string, double> _show;
    private readonly int _interval;
    private readonly List<string> _notices = [];
    private long _last = Environment.TickCount64;

    private DataReporter(Action<string, double> show, int interval)
    {
        _show = show;
        _interval = interval;
    }

    /// <summary>Runs <paramref name="body"/> with a display of what it reports.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="command">The command, for notices.</param>
    /// <param name="body">What reports.</param>
    public static T Run<T>(Terminal terminal, string command, Func<IProgress<DataProgress>, T> body)
    {
        DataReporter? reporter = null;
        try
        {
            return terminal.IsLive ? RunLive(live => body(reporter = live)) : body(reporter = new DataReporter(
                (text, _) =>
                {
                    terminal.Output.WriteLine(text);
                    terminal.Output.Flush();
                },
                MillisecondsBetweenLines));
        }
        finally
        {
            foreach (string notice in reporter?._notices ?? [])
            {
                terminal.Error.WriteLine($"exponential {command}: notice: {notice}");
            }
        }
    }

    /// <summary>Takes one report.</summary>
    public void Report(DataProgress report)
    {
        switch (report)
        {
            case BytesDownloaded download:
                Show(download.Done, download.Total, () => Invariant(
                    $"Downloading {download.Address}: {Megabytes(download.Done):F1} of {Megabytes(download.Total):F1} MB"));
                break;
            case ImagesDecoded decoded:
                Show(decoded.Done, decoded.Total, () => Invariant($"Decoding images: {decoded.Done:N0} of {decoded.Total:N0}"));
                break;
            case ImagesSkipped skipped:
                _notices.Add(Invariant(
                    $"{skipped.Count:N0} of {skipped.Total:N0} images cannot be read and are left out; the first: {Output.Plain(skipped.FirstReason.ReplaceLineEndings(" "))}"));
                break;
            case CacheNotWritten cache:
                _notices.Add($"the scaled images were not kept{(cache.Path is null ? "" : $" in {cache.Path}")}: {cache.Message.ReplaceLineEndings(" ")}");
                break;
            default:
                break;
        }
    }

    private static T RunLive<T>(Func<DataReporter, T> body) => AnsiConsole.Console.Progress()
        .AutoClear(true)
        .Columns(new ProgressBarColumn { Width = 24 }, new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context =>
        {
            ProgressTask? task = null;
            return body(new DataReporter(
                (text, share) =>
                {
                    task ??= context.AddTask(Markup.Escape(text), maxValue: 1);
                    task.Description = Markup.Escape(text);
                    task.Value = share;
                },
                MillisecondsBetweenRedraws));
        });

    private static double Megabytes(long bytes) => bytes / 1e6;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Show(long done, long total, Func<string> text)
    {
        long now = Environment.TickCount64;
        if (now - _last >= _interval)
        {
            _last = now;
            _show(text(), (double)done / total);
        }
    }
}
