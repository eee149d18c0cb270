using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>Downloads and opens data sets, and shows how far that is.</summary>
internal static class DataSource
{
    /// <summary>Downloads CIFAR-10.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="command">The command that asks.</param>
    /// <param name="folder">Where to; the user's cache folder when null.</param>
    /// <param name="stop">Cancelled by Ctrl+C; what has come is kept.</param>
    /// <returns>The folder of the files.</returns>
    public static string Download(Terminal terminal, string command, string? folder, CancellationToken stop) =>
        // The download is the program's only asynchronous part; nothing else goes on beside it.
        DataReporter.Run(terminal, command, reporter => Cifar10.DownloadAsync(folder, reporter, stop).GetAwaiter().GetResult());

    /// <summary>Opens a run's data set.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="command">The command that asks.</param>
    /// <param name="settings">Names the data set.</param>
    /// <param name="stop">Cancelled by Ctrl+C.</param>
    public static ImageDataset Open(Terminal terminal, string command, TrainingSettings settings, CancellationToken stop) => DataReporter.Run(
        terminal,
        command,
        reporter => Datasets.Open(
            settings.Dataset, settings.DataDirectory, imageSize: settings.ImageSize, progress: reporter, cancellationToken: stop));
}
