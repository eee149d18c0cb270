namespace Exponential.Nn;

/// <summary>What a checkpoint, or any safetensors file, holds.</summary>
/// <param name="Path">The file.</param>
/// <param name="Settings">The settings of the run that saved it; null for a file that is not from a run.</param>
/// <param name="ImageShape">[C, H, W] of its images; null for a file that is not from a run.</param>
/// <param name="Step">Steps taken when it was saved; null for a file that is not from a run.</param>
/// <param name="Entries">The model's tensors, in the model's order; for another file, all tensors.</param>
public sealed record CheckpointInfo(
    string Path, TrainingSettings? Settings, Shape? ImageShape, long? Step, IReadOnlyList<CheckpointEntry> Entries)
{
    /// <summary>Trained values; null where the file does not say which are.</summary>
    public long? ParameterCount => Settings is null ? null : Entries.Where(entry => entry.IsParameter == true).Sum(entry => entry.Count);

    /// <summary>All values, buffers included.</summary>
    public long ValueCount => Entries.Sum(entry => entry.Count);
}
