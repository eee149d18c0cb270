namespace Exponential;

/// <summary>One tensor of a safetensors file, as its header describes it.</summary>
public sealed class SafetensorsEntry
{
    internal SafetensorsEntry(string name, SafetensorsType type, long[] shape, long elementCount, long begin, long end)
    {
        Name = name;
        Type = type;
        Shape = Array.AsReadOnly(shape);
        ElementCount = elementCount;
        Begin = begin;
        End = end;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Its sizes, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The product of <see cref="Shape"/>.</summary>
    public long ElementCount { get; }

    /// <summary>Where its first byte lies, counted from the end of the header.</summary>
    public long Begin { get; }

    /// <summary>Where the byte after its last one lies, counted from the end of the header.</summary>
    public long End { get; }

    /// <summary>The name, type and shape, as <c>weight F32 [12, 12, 3, 3]</c>.</summary>
    public override string ToString() => $"{Name} {Type.Name()} [{string.Join(", ", Shape)}]";
}
