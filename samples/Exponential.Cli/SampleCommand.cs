using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary><c>exponential sample</c>: a grid of images drawn from a trained model.</summary>
internal static class SampleCommand
{
    private const long DefaultCount = 64;

    /// <summary>A grid of more would be a picture that few programs open.</summary>
    public const int MostImages = 4096;

    /// <summary>Images drawn at a time, so that memory does not grow with their number, and Ctrl+C need not wait for all.</summary>
    private const int BatchSize = 64;

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal, CancellationToken stop)
    {
        Argument<string> run = RunArgument.Create();
        Option<long> count = Parsers.Whole("--count", "Images to draw; 64 if left out.", 1, MostImages, "-n");
        Option<double> temperature = Parsers.Real(
            "--temperature", "Factor of the Gaussian deviations; 1 if left out.", v => v >= 0, "a number, at least 0", "-t");
        Option<ulong> seed = Parsers.Seed("Seed of the samples; 0 if left out.");
        Option<string> output = Parsers.Value(
            "--output",
            "The PNG file; one in the run's folder, named after seed and temperature, if left out.",
            (string text, out string value) => (value = text).EndsWith(".png", StringComparison.OrdinalIgnoreCase),
            "a file name that ends in .png",
            "file",
            "-o");
        Option<long> threads = Parsers.Whole("--threads", "Threads of the arithmetic; 0 for one a core.", 0, 1024);
        Option<bool> json = Parsers.Flag("--json", "Print one JSON object.");
        var command = new Command("sample", "Draw images from a trained model into a PNG grid.") { run, count, temperature, seed, output, threads, json };
        command.SetAction(parsed =>
        {
            string path = RunArgument.Checkpoint(parsed.GetRequiredValue(run));
            int images = (int)(parsed.GetResult(count) is null ? DefaultCount : parsed.GetValue(count));
            double heat = parsed.GetResult(temperature) is null ? 1 : parsed.GetValue(temperature);
            ulong start = parsed.GetValue(seed);
            string file = Path.GetFullPath(parsed.GetValue(output) ?? Path.Combine(
                Path.GetDirectoryName(Path.GetFullPath(path))!,
                string.Create(CultureInfo.InvariantCulture, $"sample_seed{start}_temperature{heat}.png")));

            RunArgument.UseThreads(parsed.GetValue(threads));
            ImageModel model = Checkpoint.LoadModel(path);
            RgbImage grid = ImageGrid.FromTensor(Draw(model, images, new Generator(start), heat, stop));
            Output.Write("sample --output", () => ImageFile.WritePng(file, grid));
            terminal.Output.WriteLine(parsed.GetValue(json)
                ? new JsonObject
                {
                    ["file"] = Path.GetFullPath(path),
                    ["picture"] = file,
                    ["count"] = images,
                    ["temperature"] = heat,
                    ["manual_seed"] = start,
                }.ToJsonString(Output.Indented)
                : string.Create(CultureInfo.InvariantCulture, $"{Output.Count(images, "sample")} at temperature {heat}: {file}"));
            return CommandLine.Success;
        });
        return command;
    }

    /// <summary>Samples [count, C, H, W], drawn one batch after the other from one generator.</summary>
    private static Tensor Draw(ImageModel model, int count, Generator generator, double temperature, CancellationToken stop)
    {
        var batches = new List<Tensor>();
        for (int drawn = 0; drawn < count; drawn += BatchSize)
        {
            stop.ThrowIfCancellationRequested();
            batches.Add(model.Sample(Math.Min(BatchSize, count - drawn), generator, temperature));
        }

        return Tensor.Cat([.. batches], 0);
    }
}
