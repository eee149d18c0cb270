namespace Exponential.Nn;

/// <summary>How byte values become reals before a flow sees them.</summary>
public enum DequantizationKind
{
    /// <summary>Uniform noise: <see cref="UniformDequantization"/>.</summary>
    Uniform,

    /// <summary>Noise from a flow conditioned on the image, trained with the model (variational dequantization, Ho et al. 2019).</summary>
    Flow,
}
