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
    [InlineData("--n_levels 2", false)]
    [InlineData("--mixing=1x1", false)]
    [InlineData("--use-splitprior", false)]
    public void AnyModelOptionGivesTheOriginalsDefaults(string line, bool isQuick)
    {
        var options = new TrainOptions();
        var command = new System.CommandLine.Command("train");
        options.AddTo(command);
        var root = new System.CommandLine.RootCommand { command };
        System.CommandLine.ParseResult parsed = root.Parse(Spelling.Canonical(["train", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)], root));
        Assert.Empty(parsed.Errors);
        TrainingSettings settings = options.Settings(parsed);
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

    private static JsonNode Json(params string[] args)
    {
        CliResult result = Cli.Run(args);
        Assert.Equal("", result.Error);
        Assert.Equal(CommandLine.Success, result.Code);
        return JsonNode.Parse(result.Output)!;
    }
}
