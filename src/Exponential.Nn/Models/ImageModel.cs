namespace Exponential.Nn;

/// <summary>
/// A model of images with pixel values 0 to 255: a flow over continuous values and the noise that leads to them. Its state lies under
/// <c>model_pv</c> and <c>model_qu_x</c>, with trained noise under <c>model_context</c> too.
/// </summary>
public sealed class ImageModel : Module
{
    /// <summary>Makes the model.</summary>
    /// <param name="flow">A distribution over images [C, H, W] with values in [0, 256).</param>
    /// <param name="dequantization">The noise added to whole pixel values.</param>
    public ImageModel(Flow flow, Dequantization dequantization)
    {
        Flow = AddModule("model_pv", flow);
        Dequantization = AddModule(string.Empty, dequantization);
    }

    /// <summary>The distribution of continuous values.</summary>
    public Flow Flow { get; }

    /// <summary>The noise.</summary>
    public Dequantization Dequantization { get; }

    /// <summary>A lower bound, by one draw of noise, on the log-probability of each image: ln p(v + u) - ln q(u | v), in nats.</summary>
    /// <param name="images">[B, C, H, W] of whole numbers 0 to 255.</param>
    /// <param name="generator">Draws the noise.</param>
    /// <returns>[B].</returns>
    /// <exception cref="ArgumentException">The shape or element type does not fit, or the batch is empty.</exception>
    public Tensor Elbo(Tensor images, Generator generator)
    {
        (Tensor noise, Tensor logNoise) = Dequantization.Sample(images, generator);
        return Flow.LogProb(images + noise) - logNoise;
    }

    /// <summary>The mean of -<see cref="Elbo"/> in bits per dimension: the loss of training, a scalar.</summary>
    /// <param name="images">[B, C, H, W] of whole numbers 0 to 255.</param>
    /// <param name="generator">Draws the noise.</param>
    /// <exception cref="ArgumentException">The shape or element type does not fit, or the batch is empty.</exception>
    public Tensor BitsPerDim(Tensor images, Generator generator) => Nn.BitsPerDim.FromNats(Elbo(images, generator).Mean(), Flow.EventShape);

    /// <summary>Draws images: [count, C, H, W] of continuous values, most of them between 0 and 256. Records no gradient.</summary>
    /// <param name="count">How many.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <param name="temperature">What Gaussian deviations are multiplied by.</param>
    public Tensor Sample(int count, Generator generator, double temperature = 1)
    {
        using (Autograd.NoGrad())
        {
            return Flow.Sample(count, generator, temperature: temperature).Value;
        }
    }

    /// <summary>Images after a way to the latents and back: what differs from the input is the flow's error. Records no gradient.</summary>
    /// <param name="images">[B, C, H, W].</param>
    /// <exception cref="ArgumentException">The shape or element type does not fit, or the batch is empty.</exception>
    public Tensor Reconstruct(Tensor images)
    {
        using (Autograd.NoGrad())
        {
            return Flow.Decode(Flow.Encode(images));
        }
    }
}
