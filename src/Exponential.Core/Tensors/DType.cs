namespace Exponential;

/// <summary>The element type of a <see cref="Tensor"/>.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary32, <see cref="float"/>: the default.</summary>
    Float32,

    /// <summary>IEEE 754 binary64, <see cref="double"/>: it makes exactness testable.</summary>
    Float64,
}
