namespace Exponential.Nn;

/// <summary>One tensor of a checkpoint.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Type">Its element type, as safetensors spells it: F32, F64, I64, ...</param>
/// <param name="IsParameter">Whether it is trained; null where the file does not say.</param>
public sealed record CheckpointEntry(string Name, IReadOnlyList<long> Shape, string Type, bool? IsParameter)
{
    /// <summary>Its number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}
