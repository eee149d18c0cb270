using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Exponential.Nn;

/// <summary>Where a run stands: with the model's and the optimizer's state, all that its next step depends on.</summary>
internal sealed class TrainingState
{
    /// <summary>The current epoch, from 0.</summary>
    [JsonPropertyName("epoch")]
    public int Epoch { get; set; }

    /// <summary>Steps taken in all.</summary>
    [JsonPropertyName("step")]
    public long Step { get; set; }

    /// <summary>Steps taken in this epoch: the number of the next batch.</summary>
    [JsonPropertyName("batch")]
    public int Batch { get; set; }

    /// <summary>Sum over the epoch's images so far of their bits per dimension.</summary>
    [JsonPropertyName("epoch_bits_per_dim")]
    public double EpochBitsPerDim { get; set; }

    /// <summary>The number of those images.</summary>
    [JsonPropertyName("epoch_images")]
    public long EpochImages { get; set; }

    /// <summary>Words drawn from the generator of the dequantization noise.</summary>
    [JsonPropertyName("noise_offset")]
    public ulong NoiseOffset { get; set; }

    /// <summary>Words drawn from the modules' generators, by name.</summary>
    [JsonPropertyName("generator_offsets")]
    public Dictionary<string, GeneratorPosition> Generators { get; set; } = [];

    /// <summary>Where the checks of rebuilt inputs stand; null without recomputation, and in older files.</summary>
    [JsonPropertyName("recompute")]
    public RebuildPosition? Recompute { get; set; }

    /// <summary>Lowest bits per dimension on the validation images, or null.</summary>
    [JsonPropertyName("best_bits_per_dim")]
    public double? BestBitsPerDim { get; set; }

    /// <summary>Epochs begun when it was reached; null before, and in files older than early stopping.</summary>
    [JsonPropertyName("best_epoch")]
    public int? BestEpoch { get; set; }

    /// <summary>The step after which the validation images were last evaluated, or -1.</summary>
    [JsonPropertyName("evaluated_step")]
    public long EvaluatedStep { get; set; } = -1;

    /// <summary>Lines of metrics written.</summary>
    [JsonPropertyName("metrics_lines")]
    public int MetricsLines { get; set; }

    /// <summary>Seconds of training, all sessions together.</summary>
    [JsonPropertyName("seconds")]
    public double Seconds { get; set; }

    /// <summary>The number of training images, to which a resumed run must return.</summary>
    [JsonPropertyName("training_images")]
    public int TrainingImages { get; set; }

    /// <summary>SHA-256 of the training images' bytes, in hexadecimal.</summary>
    [JsonPropertyName("training_hash")]
    public string TrainingHash { get; set; } = "";

    /// <summary>Epochs begun so far.</summary>
    [JsonIgnore]
    public int EpochsBegun => Batch == 0 ? Epoch : Epoch + 1;

    /// <summary>Mean bits per dimension over the epoch's images so far.</summary>
    [JsonIgnore]
    public double MeanBitsPerDim => EpochImages == 0 ? double.NaN : EpochBitsPerDim / EpochImages;

    /// <summary>Counts a step.</summary>
    public void Count(double bitsPerDim, int images)
    {
        Step++;
        Batch++;
        EpochBitsPerDim += bitsPerDim * images;
        EpochImages += images;
    }

    /// <summary>Notes which images the run learns from.</summary>
    public void NoteImages(ImageSet training)
    {
        TrainingImages = training.Count;
        TrainingHash = HashOf(training);
    }

    /// <summary>Checks that these are the images the run learns from.</summary>
    /// <exception cref="InvalidDataException">They are others.</exception>
    public void RequireImages(ImageSet training)
    {
        if (TrainingImages != training.Count)
        {
            throw new InvalidDataException(
                $"resume: the run was trained on {TrainingImages} images; '{training.Name}' has {training.Count}. It goes on only with the same images");
        }

        if (TrainingHash != HashOf(training))
        {
            throw new InvalidDataException(
                $"resume: the {training.Count} images of '{training.Name}' are not those that the run was trained on (their SHA-256 differs). It goes on only with the same images");
        }
    }

    /// <summary>Checks that the limits on steps and epochs lie no lower than what has been done.</summary>
    /// <exception cref="ArgumentException">One does.</exception>
    public void RequireWithin(TrainingSettings settings)
    {
        if (settings.MaxSteps > 0 && settings.MaxSteps < Step)
        {
            throw new ArgumentException($"resume: max_steps: the run has taken {Step} steps; got {settings.MaxSteps}, fewer than those. Raise it, or leave it out");
        }

        if (settings.Epochs < EpochsBegun)
        {
            throw new ArgumentException($"resume: epochs: the run has begun {EpochsBegun}; got {settings.Epochs}, fewer than those. Raise it, or leave it out");
        }
    }

    /// <summary>Checks what comes from a file.</summary>
    /// <exception cref="JsonException">A counter that no run can have, or a part of it is missing.</exception>
    public void Validate()
    {
        bool counts = !(BestEpoch < 0) && Epoch >= 0 && Step >= 0 && Batch >= 0 && EpochImages >= 0 && MetricsLines >= 0 && EvaluatedStep >= -1;
        bool numbers = double.IsFinite(EpochBitsPerDim) && double.IsFinite(Seconds) && Seconds >= 0 && double.IsFinite(BestBitsPerDim ?? 0);
        if (!counts || !numbers)
        {
            throw new JsonException("a counter is negative or a sum is not finite");
        }

        if (EvaluatedStep > Step || (EvaluatedStep >= 0 && BestBitsPerDim is null))
        {
            throw new JsonException($"evaluated_step is {EvaluatedStep}, of {Step} steps, and best_bits_per_dim {(BestBitsPerDim is null ? "missing" : "there")}");
        }

        if (Recompute is { Stored: null })
        {
            throw new JsonException("recompute has no list of stored steps");
        }
    }

    /// <summary>Moves to the first batch of the next epoch.</summary>
    public void EndEpoch()
    {
        Epoch++;
        Batch = 0;
        EpochBitsPerDim = 0;
        EpochImages = 0;
    }

    private static string HashOf(ImageSet images) => Convert.ToHexString(SHA256.HashData(images.Pixels));
}
