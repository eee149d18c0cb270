namespace Exponential.Nn;

/// <summary>A whole number that belongs to a module's state, such as <c>initialized</c>; stored as a 64-bit scalar.</summary>
public sealed class IntegerBuffer(long value)
{
    /// <summary>The value.</summary>
    public long Value { get; set; } = value;
}
