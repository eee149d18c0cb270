using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>The options of <c>train</c>, one line each: name, help, range and the setting it sets.</summary>
internal sealed class TrainOptions
{
    private static readonly string[] ConvExpOptions = ["--convexp_coeff", "--convexp_plan"];
    private static readonly string[] NoiseFlowOptions = ["--dequantize_levels", "--dequantize_subflows", "--n_context"];

    private readonly List<Setting> _settings = [];
    private readonly InertOptions _inert = new();
    private readonly List<OptionGroup> _groups = [];
    private readonly Option<bool> _download = Parsers.Flag(
        "--download", $"Fetch {Cifar10.Name} from its home page (170 MB) into --data or the user's cache folder, unless it is there.");

    private readonly Option<string> _resume = Parsers.Text(
        "--resume", "Continue this run, from its last checkpoint, as if it had never stopped.", "folder");

    public TrainOptions()
    {
        DefineData();
        DefineModel();
        DefineNumbers();
        DefineOptimization();
        DefineEvaluation();
        DefineControl();
        ShowDefaults();
        _groups.Add(new OptionGroup("Continuing", [_resume]));
        _groups.Add(new OptionGroup("Accepted because the original takes them; each gives a notice", _inert.Options));
    }

    /// <summary>The options, as the help shows them.</summary>
    public IReadOnlyList<OptionGroup> Groups => _groups;

    /// <summary>What an option decides.</summary>
    private enum Scope
    {
        /// <summary>The model: any such option switches from the quick preset to the original's defaults.</summary>
        Model,

        /// <summary>The course of the training, fixed once a run has started.</summary>
        Run,

        /// <summary>How far and how fast it goes: may be given again when a run is resumed.</summary>
        Control,
    }

