using System.CommandLine;
using System.Globalization;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary><c>exponential train</c>.</summary>
internal static class TrainCommand
{
    /// <summary>Between two lines of a log.</summary>
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    /// <summary>Makes the command, and groups its options for the help.</summary>
    public static (Command Command, IReadOnlyList<OptionGroup> Groups) Create(Terminal terminal, CancellationToken stop)
    {
        var options = new TrainOptions();
        var command = new Command(
            "train",
            "Train a mixing flow. Without a model option, the quick preset: a small convolution-exponential flow for a first look. With any, the "
            + "original's defaults, in brackets. Options may be written with hyphens, too: --n-levels.");
        options.AddTo(command);
        command.SetAction(parsed => Run(options, parsed, terminal, stop));
        return (command, options.Groups);
    }

    private static int Run(TrainOptions options, ParseResult parsed, Terminal terminal, CancellationToken stop)
    {
        string? resumed = options.ResumedRun(parsed);
        TrainingSettings settings = resumed is null
            ? options.Settings(parsed)
            : options.Resumed(Checkpoint.ReadSettings(RunArgument.LastCheckpoint(resumed)), parsed);
        settings = WithData(settings, options.IsDownload(parsed));
        RequireValid(settings.Validate);
        foreach (string notice in options.Notices(parsed, settings))
        {
            terminal.Error.WriteLine($"exponential train: notice: {notice}");
        }

        if (resumed is null && options.IsQuick(parsed))
        {
            terminal.Output.WriteLine("Quick preset: no model option was given. See 'exponential train --help' for the original's settings.");
        }

        if (options.IsDownload(parsed))
        {
            settings = settings with { DataDirectory = DataSource.Download(terminal, "train", settings.DataDirectory, stop) };
        }

        ImageDataset data = DataSource.Open(terminal, "train", settings, stop);
        RequireValid(() => settings.Validate(data.ImageShape));
        TrainingResult result = Progressing(terminal, reporter => resumed is null
            ? Trainer.Run(settings, data, reporter, stop)
            : Trainer.Resume(resumed, data, settings, reporter, stop));
        Report(result, settings, terminal.Output);
        return CommandLine.Success;
    }

    private static TrainingResult Progressing(Terminal terminal, Func<TrainReporter, TrainingResult> run) =>
        terminal.IsLive ? LiveReporter.Run(terminal.Error, run) : run(new PlainReporter(terminal, PlainInterval));

    /// <summary>The settings with the folder of an earlier download, where they need one and name none.</summary>
    private static TrainingSettings WithData(TrainingSettings settings, bool isDownload)
    {
        if (!Datasets.Names.Contains(settings.Dataset))
        {
            throw new UsageException("train", $"--dataset: expected {string.Join(" or ", Datasets.Names)}; got '{settings.Dataset}'");
        }

        bool isCifar10 = settings.Dataset == Cifar10.Name;
        if (isDownload && !isCifar10)
        {
            throw new UsageException("train", $"--download: only {Cifar10.Name} can be downloaded; --dataset is {settings.Dataset}", "Leave it out.");
        }

        string? folder = settings.DataDirectory ?? (isCifar10 ? Cifar10.FindDownloaded() : null);
        if (settings.Dataset != BuiltInImages.Name && folder is null && !isDownload)
        {
            throw new UsageException(
                "train",
                $"--dataset {settings.Dataset} needs --data, the folder of its files{(isCifar10 ? ", or --download, which fetches them (170 MB)" : "")}",
                "Leave --dataset out for the built-in images, which need no file.");
        }

        return settings with { DataDirectory = folder };
    }

    /// <summary>What the settings themselves make impossible is the command line's fault.</summary>
    private static void RequireValid(Action validate)
    {
        try
        {
            validate();
        }
        catch (ArgumentException e)
        {
            throw new UsageException("train", $"--{e.Message}");
        }
    }

    private static void Report(TrainingResult result, TrainingSettings settings, TextWriter output)
    {
        if (result.TestBitsPerDim is double bits)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"Test: {bits:F4} bits/dim, a negative ELBO of {result.TestNegativeElbo:F1} nats an image"));
        }

        if (result.TestImportanceWeightedBitsPerDim is double weighted)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"Test, importance-weighted over {Output.Count(settings.ImportanceSamples, "sample")} an image: {weighted:F4} bits/dim"));
        }

        if (result.WorstReconstructionError is double error)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Worst reconstruction error, max |decode(encode(v)) - v| / 256: {Output.Text(error, "E2")}"));
        }

        if (result.Reason == StopReason.Cancelled && File.Exists(Path.Combine(result.Folder, RunFolder.LastName)))
        {
            output.WriteLine($"To continue: exponential train --resume {Quoted(result.Folder)}");
        }

        output.WriteLine($"Run folder: {result.Folder}");
    }

    private static string Quoted(string path) => path.Contains(' ') ? $"\"{path}\"" : path;
}
