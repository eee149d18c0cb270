namespace Exponential.Nn;

/// <summary>Uniform noise: ln q(u | v) = 0.</summary>
/// <remarks>Its state is the original's placeholder <c>buffer</c>, zeros [1].</remarks>
public sealed class UniformDequantization : Dequantization
{
    // v + u is rounded to the grid of the element type, which below 256 is 2^-16 in float32 (24 digits, 8 before the point) and 2^-45 in
    // float64. Noise up to one step below 1 keeps v + u below v + 1 for every v.
    private const double LargestFloat32 = 1 - (1.0 / (1L << 16));
    private const double LargestFloat64 = 1 - (1.0 / (1L << 45));

    /// <summary>Makes the noise.</summary>
    /// <param name="dtype">The element type.</param>
    public UniformDequantization(DType dtype = DType.Float32) => AddBuffer("buffer", Tensor.Zeros([1], dtype));

    /// <inheritdoc/>
    public override (Tensor Noise, Tensor LogProb) Sample(Tensor images, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(generator);
        Tensor noise = generator.Uniform(images.Shape, images.DType);
        return (
            noise.Clamp(0, images.DType == DType.Float32 ? LargestFloat32 : LargestFloat64),
            Tensor.Scalar(0, images.DType));
    }
}