    /// <summary>Adds the options to the command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in _groups.SelectMany(group => group.Options))
        {
            command.Add(option);
        }
    }

    /// <summary>What the user should know about the options given: one line each for those that do nothing, or not what the original does.</summary>
    /// <exception cref="UsageException">Two that contradict each other.</exception>
    public IEnumerable<string> Notices(ParseResult parsed, TrainingSettings settings)
    {
        foreach (string notice in _inert.Notices(parsed))
        {
            yield return notice;
        }

        if (IsGiven(parsed, "--early_stopping_epochs") && settings.EarlyStoppingEpochs > 0)
        {
            yield return "--early_stopping_epochs ends the run here; in the original it has no effect";
        }

        if (IsGiven(parsed, "--data") && settings.Dataset == BuiltInImages.Name)
        {
            yield return RunArgument.UnusedFolder;
        }

        if (IsGiven(parsed, "--image_size") && settings.Dataset != ImageFolder.Name)
        {
            yield return $"--image_size has no effect: the images of the data set {settings.Dataset} have a size of their own";
        }

        if (settings.Mixing != Mixing.ConvExp)
        {
            foreach (string name in ConvExpOptions.Where(name => IsGiven(parsed, name)))
            {
                yield return RunArgument.WithoutConvExp(name, settings);
            }
        }

        if (settings.Dequantization != DequantizationKind.Flow)
        {
            foreach (string name in NoiseFlowOptions.Where(name => IsGiven(parsed, name)))
            {
                yield return $"{name} has no effect: it is of --dequantize_distribution flow";
            }
        }
    }

    /// <summary>Whether the data set's files are to be downloaded.</summary>
    public bool IsDownload(ParseResult parsed) => parsed.GetValue(_download);

    /// <summary>The run to continue, or null.</summary>
    public string? ResumedRun(ParseResult parsed) => parsed.GetValue(_resume);

    /// <summary>Whether nothing says otherwise and the quick preset holds.</summary>
    public bool IsQuick(ParseResult parsed) => !_settings.Exists(s => s.Scope == Scope.Model && s.IsGiven(parsed));

    /// <summary>The settings of a new run.</summary>
    public TrainingSettings Settings(ParseResult parsed)
    {
        TrainingSettings settings = IsQuick(parsed) ? TrainingSettings.Quick : new TrainingSettings();
        if (IsQuick(parsed) && IsGiven(parsed, "--epochs"))
        {
            // Whoever counts in epochs does not want the preset's number of steps.
            settings = settings with { MaxSteps = 0 };
        }

        return Apply(settings, parsed);
    }

    /// <summary>The settings of a resumed run: its own, but for the options that control how far it goes.</summary>
    /// <exception cref="UsageException">An option that would make it another run: the first, with the run's value and the one given.</exception>
    public TrainingSettings Resumed(TrainingSettings settings, ParseResult parsed)
    {
        TrainingSettings asked = Apply(settings, parsed);
        JsonNode own = JsonNode.Parse(settings.ToJson())!;
        JsonNode given = JsonNode.Parse(asked.ToJson())!;
        foreach (Setting setting in _settings.Where(s => s.Scope != Scope.Control && s.IsGiven(parsed)))
        {
            string name = setting.Option.Name[2..];
            if (!JsonNode.DeepEquals(own[name], given[name]))
            {
                throw new UsageException(
                    "train",
                    $"{setting.Option.Name} cannot change when a run is resumed: the run has {own[name]?.ToString() ?? "none"}; got {given[name]}",
                    "Leave it out: the run's own settings hold. Nothing has been changed.");
            }
        }

        return asked;
    }

    /// <summary>Adds the defaults to the help; settings are written under the options' names.</summary>
    private void ShowDefaults()
    {
        JsonNode original = JsonNode.Parse(new TrainingSettings().ToJson())!;
        JsonNode quick = JsonNode.Parse(TrainingSettings.Quick.ToJson())!;
        foreach (Option option in _settings.Select(setting => setting.Option).Where(option => option is not Option<bool>))
        {
            string name = option.Name[2..];
            if (original[name] is JsonNode value)
            {
                option.Description += JsonNode.DeepEquals(value, quick[name]) ? $" [{value}]" : $" [{value}; quick preset {quick[name]}]";
            }
        }
    }

    private TrainingSettings Apply(TrainingSettings settings, ParseResult parsed)
    {
        foreach (Setting setting in _settings.Where(s => s.IsGiven(parsed)))
        {
            settings = setting.Apply(settings, parsed);
        }

        return settings;
    }

    private bool IsGiven(ParseResult parsed, string name) => _settings.Exists(s => s.Option.Name == name && s.IsGiven(parsed));

    private void DefineData()
    {
        Begin("Data and folders");
        Add(Scope.Run, Parsers.Text("--dataset", $"Data set: {string.Join(" or ", Datasets.Names)}; {BuiltInImages.Name} is built in.", "name", "-d"), (s, v) => s with { Dataset = v });
        Add(Scope.Control, Parsers.Text("--data", "Folder of the data set's files.", "folder"), (s, v) => s with { DataDirectory = v });
        Add(Scope.Control, _download, (s, _) => s);
        AddWhole(
            Scope.Run, "--image_size", $"Side to which the pictures of {ImageFolder.Name} are scaled.", 1, ImageFolder.LargestSide,
            (s, v) => s with { ImageSize = v });
        Add(Scope.Run, Parsers.Text("--out_dir", "Folder in which the run's folder is made.", "folder", "-od"), (s, v) => s with { OutputDirectory = Path.GetFullPath(v) });
        Add(
            Scope.Run,
            Parsers.Value(
                "--exp_name",
                "Name of the run's folder.",
                (string text, out string value) => (value = text).Trim().Length > 0 && text[0] != '-' && Output.Plain(text) == text,
                "a name that does not begin with '-', without control characters",
                "name"),
            (s, v) => s with { ExperimentName = v });
    }

    private void DefineModel()
    {
        Begin("Model; any of these replaces the quick preset by the original's defaults");
        Add(Scope.Model, Parsers.Choice("--model_type", "Kind of flow. [mixing]", [("mixing", 0)]), (s, _) => s);
        AddWhole(Scope.Model, "--n_levels", "Levels of the flow; without --use_splitprior all of one size.", 1, 16, (s, v) => s with { Levels = v });
        AddWhole(Scope.Model, "--n_subflows", "Coupling and mixing pairs a level.", 1, 1024, (s, v) => s with { Subflows = v });
        AddWhole(Scope.Model, "--n_intermediate_channels", "Channels inside a coupling's network.", 1, 65536, (s, v) => s with { IntermediateChannels = v });
        AddWhole(Scope.Model, "--densenet_depth", "Layers of a DenseNet.", 1, 1024, (s, v) => s with { DenseNetDepth = v });
        AddWhole(Scope.Model, "--densenet_growth", "Channels that each of its layers adds.", 1, 65536, (s, v) => s with { DenseNetGrowth = v });
        AddWhole(Scope.Model, "--n_scales", "Scales of a coupling's network.", 1, 8, (s, v) => s with { Scales = v });
        AddWhole(Scope.Model, "--n_densenets", "DenseNets in a coupling's network.", 1, 1024, (s, v) => s with { DenseNets = v });
        Add(Scope.Model, Parsers.Flag("--use_gated_conv", "End a DenseNet in a gated convolution."), (s, v) => s with { UseGatedConv = v });
        Add(Scope.Model, Parsers.Flag("--use_splitprior", "Half the channels leave for a split prior between levels."), (s, v) => s with { UseSplitPrior = v });
        AddReal(Scope.Model, "--dropout_p", "Probability of dropout in a DenseNet.", v => v is >= 0 and < 1, "a number in [0, 1)", (s, v) => s with { Dropout = v });
        Add(
            Scope.Model,
            Parsers.Choice("--mixing", "Mixing layer.", SettingWords.Mixings),
            (s, v) => s with { Mixing = v });
        AddReal(
            Scope.Model, "--convexp_coeff", "Bound of a convolution exponential's kernel.", v => v > 0, "a positive number",
            (s, v) => s with { ConvExpCoefficient = v });
        Add(
            Scope.Model,
            Parsers.Choice(
                "--convexp_plan", "Terms of the exponential: the original's 6 and 13, or as many as a certified tolerance takes.",
                SettingWords.ConvExpTerms),
            (s, v) => s with { ConvExpTerms = v });
    }

    private void DefineNumbers()
    {
        Begin("Dequantization and numbers");
        Add(
            Scope.Run,
            Parsers.Choice(
                "--dequantize_distribution", "How bytes become reals: uniform noise, or noise from a flow conditioned on the image.",
                SettingWords.Dequantizations, "--dequantization", "--dequantize"),
            (s, v) => s with { Dequantization = v });
        AddWhole(Scope.Run, "--dequantize_levels", "Levels of the dequantizing flow.", 1, 16, (s, v) => s with { DequantizationLevels = v });
        AddWhole(
            Scope.Run, "--dequantize_subflows", "Coupling and mixing pairs a level of the dequantizing flow.", 1, 1024,
            (s, v) => s with { DequantizationSubflows = v });
        AddWhole(Scope.Run, "--n_context", "Channels of the context that conditions it.", 1, 65536, (s, v) => s with { ContextChannels = v });
        Add(
            Scope.Run,
            Parsers.Choice("--dtype", "Number type.", SettingWords.DTypes),
            (s, v) => s with { DType = v });
    }

    private void DefineOptimization()
    {
        Begin("Optimization");
        AddWhole(Scope.Control, "--epochs", "Passes over the training images.", 1, int.MaxValue, (s, v) => s with { Epochs = v }, "-e");
        AddWhole(Scope.Run, "--batch_size", "Images a step.", 1, 1 << 20, (s, v) => s with { BatchSize = v }, "-bs");
        Add(
            Scope.Run,
            Parsers.Choice("--optimizer", "Optimizer.", SettingWords.Optimizers),
            (s, v) => s with { Optimizer = v });
        AddReal(Scope.Run, "--learning_rate", "Learning rate.", v => v > 0, "a positive number", (s, v) => s with { LearningRate = v }, "-lr", "--lr");
        AddWhole(Scope.Run, "--warmup", "Epochs over which the learning rate rises.", 0, int.MaxValue, (s, v) => s with { Warmup = v });
        AddReal(Scope.Run, "--lr_decay", "Factor of the learning rate per epoch.", v => v is > 0 and <= 1, "a number in (0, 1]", (s, v) => s with { LearningRateDecay = v });
        AddReal(Scope.Run, "--weight_decay", "L2 weight decay, added to the gradient.", v => v >= 0, "a number, at least 0", (s, v) => s with { WeightDecay = v });
        AddReal(Scope.Run, "--clip_norm", "Largest norm of the gradient; 0 for no clipping.", v => v >= 0, "a number, at least 0", (s, v) => s with { ClipNorm = v });
        Add(Scope.Run, Parsers.Seed("Seed of everything drawn."), (s, v) => s with { Seed = v });
    }

    private void DefineEvaluation()
    {
        Begin("Metrics and evaluation");
        AddWhole(Scope.Control, "--log_interval", "Steps between two lines of metrics.", 1, int.MaxValue, (s, v) => s with { LogInterval = v }, "-li");
        AddWhole(
            Scope.Run, "--evaluate_interval_epochs", "Epochs between two evaluations from epoch 25 on.", 1, int.MaxValue,
            (s, v) => s with { EvaluateIntervalEpochs = v });
        Add(Scope.Run, Parsers.Flag("--evaluate_at_start", "Evaluate the untrained model too."), (s, v) => s with { EvaluateAtStart = v });
        AddWhole(
            Scope.Run, "--max_validation_images", "Most validation images an evaluation uses; 0 for all.", 0, int.MaxValue,
            (s, v) => s with { MaxValidationImages = v });
        AddWhole(Scope.Control, "--max_test_images", "Most test images the last evaluation uses; 0 for all.", 0, int.MaxValue, (s, v) => s with { MaxTestImages = v });
        AddWhole(
            Scope.Control, "--sample_images", "Images of the sample grid that each evaluation draws; 0 for none.", 0, SampleCommand.MostImages,
            (s, v) => s with { SampleImages = v });
        Add(
            Scope.Run, Parsers.Flag("--break_epoch", "End each epoch, evaluation and test after one batch: to try a model out."),
            (s, v) => s with { BreakEpoch = v });
        AddWhole(
            Scope.Control, "--iw_samples", "Draws of noise an image in the importance-weighted test figure; 0 for no such figure.", 0, int.MaxValue,
            (s, v) => s with { ImportanceSamples = v });
    }

    private void DefineControl()
    {
        Begin("Limits, checkpoints, memory and threads");
        AddWhole(
            Scope.Control, "--early_stopping_epochs", "Epochs without a better validation after which the run ends; 0 for never.", 0, int.MaxValue,
            (s, v) => s with { EarlyStoppingEpochs = v }, "-es");
        Add(Scope.Control, Parsers.Whole("--max_steps", "Steps after which the run ends; 0 for no limit.", 0, long.MaxValue), (s, v) => s with { MaxSteps = v });
        AddReal(Scope.Control, "--max_minutes", "Minutes after which it ends; 0 for no limit.", v => v >= 0, "a number, at least 0", (s, v) => s with { MaxMinutes = v });
        Add(
            Scope.Control, Parsers.Whole("--checkpoint_interval_steps", "Steps between two checkpoints; 0 for none.", 0, long.MaxValue),
            (s, v) => s with { CheckpointIntervalSteps = v });
        AddReal(
            Scope.Control, "--checkpoint_interval_minutes", "Minutes between two checkpoints; 0 for none.", v => v >= 0, "a number, at least 0",
            (s, v) => s with { CheckpointIntervalMinutes = v });
        Add(
            Scope.Run, Parsers.Flag("--no_checkpoints", "Write no checkpoint; the best model is tested from memory, and the run cannot be resumed."),
            (s, v) => s with { NoCheckpoints = v });
        Add(
            Scope.Run,
            Parsers.Choice(
                "--arithmetic", "How accurately float32 convolutions are computed: fast allows errors of 5e-6 of the largest value, tight a few units in the last place.",
                SettingWords.Arithmetics),
            (s, v) => s with { Arithmetic = v });
        Add(
            Scope.Run,
            Parsers.Choice(
                "--recompute", "What is computed again in the backward pass instead of kept: nothing, or a flow's activations, from its outputs by the inverse.",
                SettingWords.Recomputes),
            (s, v) => s with { Recompute = v });
        AddWhole(Scope.Control, "--threads", "Threads of the arithmetic; 0 for one a core.", 0, 1024, (s, v) => s with { Threads = v });
    }

    private void AddWhole(
        Scope scope, string name, string help, int least, int most, Func<TrainingSettings, int, TrainingSettings> apply, params string[] aliases) =>
        Add(scope, Parsers.Whole(name, help, least, most, aliases), (s, v) => apply(s, (int)v));

    private void AddReal(
        Scope scope, string name, string help, Func<double, bool> accepts, string expected,
        Func<TrainingSettings, double, TrainingSettings> apply, params string[] aliases) =>
        Add(scope, Parsers.Real(name, help, accepts, expected, aliases), apply);

    private void Add<T>(Scope scope, Option<T> option, Func<TrainingSettings, T, TrainingSettings> apply)
    {
        _settings.Add(new Setting(option, scope, (settings, parsed) => apply(settings, parsed.GetValue(option)!)));
        _groups[^1].Options.Add(option);
    }

    private void Begin(string title) => _groups.Add(new OptionGroup(title, []));

    private sealed record Setting(Option Option, Scope Scope, Func<TrainingSettings, ParseResult, TrainingSettings> Apply)
    {
        public bool IsGiven(ParseResult parsed) => parsed.GetResult(Option) is OptionResult { Implicit: false };
    }
}
