namespace Exponential.Nn;

/// <summary>
/// The noise that makes discrete pixel values continuous: with v in 0, 1, ..., 255 and u in [0, 1), a density of v + u bounds the
/// probability of v from below, ln P(v) ≥ E[ln p(v + u) - ln q(u | v)] (Theis et al. 2016; Ho et al. 2019).
/// </summary>
public abstract class Dequantization : Module
{
    /// <summary>Draws noise for a batch of images.</summary>
    /// <param name="images">[B, C, H, W] of whole numbers 0 to 255.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <returns>The noise u in [0, 1), of the images' shape, and ln q(u | v), [B] or a scalar.</returns>
    public abstract (Tensor Noise, Tensor LogProb) Sample(Tensor images, Generator generator);
}
