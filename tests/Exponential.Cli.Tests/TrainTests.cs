using System.Globalization;
using System.Text.Json.Nodes;
using Exponential.Cli;
using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public sealed class TrainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void RunCanBeEvaluatedSampledAndShown()
    {
        CliResult trained = Train("run", "--max_steps", "5", "--log-interval=2");
        string run = _folder.File("run");
        Assert.Equal("", trained.Error);
        Assert.Equal(CommandLine.Success, trained.Code);
        Assert.Contains("step 5/5", trained.Output);
        Assert.EndsWith($"Run folder: {run}", trained.Output.TrimEnd());
        foreach (string name in new[] { RunFolder.CurvesName, RunFolder.SamplesName, RunFolder.ReconstructionName })
        {
            RgbImage picture = ImageFile.Read(Path.Combine(run, name));
            Assert.True(picture.Pixels.Distinct().Count() > 10, $"{name} shows next to nothing");
        }

        MetricsLine result = RunFolder.ReadMetrics(run)[^1];
        Assert.Contains($"Test: {result.TestBitsPerDim:F4} bits/dim", trained.Output);

        // The same noise as in the run's own test, so the same number.
        JsonNode evaluated = Json("evaluate", run, "--max_images", "16", "--json");
        Assert.Equal(result.TestBitsPerDim, (double?)evaluated["bits_per_dim"]);
        Assert.Equal(result.WorstReconstructionError, (double?)evaluated["worst_reconstruction_error"]);
        Assert.Equal(16, (int?)evaluated["count"]);
        Assert.Contains("16 images of shapes/validation", Cli.Run("evaluate", run, "--split", "validation", "--max-images", "16").Output);

        JsonNode sampled = Json("sample", run, "--count", "5", "--temperature", "0.7", "--manual_seed", "3", "--json");
        string picturePath = (string)sampled["picture"]!;
        Assert.Equal(Path.Combine(run, "sample_seed3_temperature0.7.png"), picturePath);
        Assert.Equal((5 * 34) + 2, ImageFile.Read(picturePath).Width);
        string other = _folder.File("other.png");
        Assert.Equal(0, Cli.Run("sample", Path.Combine(run, RunFolder.LastName), "-n", "5", "-t", "0.7", "--manual_seed", "4", "-o", other).Code);
        Assert.NotEqual(File.ReadAllBytes(picturePath), File.ReadAllBytes(other));

        JsonNode info = Json("info", run, "--json");
        Assert.Equal(5, (long?)info["step"]);
        Assert.Equal("convexp", (string?)info["settings"]!["mixing"]);
        Assert.Equal(Checkpoint.LoadFlow(Path.Combine(run, RunFolder.BestName)).ParameterCount(), (long?)info["parameters"]);
        string text = Cli.Run("info", Path.Combine(run, RunFolder.BestName)).Output;
        Assert.Contains("model_pv.transformations.2.kernel_orig", text);
        Assert.Contains($"{(long)info["parameters"]!:N0} parameters", text);
    }

    [Fact]
    public void InterruptedRunResumes()
    {
        using var stop = new CancellationTokenSource();
        string[] args = [.. Arguments("run"), "--max_steps", "4", "--checkpoint_interval_steps", "1"];
        CliResult stopped = Cli.Run(args, stop.Token, line =>
        {
            if (line.StartsWith("convexp mixing flow", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        });
        string run = _folder.File("run");
        Assert.Equal(CommandLine.Success, stopped.Code);
        Assert.Contains("Stopped after step 0; everything is saved.", stopped.Output);
        Assert.Contains($"To continue: exponential train --resume {run}", stopped.Output);

        CliResult resumed = Cli.Run("train", "--resume", run, "--max_steps", "3", "--threads", "1");
        Assert.Equal("", resumed.Error);
        Assert.Contains("step 3/3", resumed.Output);
        Assert.Contains("Test: ", resumed.Output);

        CliResult other = Cli.Run("train", "--resume", run, "--n_levels", "3");
        Assert.Equal(CommandLine.Usage, other.Code);
        Assert.Equal(
            [
                "exponential train: --n_levels cannot change when a run is resumed: the run has 2; got 3",
                "Leave it out: the run's own settings hold. Nothing has been changed.",
            ],
            other.ErrorLines);
    }

    [Fact]
    public void ContradictingResumeNamesBothValuesAndChangesNothing()
    {
        Assert.Equal(0, Train("run", "--max_steps", "1").Code);
        string run = _folder.File("run");
        var before = Directory.GetFiles(run).ToDictionary(path => path, File.ReadAllBytes);
        AssertRefused("--learning-rate 0.5", "--learning_rate", "0.001", "0.5");
        AssertRefused("--mixing 1x1", "--mixing", "convexp", "1x1");
        AssertRefused("--use_gated_conv", "--use_gated_conv", "false", "true");
        AssertRefused("--max_steps 3 --exp_name other", "--exp_name", "run", "other");
        AssertRefused("--out-dir elsewhere", "--out_dir", _folder.Root, Path.GetFullPath("elsewhere"));
        AssertRefused("--no-checkpoints", "--no_checkpoints", "false", "true");
        Assert.Equal(before.Keys.Order(), Directory.GetFiles(run).Order());
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));

        // What the run has anyway may be said again.
        CliResult same = Cli.Run([.. Arguments("run"), "--model_type", "mixing", "--resume", run, "--max_steps", "2"]);
        Assert.Equal("", same.Error);
        Assert.Contains("step 2/2", same.Output);

        byte[] settings = File.ReadAllBytes(Path.Combine(run, "settings.json"));
        CliResult fewer = Cli.Run("train", "--resume", run, "--max_steps", "1");
        Assert.Equal(CommandLine.Failure, fewer.Code);
        Assert.Equal(["exponential: resume: max_steps: the run has taken 2 steps; got 1, fewer than those. Raise it, or leave it out"], fewer.ErrorLines);
        Assert.Equal(settings, File.ReadAllBytes(Path.Combine(run, "settings.json")));

        void AssertRefused(string more, string option, string own, string given)
        {
            CliResult refused = Cli.Run(["train", "--resume", run, .. more.Split(' ')]);
            Assert.Equal(CommandLine.Usage, refused.Code);
            Assert.Equal(
                [
                    $"exponential train: {option} cannot change when a run is resumed: the run has {own}; got {given}",
                    "Leave it out: the run's own settings hold. Nothing has been changed.",
                ],
                refused.ErrorLines);
        }
    }

    [Fact]
    public void RunWhoseMetricsAreGoneGoesOnWithANotice()
    {
        Assert.Equal(0, Train("run", "--max_steps", "2", "--log_interval", "1").Code);
        string metrics = _folder.File("run", RunFolder.MetricsName);
        File.Delete(metrics);
        CliResult resumed = Cli.Run("train", "--resume", _folder.File("run"), "--max_steps", "3");
        Assert.Equal(CommandLine.Success, resumed.Code);
        Assert.Equal(
            [$"exponential train: notice: {metrics} is gone, with the 3 lines it had; the run goes on, and its metrics begin anew"], resumed.ErrorLines);
        Assert.Equal(3, RunFolder.ReadMetrics(_folder.File("run"))[0].Step);
    }

    [Fact]
    public void OptionsWithoutEffectEarnANoticeEach()
    {
        CliResult plain = Train("plain", "--max_steps", "1", "--manual_seed", "3");
        CliResult noticed = Train(
            "noticed", "--max_steps", "1", "--manual_seed", "3", "-va", "-nc", "--attention", "full", "--variable-type=continuous",
            "--data_augmentation_level", "2", "-es", "300", "--data", _folder.Root, "--image_size", "16");
        Assert.Equal("", plain.Error);
        Assert.Equal(CommandLine.Success, noticed.Code);
        Assert.Equal(
            [
                "exponential train: notice: --validation has no effect, as in the original: the best model is tested at the end in any case",
                "exponential train: notice: --data_augmentation_level has no effect, as in the original: the data set alone decides how its images are augmented",
                "exponential train: notice: --variable_type has no effect, as in the original: pixel values are whole numbers, and dequantized",
                "exponential train: notice: --attention has no effect, as in the original: its networks have no attention",
                "exponential train: notice: --no_cuda has no effect: the CPU is the only device here",
                "exponential train: notice: --early_stopping_epochs ends the run here; in the original it has no effect",
                "exponential train: notice: --data has no effect: the images of the data set shapes are drawn by the program",
                "exponential train: notice: --image_size has no effect: the images of the data set shapes have a size of their own",
            ],
            noticed.ErrorLines);
        Assert.Equal(
            RunFolder.ReadMetrics(_folder.File("plain"))[^1].TestBitsPerDim, RunFolder.ReadMetrics(_folder.File("noticed"))[^1].TestBitsPerDim);
    }

    [Fact]
    public void OptionsOfAnotherModelEarnANoticeEach()
    {
        CliResult result = Cli.Run(
        [
            "train", "--mixing", "1x1", "--n_levels", "1", .. Cli.TinyModel.Skip(2).Where(text => text is not ("--mixing" or "convexp")), "--out_dir", _folder.Root, "--exp_name", "run", "--max_steps", "1",
            "--convexp_coeff", "0.9", "--convexp_plan", "tolerance", "--n_context", "3", "--dequantize_levels", "2", "--dequantize_subflows", "1",
        ]);
        Assert.Equal(
            [
                "exponential train: notice: --convexp_coeff has no effect: the mixing is 1x1, not convexp",
                "exponential train: notice: --convexp_plan has no effect: the mixing is 1x1, not convexp",
                "exponential train: notice: --dequantize_levels has no effect: it is of --dequantize_distribution flow",
                "exponential train: notice: --dequantize_subflows has no effect: it is of --dequantize_distribution flow",
                "exponential train: notice: --n_context has no effect: it is of --dequantize_distribution flow",
            ],
            result.ErrorLines);
        Assert.Contains("1 level x 1 subflow, ", result.Output);
        Assert.Contains(", 1 step in all", result.Output);
        Assert.DoesNotContain("estimating", result.Output);
        Assert.Contains("The step is done; testing the best model.", result.Output);

        CliResult evaluated = Cli.Run("evaluate", _folder.File("run"), "--max_images", "1", "--iw_samples", "1", "--convexp_plan", "original");
        Assert.Equal(["exponential evaluate: notice: --convexp_plan has no effect: the mixing is 1x1, not convexp"], evaluated.ErrorLines);
        Assert.Contains("1 image of shapes/test", evaluated.Output);
        Assert.Contains("Importance-weighted, 1 sample an image", evaluated.Output);
        Assert.StartsWith("1 sample at temperature 1", Cli.Run("sample", _folder.File("run"), "-n", "1").Output);

        CliResult described = Train("other", "--max_steps", "1", "--dequantize_distribution", "flow", "--n_context", "3", "--convexp_coeff", "0.9");
        Assert.Equal("", described.Error);
    }

    [Fact]
    public void WhatIsNoSafetensorsFileIsSaidToBeNone()
    {
        string path = _folder.File("notes.txt");
        File.WriteAllText(path, "not a model, but words of some length");
        Assert.EndsWith("it is cut short, or no safetensors file", Assert.Single(Cli.Run("evaluate", path).ErrorLines));
    }

    [Fact]
    public void EveryOptionOfTheOriginalIsTaken()
    {
        // Its settings.py, in order, with the short forms, each at its default there.
        TrainingSettings settings = Parse(
            "-d cifar10 -nc --manual_seed 1 -li 20 --evaluate_interval_epochs 25 -od snapshots -te -e 1000 -es 300 -bs 256 -lr 0.001 --warmup 10 "
            + "--data_augmentation_level 2 --variable_type discrete --dequantize_distribution uniform --n_levels 2 --n_subflows 4 --n_context 32 "
            + "--n_intermediate_channels 64 --densenet_depth 8 --densenet_growth 64 --n_densenets 1 --n_scales 1 --use_gated_conv --use_splitprior "
            + "--mixing 1x1 --convexp_coeff 0.95 --attention none --dropout_p 0.0 --dequantize_subflows 4 --dequantize_levels 1 --exp_name a "
            + "--break_epoch --lr_decay 0.995");
        TrainingSettings expected = new()
        {
            Dataset = "cifar10",
            OutputDirectory = Path.GetFullPath("snapshots"),
            ExperimentName = "a",
            EarlyStoppingEpochs = 300,
            UseGatedConv = true,
            UseSplitPrior = true,
            BreakEpoch = true,
        };
        Assert.Equal(expected, settings);
        Assert.Equal(new TrainingSettings(), Parse("--testing --model-type mixing"));
        Assert.Equal(new TrainingSettings { EarlyStoppingEpochs = 7, BreakEpoch = true }, Parse("--model_type=mixing --early-stopping-epochs 7 --break-epoch"));
    }

    [Fact]
    public void RunWithoutCheckpointsIsTestedAndLeavesNone()
    {
        CliResult result = Train("run", "--max_steps", "2", "--no-checkpoints", "--sample-images", "0", "--break_epoch", "--iw-samples", "3");
        Assert.Equal("", result.Error);
        MetricsLine test = RunFolder.ReadMetrics(_folder.File("run"))[^1];
        Assert.Contains($"Test: {test.TestBitsPerDim:F4} bits/dim, a negative ELBO of {test.TestNegativeElbo:F1} nats an image", result.Output);
        Assert.Contains($"Test, importance-weighted over 3 samples an image: {test.TestImportanceWeightedBitsPerDim:F4} bits/dim", result.Output);
        Assert.Equal(
            [RunFolder.CurvesName, RunFolder.MetricsName, RunFolder.ReconstructionName, RunFolder.SettingsName],
            Directory.GetFiles(_folder.File("run")).Select(path => Path.GetFileName(path)).Order());

        using var stop = new CancellationTokenSource();
        CliResult stopped = Cli.Run([.. Arguments("other"), "--no_checkpoints"], stop.Token, line =>
        {
            if (line.StartsWith("convexp mixing flow", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        });
        Assert.Contains("Stopped after step 0; nothing is saved, as --no_checkpoints asked.", stopped.Output);
        Assert.DoesNotContain("--resume", stopped.Output);
    }

    [Fact]
    public void RunThatStopsImprovingEnds()
    {
        CliResult result = Train("run", "--break_epoch", "--lr", "1e-30", "--early_stopping_epochs", "1", "--epochs", "30", "--no_checkpoints");
        Assert.Equal(CommandLine.Success, result.Code);
        Assert.Contains("No better validation for as many epochs as --early_stopping_epochs allows: the run ends after step ", result.Output);
        Assert.Contains("Test: ", result.Output);
    }

    [Fact]
    public void EvaluateWeighsAndVerifies()
    {
        Assert.Equal(0, Train("run", "--max_steps", "2", "--iw_samples", "4").Code);
        string run = _folder.File("run");
        MetricsLine test = RunFolder.ReadMetrics(run)[^1];
        JsonNode json = Json("evaluate", run, "--max_images", "16", "--iw_samples", "4", "--verify", "--json");
        Assert.Equal((4, test.TestImportanceWeightedBitsPerDim), ((int)json["importance_samples"]!, (double?)json["importance_weighted_bits_per_dim"]));
        Assert.Equal(test.TestNegativeElbo, (double?)json["negative_elbo"]);
        Assert.InRange((double)json["inverse_residual"]!, 0, 1e-3);
        Assert.InRange((double)json["worst_reconstruction_error"]!, 0, 1e-4);
        JsonArray steps = json["steps"]!.AsArray();
        Assert.Contains(steps, step => (string?)step!["type"] == "ConvExp");
        Assert.All(steps, step => Assert.InRange((double)step!["inverse_residual"]!, 0, 1e-3));

        CliResult text = Cli.Run("evaluate", run, "--max-images", "16", "--iw-samples", "4", "--verify", "--data", _folder.Root);
        Assert.Contains($"Importance-weighted, 4 samples an image: {test.TestImportanceWeightedBitsPerDim:F4} bits/dim", text.Output);
        Assert.Contains("Inverse residual, max |encode(decode(z)) - z|: ", text.Output);
        Assert.Matches(@"Of one step alone at most \S+: transformations\.\d+, \w+", text.Output);
        Assert.Equal(
            ["exponential evaluate: notice: --data has no effect: the images of the data set shapes are drawn by the program"], text.ErrorLines);
    }

    [Fact]
    public void EvaluateComparesGradients()
    {
        Assert.Equal(0, Train("run", "--max_steps", "2").Code);
        string[] arguments = ["evaluate", _folder.File("run"), "--max_images", "16", "--batch_size", "8", "--convexp_plan", "tolerance", "--verify_gradients"];
        JsonNode json = Json([.. arguments, "--json"]);
        JsonArray rebuilt = json["rebuilt_gradients"]!.AsArray();
        Assert.Equal(2, rebuilt.Count);
        Assert.All(rebuilt, batch => Assert.InRange((double)batch!["whole"]!, double.Epsilon, 1e-4));
        Assert.All(rebuilt, batch => Assert.NotNull(batch!["element"]));
        Assert.Equal(2, json["stored_gradients"]!.AsArray().Count);
        Assert.Empty(json["stored_steps"]!.AsArray());
        JsonNode exact = Json([.. arguments, "--dtype", "float64", "--json"]);
        Assert.All(exact["rebuilt_gradients"]!.AsArray(), batch => Assert.InRange((double)batch!["whole"]!, 0, 1e-10));
        Assert.Null(exact["stored_gradients"]);

        string text = Cli.Run(arguments).Output;
        Assert.Matches(@"Gradients of rebuilt activations, from those of stored ones, at worst \(batches: 2\): \S+ of the whole, one element \S+ of its", text);
        Assert.Contains("Gradients of stored activations, from those in float64, at worst (batches: 2): ", text);
        Assert.DoesNotContain("Inputs kept", text);
    }

    [Fact]
    public void InputsThatAreKeptAreCounted()
    {
        var figures = new GradientFigures([new(0, 0)], [], [new("transformations.0", "ConvExp", 1, true), new("transformations.1", "ActNorm", 0, false)]);
        Assert.Equal("Inputs kept, for the inverse does not rebuild them to rounding: those of 1 of 2 steps", figures.Lines().Last());
    }

    [Fact]
    public void NumbersDoNotDependOnTheCulture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        german.NumberFormat.NumberDecimalSeparator = ",";
        german.NumberFormat.NumberGroupSeparator = ".";
        try
        {
            CultureInfo.CurrentCulture = german;
            CliResult trained = Train("run", "--max_steps", "1", "--learning_rate", "0.0005");
            Assert.Equal("", trained.Error);
            Assert.Contains("5,000 images", trained.Output);
            Assert.Matches(@"Test: \d+\.\d{4} bits/dim", trained.Output);
            Assert.Equal(0.0005, Checkpoint.ReadSettings(_folder.File("run", RunFolder.LastName)).LearningRate);
            Assert.Contains("\"learning_rate\": 0.0005", File.ReadAllText(_folder.File("run", RunFolder.SettingsName)));
            Assert.Same(german, CultureInfo.CurrentCulture);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void NonFiniteLossStopsTheRunAndNamesTheModule()
    {
        CliResult result = Train("run", "--max_steps", "50", "--learning_rate", "1e30");
        Assert.Equal(CommandLine.Failure, result.Code);
        string line = Assert.Single(result.ErrorLines);
        Assert.Matches(@"^exponential: train: step [2-9]: the (loss|gradient) is not finite, (first|last) in module model_pv\.transformations\.\d+", line);
        Assert.Equal(0, Cli.Run("info", _folder.File("run")).Code);
    }

    [Fact]
    public void ResultsThatAreNotFiniteArePrintedAsSuch()
    {
        Assert.Equal(0, Train("run", "--max_steps", "1").Code);
        string best = _folder.File("run", RunFolder.BestName);
        ImageModel model = Checkpoint.LoadModel(best);
        Parameter bias = model.NamedParameters().First(item => item.Name.EndsWith("post_transform_bias", StringComparison.Ordinal)).Parameter;
        bias.Value = Tensor.Full(bias.Shape, double.NaN, bias.DType);
        var writer = new SafetensorsWriter();
        using (SafetensorsFile file = SafetensorsFile.Open(best))
        {
            foreach ((string key, string value) in file.Metadata)
            {
                writer.AddMetadata(key, value);
            }
        }

        model.State().Write(writer);
        string ruined = _folder.File("ruined.safetensors");
        writer.Write(ruined);
        JsonNode evaluated = Json("evaluate", ruined, "--max_images", "16", "--json");
        Assert.Null(evaluated["bits_per_dim"]);
        Assert.Null(evaluated["worst_reconstruction_error"]);
        string text = Cli.Run("evaluate", ruined, "--max_images", "16").Output;
        Assert.Contains("not finite bits/dim", text);
        Assert.Contains("/ 256: not finite", text);
    }

    [Fact]
    public void SamplesComeFromOneGeneratorWhateverTheirNumber()
    {
        Assert.Equal(0, Train("run", "--max_steps", "1").Code);
        RgbImage few = Picture(64);
        RgbImage many = Picture(70);
        Assert.Equal(few.Width, many.Width);

        // Eight a row: the first eight rows are the same, and a ninth follows.
        int shared = few.Width * 3 * 8 * 34;
        Assert.True(few.Pixels.AsSpan()[..shared].SequenceEqual(many.Pixels.AsSpan()[..shared]));
        Assert.Equal(few.Height + 34, many.Height);

        using var stop = new CancellationTokenSource();
        stop.Cancel();
        CliResult stopped = Cli.Run(["sample", _folder.File("run"), "-o", _folder.File("none.png")], stop.Token);
        Assert.Equal((CommandLine.Failure, "exponential: stopped"), (stopped.Code, Assert.Single(stopped.ErrorLines)));

        RgbImage Picture(int count)
        {
            string path = _folder.File($"{count}.png");
            Assert.Equal(0, Cli.Run("sample", _folder.File("run"), "-n", $"{count}", "-o", path).Code);
            return ImageFile.Read(path);
        }
    }

    [Fact]
    public void NamesInAFileCannotSteerTheTerminal()
    {
        var writer = new SafetensorsWriter();
        writer.Add("a\u001b[2J\u202e.b", new float[] { 1 }, [1]);
        string path = _folder.File("hostile.safetensors");
        writer.Write(path);
        string text = Cli.Run("info", path).Output;
        Assert.Contains(@"a\u001b[2J\u202e.b", text);
        Assert.DoesNotContain(text, c => c is '\u001b' or '\u202e');
    }

    [Fact]
    public void ExistingRunIsNotOverwritten()
    {
        Assert.Equal(0, Train("run", "--max_steps", "1").Code);
        CliResult again = Train("run", "--max_steps", "1");
        Assert.Equal(CommandLine.Failure, again.Code);
        Assert.Contains("exists and is not empty", Assert.Single(again.ErrorLines));
    }

    [Fact]
    public void HostileCheckpointIsOneLine()
    {
        string path = _folder.File("best.safetensors");
        File.WriteAllBytes(path, [255, 255, 255, 255, 255, 255, 255, 127, (byte)'{']);
        foreach (string command in new[] { "evaluate", "sample", "info" })
        {
            CliResult result = Cli.Run(command, path);
            Assert.Equal(CommandLine.Failure, result.Code);
            Assert.Contains(path, Assert.Single(result.ErrorLines));
        }

        File.Move(path, _folder.File("last.safetensors"));
        CliResult resumed = Cli.Run("train", "--resume", _folder.Root);
        Assert.Equal(CommandLine.Failure, resumed.Code);
        Assert.Contains("last.safetensors", Assert.Single(resumed.ErrorLines));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("--batch_size 16 --lr 0.01 --dataset shapes", true)]
    [InlineData("--recompute none --threads 2", true)]
    [InlineData("--n_levels 2", false)]
    [InlineData("--mixing=1x1", false)]
    [InlineData("--use-splitprior", false)]
    public void AnyModelOptionGivesTheOriginalsDefaults(string line, bool isQuick)
    {
        TrainingSettings settings = Parse(line);
        TrainingSettings expected = isQuick ? TrainingSettings.Quick : new TrainingSettings();
        Assert.Equal(
            (expected.DenseNetDepth, expected.DenseNetGrowth, expected.Subflows, expected.MaxSteps, expected.Epochs, expected.Warmup),
            (settings.DenseNetDepth, settings.DenseNetGrowth, settings.Subflows, settings.MaxSteps, settings.Epochs, settings.Warmup));
    }

    [Fact]
    public void DefaultsAreTheOriginals()
    {
        var settings = new TrainingSettings();
        Assert.Equal((1000, 256, 1e-3, 10, 0.995, 0.0), (settings.Epochs, settings.BatchSize, settings.LearningRate, settings.Warmup, settings.LearningRateDecay, settings.WeightDecay));
        Assert.Equal((2, 4, 64, 8, 64), (settings.Levels, settings.Subflows, settings.IntermediateChannels, settings.DenseNetDepth, settings.DenseNetGrowth));
        Assert.Equal((1, 0.0, 0.95, Mixing.Conv1x1), (settings.DenseNets, settings.Dropout, settings.ConvExpCoefficient, settings.Mixing));
        Assert.Equal((20, 25, "snapshots", false, false), (settings.LogInterval, settings.EvaluateIntervalEpochs, settings.OutputDirectory, settings.UseGatedConv, settings.UseSplitPrior));
    }

    public void Dispose() => _folder.Dispose();

    private string[] Arguments(string name) => ["train", .. Cli.TinyModel, "--out_dir", _folder.Root, "--exp_name", name];

    private CliResult Train(string name, params string[] more) => Cli.Run([.. Arguments(name), .. more]);

    private static TrainingSettings Parse(string line)
    {
        var options = new TrainOptions();
        var command = new System.CommandLine.Command("train");
        options.AddTo(command);
        var root = new System.CommandLine.RootCommand { command };
        System.CommandLine.ParseResult parsed = root.Parse(Spelling.Canonical(["train", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)], root));
        Assert.Empty(parsed.Errors);
        return options.Settings(parsed);
    }

    private static JsonNode Json(params string[] args)
    {
        CliResult result = Cli.Run(args);
        Assert.Equal("", result.Error);
        Assert.Equal(CommandLine.Success, result.Code);
        return JsonNode.Parse(result.Output)!;
    }
}
