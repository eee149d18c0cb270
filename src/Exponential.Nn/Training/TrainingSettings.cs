using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Exponential.Nn;

/// <summary>
/// Every option of a training run. The defaults are the original's, but for the data set, which is the built-in one; the JSON names are
/// the command line's options.
/// </summary>
/// <remarks>
/// The settings determine the run: the same settings on the same kind of machine give the same weights, bit for bit, whatever the number
/// of threads. They travel with each checkpoint.
/// </remarks>
public sealed record TrainingSettings
{
    /// <summary>The most images of a sample grid: more would be a picture that few programs open.</summary>
    internal const int MostSampleImages = 4096;

    internal const string DequantizationName = "dequantize_distribution";

    // What checkpoints of version 0.1 call it.
    private const string OldDequantizationName = "dequantization";

    /// <summary>Name of the data set: <c>shapes</c> (drawn by the library itself), <c>cifar10</c> or <c>folder</c> (pictures of your own).</summary>
    [JsonPropertyName("dataset")]
    public string Dataset { get; init; } = "shapes";

    /// <summary>Folder of the data set's files; unused by the built-in set.</summary>
    [JsonPropertyName("data")]
    public string? DataDirectory { get; init; }

    /// <summary>Side in pixels to which the pictures of <c>folder</c> are scaled; other data sets have a size of their own.</summary>
    [JsonPropertyName("image_size")]
    public int ImageSize { get; init; } = 32;

    /// <summary>Folder below which the run's own folder is made.</summary>
    [JsonPropertyName("out_dir")]
    public string OutputDirectory { get; init; } = "snapshots";

    /// <summary>Name of the run's folder; null for one made from the data set, the mixing and the time.</summary>
    [JsonPropertyName("exp_name")]
    public string? ExperimentName { get; init; }

    /// <summary>Passes over the training set.</summary>
    [JsonPropertyName("epochs")]
    public int Epochs { get; init; } = 1000;

    /// <summary>Images a step.</summary>
    [JsonPropertyName("batch_size")]
    public int BatchSize { get; init; } = 256;

    /// <summary>The optimizer.</summary>
    [JsonPropertyName("optimizer")]
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adamax;

    /// <summary>Learning rate at the schedule's factor 1.</summary>
    [JsonPropertyName("learning_rate")]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Epochs of linear warm-up.</summary>
    [JsonPropertyName("warmup")]
    public int Warmup { get; init; } = 10;

    /// <summary>Factor of the learning rate per epoch.</summary>
    [JsonPropertyName("lr_decay")]
    public double LearningRateDecay { get; init; } = 0.995;

    /// <summary>L2 weight decay, added to the gradient.</summary>
    [JsonPropertyName("weight_decay")]
    public double WeightDecay { get; init; }

    /// <summary>Largest global 2-norm of the gradient, to which a larger one is scaled; 0 for no clipping.</summary>
    [JsonPropertyName("clip_norm")]
    public double ClipNorm { get; init; }

    /// <summary>Levels of the flow.</summary>
    [JsonPropertyName("n_levels")]
    public int Levels { get; init; } = 2;

    /// <summary>Coupling and mixing pairs a level.</summary>
    [JsonPropertyName("n_subflows")]
    public int Subflows { get; init; } = 4;

    /// <summary>Channels inside the couplings' networks.</summary>
    [JsonPropertyName("n_intermediate_channels")]
    public int IntermediateChannels { get; init; } = 64;

    /// <summary>Layers of each DenseNet.</summary>
    [JsonPropertyName("densenet_depth")]
    public int DenseNetDepth { get; init; } = 8;

    /// <summary>Channels that each layer of a DenseNet adds.</summary>
    [JsonPropertyName("densenet_growth")]
    public int DenseNetGrowth { get; init; } = 64;

    /// <summary>Scales of a coupling's network, each half the size of the one before.</summary>
    [JsonPropertyName("n_scales")]
    public int Scales { get; init; } = 1;

    /// <summary>DenseNets in a coupling's network.</summary>
    [JsonPropertyName("n_densenets")]
    public int DenseNets { get; init; } = 1;

