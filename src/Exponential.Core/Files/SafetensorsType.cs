namespace Exponential;

/// <summary>The element types of a safetensors file that can be read.</summary>
public enum SafetensorsType
{
    /// <summary>BOOL: one byte, 0 or 1.</summary>
    Bool,

    /// <summary>U8.</summary>
    UInt8,

    /// <summary>I8.</summary>
    Int8,

    /// <summary>U16.</summary>
    UInt16,

    /// <summary>I16.</summary>
    Int16,

    /// <summary>U32.</summary>
    UInt32,

    /// <summary>I32.</summary>
    Int32,

    /// <summary>U64.</summary>
    UInt64,

    /// <summary>I64.</summary>
    Int64,

    /// <summary>F16: IEEE 754 half precision.</summary>
    Float16,

    /// <summary>BF16: the upper half of a float32.</summary>
    BFloat16,

    /// <summary>F32.</summary>
    Float32,

    /// <summary>F64.</summary>
    Float64,
}

/// <summary>Names and sizes of the element types.</summary>
internal static class SafetensorsTypes
{
    // In the order of the enumeration.
    private static readonly string[] Names =
        ["BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64"];

    private static readonly byte[] Sizes = [1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 2, 4, 8];

    /// <summary>All names, for messages.</summary>
    public static string AllNames => string.Join(", ", Names);

    /// <summary>The name in the file's header.</summary>
    public static string Name(this SafetensorsType type) => Names[(int)type];

    /// <summary>Bytes of one element.</summary>
    public static int Size(this SafetensorsType type) => Sizes[(int)type];

    /// <summary>The type of that name.</summary>
    public static bool TryParse(string name, out SafetensorsType type)
    {
        int index = Array.IndexOf(Names, name);
        type = (SafetensorsType)Math.Max(index, 0);
        return index >= 0;
    }
}
