namespace Exponential.Nn;

/// <summary>How byte values become reals before a flow sees them.</summary>
public enum DequantizationKind
{
    /// <summary>Uniform noise: <see cref="UniformDequantization"/>.</summary>
    Uniform,
}