    /// <summary>Whether a DenseNet ends in a gated convolution.</summary>
    [JsonPropertyName("use_gated_conv")]
    public bool UseGatedConv { get; init; }

    /// <summary>Whether half the channels leave for a split prior between levels.</summary>
    [JsonPropertyName("use_splitprior")]
    public bool UseSplitPrior { get; init; }

    /// <summary>Probability of dropout in the DenseNets, in [0, 1).</summary>
    [JsonPropertyName("dropout_p")]
    public double Dropout { get; init; }

    /// <summary>The layer that mixes channels and, all but the 1x1 convolution, space.</summary>
    [JsonPropertyName("mixing")]
    public Mixing Mixing { get; init; } = Mixing.Conv1x1;

    /// <summary>Bound that spectral normalisation puts on the kernel of a convolution exponential.</summary>
    [JsonPropertyName("convexp_coeff")]
    public double ConvExpCoefficient { get; init; } = 0.95;

    /// <summary>How the number of terms of a convolution exponential is chosen.</summary>
    [JsonPropertyName("convexp_plan")]
    public ConvExpTerms ConvExpTerms { get; init; } = ConvExpTerms.Original;

    /// <summary>How byte values become reals.</summary>
    [JsonPropertyName(DequantizationName)]
    public DequantizationKind Dequantization { get; init; } = DequantizationKind.Uniform;

    /// <summary>Levels of the flow of <see cref="DequantizationKind.Flow"/>.</summary>
    [JsonPropertyName("dequantize_levels")]
    public int DequantizationLevels { get; init; } = 1;

    /// <summary>Coupling and mixing pairs a level of that flow.</summary>
    [JsonPropertyName("dequantize_subflows")]
    public int DequantizationSubflows { get; init; } = 4;

    /// <summary>Channels of the context, made from the image, that conditions that flow.</summary>
    [JsonPropertyName("n_context")]
    public int ContextChannels { get; init; } = 32;

    /// <summary>Number type of parameters and images.</summary>
    [JsonPropertyName("dtype")]
    public DType DType { get; init; } = DType.Float32;

    /// <summary>Seed of everything drawn: initial weights, order, augmentation, noise, samples.</summary>
    [JsonPropertyName("manual_seed")]
    public ulong Seed { get; init; } = 1;

    /// <summary>Steps between two lines of metrics.</summary>
    [JsonPropertyName("log_interval")]
    public int LogInterval { get; init; } = 20;

    /// <summary>Epochs between two evaluations from epoch 25 on; before it, every epoch is evaluated.</summary>
    [JsonPropertyName("evaluate_interval_epochs")]
    public int EvaluateIntervalEpochs { get; init; } = 25;

    /// <summary>Whether the untrained model is evaluated too, before the first step.</summary>
    [JsonPropertyName("evaluate_at_start")]
    public bool EvaluateAtStart { get; init; }

    /// <summary>Most validation images an evaluation uses (the first ones); 0 for all.</summary>
    [JsonPropertyName("max_validation_images")]
    public int MaxValidationImages { get; init; }

    /// <summary>Most test images the last evaluation uses (the first ones); 0 for all.</summary>
    [JsonPropertyName("max_test_images")]
    public int MaxTestImages { get; init; }

    /// <summary>
    /// Epochs without a lower validation figure after which the run ends; 0 for never. The original has the option, 300 unless told
    /// otherwise, but never looks at it.
    /// </summary>
    [JsonPropertyName("early_stopping_epochs")]
    public int EarlyStoppingEpochs { get; init; }

    /// <summary>
    /// Whether an epoch ends after its first batch, and an evaluation or test looks at no more than one: for trying a model out.
    /// </summary>
    [JsonPropertyName("break_epoch")]
    public bool BreakEpoch { get; init; }

    /// <summary>Images of the sample grid that each evaluation draws; 0 for no grid.</summary>
    [JsonPropertyName("sample_images")]
    public int SampleImages { get; init; } = 64;

    /// <summary>
    /// Draws of noise for each test image in the importance-weighted bits per dimension at the run's end; 0 for no such figure.
    /// </summary>
    [JsonPropertyName("iw_samples")]
    public int ImportanceSamples { get; init; }

