using System.Text.Json.Serialization;

namespace Exponential.Nn;

/// <summary>
/// One line of <c>metrics.jsonl</c>. Which values it has depends on <see cref="Event"/>: <c>step</c>, <c>evaluation</c> or <c>result</c>.
/// The first ones are the same whenever the run is repeated; those of the machine (<see cref="ImagesPerSecond"/> and the last three) are not.
/// </summary>
public sealed record MetricsLine
{
    /// <summary>The <see cref="Event"/> of a training step.</summary>
    public const string StepEvent = "step";

    /// <summary>The <see cref="Event"/> of an evaluation of the validation images.</summary>
    public const string EvaluationEvent = "evaluation";

    /// <summary>The <see cref="Event"/> of the test of the best model.</summary>
    public const string ResultEvent = "result";

    /// <summary><c>step</c>, <c>evaluation</c> or <c>result</c>.</summary>
    public required string Event { get; init; }

    /// <summary>Steps so far.</summary>
    public long Step { get; init; }

    /// <summary>The epoch, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>The batch's bits per dimension.</summary>
    public double? BitsPerDim { get; init; }

    /// <summary>Mean bits per dimension over the epoch's images so far.</summary>
    public double? MeanBitsPerDim { get; init; }

    /// <summary>The step's learning rate.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Global 2-norm of the gradient.</summary>
    public double? GradientNorm { get; init; }

    /// <summary>Bits per dimension of the validation images.</summary>
    public double? ValidationBitsPerDim { get; init; }

    /// <summary>The lowest of those so far.</summary>
    public double? BestValidationBitsPerDim { get; init; }

    /// <summary>Bits per dimension of the best model on the test images.</summary>
    public double? TestBitsPerDim { get; init; }

    /// <summary>Negative ELBO of the best model on the test images: nats an image.</summary>
    public double? TestNegativeElbo { get; init; }

    /// <summary>Importance-weighted bits per dimension of the best model on the test images.</summary>
    public double? TestImportanceWeightedBitsPerDim { get; init; }

    /// <summary>Samples an image of that.</summary>
    public int? ImportanceSamples { get; init; }

    /// <summary>max |decode(encode(v)) - v| / 256 over a batch of test images; infinite, in words, where a flow does not invert itself at all.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public double? WorstReconstructionError { get; init; }

    /// <summary>Images a second over the last steps.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Seconds of training so far, all sessions of the run together.</summary>
    public double? Seconds { get; init; }

    /// <summary>Most memory the process had at once, in MiB.</summary>
    [JsonPropertyName("peak_memory_mib")]
    public double? PeakMemoryMiB { get; init; }

    /// <summary>Collections of generation 2 so far in this session: none while training goes on steadily.</summary>
    public int? Gen2Collections { get; init; }
}
