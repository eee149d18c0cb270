namespace Exponential.Nn;

/// <summary>What a run came to.</summary>
/// <param name="Folder">Its folder, an absolute path.</param>
/// <param name="Reason">Why it ended.</param>
/// <param name="Steps">Steps taken, those before a resumption included.</param>
/// <param name="BestValidationBitsPerDim">Lowest bits per dimension on the validation images; null where none was evaluated.</param>
/// <param name="TestBitsPerDim">Bits per dimension of the best model on the test images; null for a cancelled run.</param>
/// <param name="WorstReconstructionError">
/// max |decode(encode(v)) - v| / 256 of the best model over a batch of test images, infinite where one does not come
/// back finite; null for a cancelled run.
/// </param>
public sealed record TrainingResult(
    string Folder, StopReason Reason, long Steps, double? BestValidationBitsPerDim, double? TestBitsPerDim, double? WorstReconstructionError)
{
    /// <summary>Negative ELBO of the best model on the test images: nats an image; null for a cancelled run.</summary>
    public double? TestNegativeElbo { get; init; }

    /// <summary>
    /// Importance-weighted bits per dimension of the best model on the test images; null for a cancelled run, and where
    /// <see cref="TrainingSettings.ImportanceSamples"/> asks for none.
    /// </summary>
    public double? TestImportanceWeightedBitsPerDim { get; init; }
}
