using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary><c>exponential evaluate</c>: bits per dimension of a trained model, and how exactly it inverts itself.</summary>
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
        Option<long> samples = Parsers.Whole(
            "--iw_samples", "Draws of noise an image in the importance-weighted figure, which is measured besides; 0 for no such figure.", 0, int.MaxValue);
        Option<bool> verify = Parsers.Flag(
            "--verify", "Measure the reconstruction error over all the images, and how exactly each step of the flow inverts itself.");
        Option<bool> gradients = Parsers.Flag(
            "--verify_gradients",
            "Measure, batch by batch, how far the gradients of activations rebuilt by the inverse are from those of stored ones, and those from float64's.");
        Option<ConvExpTerms> plan = Parsers.Choice("--convexp_plan", "Terms of the exponential; the run's if left out.", SettingWords.ConvExpTerms);
        Option<DType> dtype = Parsers.Choice("--dtype", "Number type to compute in; the run's if left out.", SettingWords.DTypes);
        Option<ArithmeticAccuracy> arithmetic = Parsers.Choice(
            "--arithmetic", "Accuracy of float32 convolutions; the run's if left out.", SettingWords.Arithmetics);
        Option<long> threads = Parsers.Whole("--threads", "Threads of the arithmetic; 0 for one a core.", 0, 1024);
        Option<bool> json = Parsers.Flag("--json", "Print one JSON object.");
        var command = new Command("evaluate", "Measure a trained model: bits per dimension, and how exactly it inverts itself.")
        {
            run, split, images, batch, data, seed, samples, verify, gradients, plan, dtype, arithmetic, threads, json,
        };
        command.SetAction(parsed =>
        {
            string path = RunArgument.Checkpoint(parsed.GetRequiredValue(run));
            TrainingSettings settings = Checkpoint.ReadSettings(path);
            RunArgument.UseThreads(parsed.GetValue(threads));
            CpuArithmetic.Accuracy = parsed.GetResult(arithmetic) is null ? settings.Arithmetic : parsed.GetValue(arithmetic);
            if (parsed.GetResult(data) is not null && settings.Dataset == BuiltInImages.Name)
            {
                terminal.Error.WriteLine($"exponential evaluate: notice: {RunArgument.UnusedFolder}");
            }

            if (parsed.GetResult(plan) is not null && settings.Mixing != Mixing.ConvExp)
            {
                terminal.Error.WriteLine($"exponential evaluate: notice: {RunArgument.WithoutConvExp(plan.Name, settings)}");
            }

            ImageDataset dataset = DataSource.Open(
                terminal, "evaluate", settings with { DataDirectory = parsed.GetValue(data) ?? settings.DataDirectory }, stop);
            ImageSet set = parsed.GetValue(split) == Split.Validation ? dataset.Validation : dataset.Test;
            int most = (int)parsed.GetValue(images);
            set = most > 0 && most < set.Count ? set.Take(most) : set;
            int size = parsed.GetValue(batch) is > 0 and long given ? (int)given : settings.BatchSize;

            TrainingSettings asked = settings with
            {
                ConvExpTerms = parsed.GetResult(plan) is null ? settings.ConvExpTerms : parsed.GetValue(plan),
                DType = parsed.GetResult(dtype) is null ? settings.DType : parsed.GetValue(dtype),
            };
            ImageModel model = Checkpoint.LoadModel(path, asked, set.ImageShape);
            int draws = (int)parsed.GetValue(samples);
            double bits = Evaluation.BitsPerDim(model, set, size, Noise(), stop);
            double? weighted = draws > 0 ? Evaluation.ImportanceWeightedBitsPerDim(model, set, draws, size, Noise(), stop) : null;
            VerificationResult? verified = parsed.GetValue(verify) ? Evaluation.Verify(model, set, size, stop) : null;
            double worst = verified?.ReconstructionError
                ?? Evaluation.WorstReconstructionError(model, set.Take(Math.Min(Evaluation.ReconstructedImages, set.Count)));
            GradientFigures? compared = parsed.GetValue(gradients) ? GradientFigures.Measure(path, asked, model.Flow, set, size, stop) : null;
            var result = new Figures(Path.GetFullPath(path), set, bits, BitsPerDim.ToNats(bits, set.ImageShape), draws, weighted, worst, verified, compared);
            terminal.Output.WriteLine(parsed.GetValue(json) ? Json(result).ToJsonString(Output.Indented) : Text(result));
            return CommandLine.Success;

            Generator Noise() => parsed.GetResult(seed) is null ? Evaluation.TestNoise(settings) : new Generator(parsed.GetValue(seed));
        });
        return command;
    }

    private static JsonObject Json(Figures f)
    {
        var json = new JsonObject
        {
            ["file"] = f.File,
            ["images"] = f.Set.Name,
            ["count"] = f.Set.Count,
            ["bits_per_dim"] = Output.Number(f.Bits),
            ["negative_elbo"] = Output.Number(f.Nats),
        };
        if (f.Weighted is double weighted)
        {
            json["importance_samples"] = f.Draws;
            json["importance_weighted_bits_per_dim"] = Output.Number(weighted);
        }

        json["worst_reconstruction_error"] = Output.Number(f.Worst);
        if (f.Verified is VerificationResult verified)
        {
            json["inverse_residual"] = Output.Number(verified.InverseResidual);
            json["steps"] = Steps(verified.Steps);
            if (verified.NoiseSteps.Count > 0)
            {
                json["noise_steps"] = Steps(verified.NoiseSteps);
            }
        }

        f.Gradients?.AddTo(json);
        return json;
    }

    private static JsonArray Steps(IEnumerable<StepResidual> steps) => new([.. steps.Select(step => new JsonObject
    {
        ["name"] = step.Name,
        ["type"] = step.Type,
        ["inverse_residual"] = Output.Number(step.InverseResidual),
    })]);

    private static string Text(Figures f)
    {
        List<string> lines =
        [
            f.File,
            Invariant($"{Output.Count(f.Set.Count, "image")} of {f.Set.Name}: {Output.Text(f.Bits, "F4")} bits/dim, a negative ELBO of {Output.Text(f.Nats, "F1")} nats an image"),
        ];
        if (f.Weighted is double weighted)
        {
            lines.Add(Invariant($"Importance-weighted, {Output.Count(f.Draws, "sample")} an image: {Output.Text(weighted, "F4")} bits/dim"));
        }

        lines.Add($"Worst reconstruction error, max |decode(encode(v)) - v| / 256: {Output.Text(f.Worst, "E2")}");
        if (f.Verified is VerificationResult verified)
        {
            lines.Add($"Inverse residual, max |encode(decode(z)) - z|: {Output.Text(verified.InverseResidual, "E2")}");
            AddWorst("Of one step alone", verified.Steps);
            AddWorst("Of one step of the noise's flow", verified.NoiseSteps);
        }

        lines.AddRange(f.Gradients?.Lines() ?? []);
        return string.Join(Environment.NewLine, lines);

        void AddWorst(string of, IReadOnlyList<StepResidual> steps)
        {
            if (steps.MaxBy(step => step.InverseResidual) is StepResidual worst)
            {
                lines.Add($"{of} at most {Output.Text(worst.InverseResidual, "E2")}: {worst.Name}, {worst.Type}");
            }
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Figures(
        string File,
        ImageSet Set,
        double Bits,
        double Nats,
        int Draws,
        double? Weighted,
        double Worst,
        VerificationResult? Verified,
        GradientFigures? Gradients);
}