    /// <summary>Steps after which the run ends; 0 for no limit but the epochs.</summary>
    [JsonPropertyName("max_steps")]
    public long MaxSteps { get; init; }

    /// <summary>Minutes after which this session of the run ends; 0 for no limit.</summary>
    [JsonPropertyName("max_minutes")]
    public double MaxMinutes { get; init; }

    /// <summary>Steps between two checkpoints besides those of the evaluations; 0 for none.</summary>
    [JsonPropertyName("checkpoint_interval_steps")]
    public long CheckpointIntervalSteps { get; init; }

    /// <summary>Minutes between two checkpoints besides those of the evaluations; 0 for none.</summary>
    [JsonPropertyName("checkpoint_interval_minutes")]
    public double CheckpointIntervalMinutes { get; init; } = 10;

    /// <summary>
    /// Whether no checkpoint is written. The best model is kept in memory for the test; a run that ends in any way cannot be resumed.
    /// </summary>
    [JsonPropertyName("no_checkpoints")]
    public bool NoCheckpoints { get; init; }

    /// <summary>
    /// What the flow keeps for the backward pass; to rebuild the rest by the inverse, a convolution exponential must be exact, by
    /// <see cref="ConvExpTerms.Tolerance"/>. The noise's flow, which runs the other way, keeps its activations in either case.
    /// </summary>
    [JsonPropertyName("recompute")]
    public RecomputeKind Recompute { get; init; } = RecomputeKind.None;

    /// <summary>How accurately float32 convolutions are computed.</summary>
    [JsonPropertyName("arithmetic")]
    public ArithmeticAccuracy Arithmetic { get; init; } = ArithmeticAccuracy.Fast;

    /// <summary>Threads of the arithmetic; 0 for one a core. The results do not depend on it.</summary>
    [JsonPropertyName("threads")]
    public int Threads { get; init; }

    /// <summary>
    /// The quick preset: a small convolution-exponential flow that gives a visible result within about two minutes on two cores.
    /// </summary>
    public static TrainingSettings Quick { get; } = new()
    {
        Levels = 2,
        Subflows = 2,
        IntermediateChannels = 32,
        DenseNetDepth = 2,
        DenseNetGrowth = 16,
        UseGatedConv = true,
        UseSplitPrior = true,
        Mixing = Mixing.ConvExp,
        ConvExpTerms = ConvExpTerms.Tolerance,
        BatchSize = 32,
        LearningRate = 5e-3,
        Warmup = 1,
        LearningRateDecay = 0.9,
        MaxSteps = 1300,
        MaxMinutes = 4,
        MaxValidationImages = 500,
        MaxTestImages = 1000,
    };

