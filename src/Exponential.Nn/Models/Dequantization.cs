namespace Exponential.Nn;

/// <summary>
/// The noise that makes discrete pixel values continuous: with v in 0, 1, ..., 255 and u in [0, 1), a density of v + u bounds the
/// probability of v from below, ln P(v) ≥ E[ln p(v + u) - ln q(u | v)] (Theis et al. 2016; Ho et al. 2019).
/// </summary>
/// <remarks>Its state lies under the original's names for it in a whole model, <c>model_qu_x</c> and <c>model_context</c>.</remarks>
public abstract class Dequantization : Module
{
    private protected const string NoiseName = "model_qu_x";
    private protected const string ContextName = "model_context";

    // v + u is rounded to the grid of the element type, which below 256 is 2^-16 in float32 (24 digits, 8 before the point) and 2^-45 in
    // float64. Noise up to one step below 1 keeps v + u below v + 1 for every v.
    private const double LargestFloat32 = 1 - (1.0 / (1L << 16));
    private const double LargestFloat64 = 1 - (1.0 / (1L << 45));

    /// <summary>Draws noise for a batch of images.</summary>
    /// <param name="images">[B, C, H, W] of whole numbers 0 to 255.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <returns>The noise u in [0, 1), of the images' shape, and ln q(u | v), [B] or a scalar.</returns>
    public abstract (Tensor Noise, Tensor LogProb) Sample(Tensor images, Generator generator);

    /// <summary>The flow that draws the noise of these images, and what it is conditioned on; null where no flow does.</summary>
    internal virtual (Flow Flow, Tensor Context)? FlowOf(Tensor images) => null;

    /// <summary>Noise from [0, 1], kept so far below 1 that v + u rounds to less than v + 1 for every v.</summary>
    private protected static Tensor BelowOne(Tensor noise) =>
        noise.Clamp(0, noise.DType == DType.Float32 ? LargestFloat32 : LargestFloat64);
}
