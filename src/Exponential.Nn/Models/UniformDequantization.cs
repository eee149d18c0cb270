namespace Exponential.Nn;

/// <summary>Uniform noise: ln q(u | v) = 0.</summary>
/// <remarks>Its state is the original's placeholder <c>model_qu_x.buffer</c>, zeros [1].</remarks>
public sealed class UniformDequantization : Dequantization
{
    /// <summary>Makes the noise.</summary>
    /// <param name="dtype">The element type.</param>
    public UniformDequantization(DType dtype = DType.Float32) => AddBuffer($"{NoiseName}.buffer", Tensor.Zeros([1], dtype));

    /// <inheritdoc/>
    public override (Tensor Noise, Tensor LogProb) Sample(Tensor images, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(generator);
        return (BelowOne(generator.Uniform(images.Shape, images.DType)), Tensor.Scalar(0, images.DType));
    }
}