    /// <summary>Checks every value's range.</summary>
    /// <exception cref="ArgumentException">A value outside its range; the message names it as the command line does.</exception>
    public void Validate()
    {
        Require(IsPlainName(Dataset), "dataset", "a name without separators", Dataset);
        Require(ExperimentName is not ("." or ".."), "exp_name", "a name, which . and .. are not", ExperimentName);
        Require(ExperimentName is null || IsPlainName(ExperimentName), "exp_name", "a name without separators", ExperimentName);
        Require(!string.IsNullOrWhiteSpace(OutputDirectory), "out_dir", "a folder", OutputDirectory);
        Require(ImageSize is >= 1 and <= ImageFolder.LargestSide, "image_size", $"1 to {ImageFolder.LargestSide}", ImageSize);
        Require(Epochs >= 1, "epochs", "at least 1", Epochs);
        Require(BatchSize >= 1, "batch_size", "at least 1", BatchSize);
        Require(Enum.IsDefined(Optimizer), "optimizer", "adamax or adam", Optimizer);
        Require(double.IsFinite(LearningRate) && LearningRate > 0, "learning_rate", "a positive number", LearningRate);
        Require(Warmup >= 0, "warmup", "at least 0", Warmup);
        Require(LearningRateDecay is > 0 and <= 1, "lr_decay", "a number in (0, 1]", LearningRateDecay);
        Require(double.IsFinite(WeightDecay) && WeightDecay >= 0, "weight_decay", "at least 0", WeightDecay);
        Require(double.IsFinite(ClipNorm) && ClipNorm >= 0, "clip_norm", "at least 0", ClipNorm);
        Require(Levels is >= 1 and <= 16, "n_levels", "1 to 16", Levels);
        Require(Subflows is >= 1 and <= 1024, "n_subflows", "1 to 1024", Subflows);
        Require(IntermediateChannels is >= 1 and <= 65536, "n_intermediate_channels", "1 to 65536", IntermediateChannels);
        Require(DenseNetDepth is >= 1 and <= 1024, "densenet_depth", "1 to 1024", DenseNetDepth);
        Require(DenseNetGrowth is >= 1 and <= 65536, "densenet_growth", "1 to 65536", DenseNetGrowth);
        Require(Scales is >= 1 and <= 8, "n_scales", "1 to 8", Scales);
        Require(DenseNets is >= 1 and <= 1024, "n_densenets", "1 to 1024", DenseNets);
        Require(Dropout is >= 0 and < 1, "dropout_p", "a number in [0, 1)", Dropout);
        Require(Enum.IsDefined(Mixing), "mixing", "1x1, convexp, emerging or woodbury", Mixing);
        Require(double.IsFinite(ConvExpCoefficient) && ConvExpCoefficient > 0, "convexp_coeff", "a positive number", ConvExpCoefficient);
        Require(Enum.IsDefined(ConvExpTerms), "convexp_plan", "original or tolerance", ConvExpTerms);
        Require(Enum.IsDefined(Arithmetic), "arithmetic", "fast or tight", Arithmetic);
        Require(Enum.IsDefined(Recompute), "recompute", "none or inverse", Recompute);
        Require(
            Recompute != RecomputeKind.Inverse || Mixing != Mixing.ConvExp || ConvExpTerms == ConvExpTerms.Tolerance,
            "recompute inverse", "convexp_plan tolerance, whose inverse is exact", SettingWords.ConvExpTerms.Of(ConvExpTerms));
        Require(Enum.IsDefined(Dequantization), DequantizationName, "uniform or flow", Dequantization);
        Require(DequantizationLevels is >= 1 and <= 16, "dequantize_levels", "1 to 16", DequantizationLevels);
        Require(DequantizationSubflows is >= 1 and <= 1024, "dequantize_subflows", "1 to 1024", DequantizationSubflows);
        Require(ContextChannels is >= 1 and <= 65536, "n_context", "1 to 65536", ContextChannels);
        Require(Enum.IsDefined(DType), "dtype", "float32 or float64", DType);
        Require(LogInterval >= 1, "log_interval", "at least 1", LogInterval);
        Require(EvaluateIntervalEpochs >= 1, "evaluate_interval_epochs", "at least 1", EvaluateIntervalEpochs);
        Require(MaxValidationImages >= 0, "max_validation_images", "at least 0", MaxValidationImages);
        Require(MaxTestImages >= 0, "max_test_images", "at least 0", MaxTestImages);
        Require(ImportanceSamples >= 0, "iw_samples", "at least 0", ImportanceSamples);
        Require(EarlyStoppingEpochs >= 0, "early_stopping_epochs", "at least 0", EarlyStoppingEpochs);
        Require(SampleImages is >= 0 and <= MostSampleImages, "sample_images", $"0 to {MostSampleImages}", SampleImages);
        Require(MaxSteps >= 0, "max_steps", "at least 0", MaxSteps);
        Require(double.IsFinite(MaxMinutes) && MaxMinutes >= 0, "max_minutes", "at least 0", MaxMinutes);
        Require(CheckpointIntervalSteps >= 0, "checkpoint_interval_steps", "at least 0", CheckpointIntervalSteps);
        Require(
            !NoCheckpoints || CheckpointIntervalSteps == 0, "checkpoint_interval_steps", "none beside no_checkpoints", CheckpointIntervalSteps);
        Require(
            double.IsFinite(CheckpointIntervalMinutes) && CheckpointIntervalMinutes >= 0,
            "checkpoint_interval_minutes", "at least 0", CheckpointIntervalMinutes);
        Require(Threads is >= 0 and <= 1024, "threads", "0 to 1024", Threads);
    }

