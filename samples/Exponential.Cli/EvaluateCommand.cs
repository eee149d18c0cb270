using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary><c>exponential evaluate</c>: bits per dimension of a trained model, and its reconstruction error.</summary>
internal static class EvaluateCommand
{
    private enum Split
    {
        Test,
        Validation,
    }

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal, CancellationToken stop)
    {
        Argument<string> run = RunArgument.Create();
        Option<Split> split = Parsers.Choice("--split", "Images to evaluate.", [("test", Split.Test), ("validation", Split.Validation)]);
        Option<long> images = Parsers.Whole("--max_images", "Most images to use; 0 for all.", 0, int.MaxValue);
        Option<long> batch = Parsers.Whole("--batch_size", "Images at a time; the run's if left out.", 1, 1 << 20, "-bs");
        Option<string> data = Parsers.Text("--data", "Folder of the data set's files; the run's if left out.", "folder");
        Option<ulong> seed = Parsers.Seed("Seed of the dequantization noise; that of the run's own test if left out.");
        Option<ConvExpTerms> plan = Parsers.Choice("--convexp_plan", "Terms of the exponential; the run's if left out.", SettingWords.ConvExpTerms);
        Option<DType> dtype = Parsers.Choice("--dtype", "Number type to compute in; the run's if left out.", SettingWords.DTypes);
        Option<long> threads = Parsers.Whole("--threads", "Threads of the arithmetic; 0 for one a core.", 0, 1024);
        Option<bool> json = Parsers.Flag("--json", "Print one JSON object.");
        var command = new Command("evaluate", "Measure a trained model: bits per dimension and reconstruction error.")
        {
            run, split, images, batch, data, seed, plan, dtype, threads, json,
        };
        command.SetAction(parsed =>
        {
            string path = RunArgument.Checkpoint(parsed.GetRequiredValue(run));
            TrainingSettings settings = Checkpoint.ReadSettings(path);
            RunArgument.UseThreads(parsed.GetValue(threads));
            ImageDataset dataset = Datasets.Open(settings.Dataset, parsed.GetValue(data) ?? settings.DataDirectory, imageSize: settings.ImageSize);
            ImageSet set = parsed.GetValue(split) == Split.Validation ? dataset.Validation : dataset.Test;
            int most = (int)parsed.GetValue(images);
            set = most > 0 && most < set.Count ? set.Take(most) : set;
            int size = parsed.GetValue(batch) is > 0 and long given ? (int)given : settings.BatchSize;

            Generator noise = parsed.GetResult(seed) is null ? Evaluation.TestNoise(settings) : new Generator(parsed.GetValue(seed));
            TrainingSettings asked = settings with
            {
                ConvExpTerms = parsed.GetResult(plan) is null ? settings.ConvExpTerms : parsed.GetValue(plan),
                DType = parsed.GetResult(dtype) is null ? settings.DType : parsed.GetValue(dtype),
            };
            ImageModel model = Checkpoint.LoadModel(path, asked, set.ImageShape);
            double bits = Evaluation.BitsPerDim(model, set, size, noise, stop);
            double worst = Evaluation.WorstReconstructionError(model, set.Take(Math.Min(Evaluation.ReconstructedImages, set.Count)));
            terminal.Output.WriteLine(parsed.GetValue(json)
                ? Json(path, set, bits, worst).ToJsonString(Output.Indented)
                : Text(path, set, bits, worst));
            return CommandLine.Success;
        });
        return command;
    }

    private static JsonObject Json(string path, ImageSet set, double bits, double worst) => new()
    {
        ["file"] = Path.GetFullPath(path),
        ["images"] = set.Name,
        ["count"] = set.Count,
        ["bits_per_dim"] = Output.Number(bits),
        ["worst_reconstruction_error"] = Output.Number(worst),
    };

    private static string Text(string path, ImageSet set, double bits, double worst) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        {Path.GetFullPath(path)}
        {set.Count:N0} images of {set.Name}: {Output.Text(bits, "F4")} bits/dim
        Worst reconstruction error, max |decode(encode(v)) - v| / 256: {Output.Text(worst, "E2")}
        """);
}