    /// <summary>Checks every value's range, and that images of a size can be halved as often as levels and scales ask.</summary>
    /// <param name="imageShape">[C, H, W].</param>
    /// <exception cref="ArgumentException">A value outside its range, or images that do not fit; the message names the setting.</exception>
    public void Validate(Shape imageShape)
    {
        Validate();
        int squeezes = UseSplitPrior ? Levels : 1;
        int factor = 1 << (squeezes + Scales - 1);
        string cause = (UseSplitPrior, Scales > 1) switch
        {
            (false, false) => Dataset == ImageFolder.Name ? FormattableString.Invariant($"image_size {ImageSize}") : "dataset",
            (true, false) => $"n_levels {Levels} with use_splitprior",
            (false, true) => $"n_scales {Scales}",
            (true, true) => $"n_levels {Levels} with use_splitprior and n_scales {Scales}",
        };
        Require(
            imageShape.Rank == 3 && imageShape[1] % factor == 0 && imageShape[2] % factor == 0,
            cause,
            $"images [channels, height, width] with height and width divisible by {factor}",
            imageShape);
    }

    /// <summary>The number of trained values of the model that the settings describe, exact and from shapes alone: nothing of its size is allocated.</summary>
    /// <param name="imageShape">[C, H, W].</param>
    /// <exception cref="ArgumentException">A value outside its range, or images that do not fit; the message names the setting.</exception>
    public long ParameterCount(Shape imageShape)
    {
        Validate(imageShape);
        return ModelFactory.CreateOfShapes(this, imageShape).ParameterCount();
    }

    /// <summary>The settings as JSON, under the command line's names.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TrainingJson.Default.TrainingSettings);

    /// <summary>Reads settings from JSON. What it leaves out has its default.</summary>
    /// <exception cref="InvalidDataException">It is not JSON, names an unknown setting, or holds a value out of range.</exception>
    public static TrainingSettings FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            // The generated reader would leave what is missing at 0 rather than at its default.
            JsonObject whole = JsonNode.Parse(new TrainingSettings().ToJson())!.AsObject();
            foreach ((string name, JsonNode? value) in JsonNode.Parse(json)?.AsObject() ?? throw new JsonException("null"))
            {
                whole[name == OldDequantizationName ? DequantizationName : name] = value?.DeepClone();
            }

            TrainingSettings settings = whole.Deserialize(TrainingJson.Default.TrainingSettings) ?? throw new JsonException("null");
            settings.Validate();
            return settings;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException($"settings: {e.Message}", e);
        }
    }

    /// <summary>
    /// The first setting in which another run would compute something else, by name, with this run's value and the other's; null where there
    /// is none.
    /// </summary>
    internal (string Name, string Own, string Other)? FirstDifference(TrainingSettings other)
    {
        JsonObject mine = JsonNode.Parse(Course().ToJson())!.AsObject();
        JsonObject theirs = JsonNode.Parse(other.Course().ToJson())!.AsObject();
        foreach ((string name, JsonNode? value) in mine)
        {
            if (!JsonNode.DeepEquals(value, theirs[name]))
            {
                return (name, value?.ToString() ?? "none", theirs[name]?.ToString() ?? "none");
            }
        }

        return null;
    }

    /// <summary>The settings without what only controls how far and how fast a run goes: equal for two that compute the same.</summary>
    internal TrainingSettings Course() => this with
    {
        DataDirectory = null,
        OutputDirectory = "",
        ExperimentName = null,
        Epochs = 0,
        LogInterval = 0,
        MaxTestImages = 0,
        EarlyStoppingEpochs = 0,
        SampleImages = 0,
        ImportanceSamples = 0,
        MaxSteps = 0,
        MaxMinutes = 0,
        CheckpointIntervalSteps = 0,
        CheckpointIntervalMinutes = 0,
        Threads = 0,
    };

    private static bool IsPlainName(string name) =>
        !string.IsNullOrWhiteSpace(name) && name is not ("." or "..") && name.IndexOfAny(['/', '\\', ':', '\0']) < 0;

    private static void Require<T>(bool condition, string name, string expected, T actual)
    {
        if (!condition)
        {
            throw new ArgumentException(FormattableString.Invariant($"{name}: expected {expected}; got {actual}"));
        }
    }
}
