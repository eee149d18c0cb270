namespace Exponential.Nn;

/// <summary>Measures a model on images.</summary>
public static class Evaluation
{
    /// <summary>The most images over which a run and the command line take the worst reconstruction error.</summary>
    public const int ReconstructedImages = 32;

    private const ulong TestStream = 0x54455354; // TEST in ASCII: the stream of a run's seed that the test draws from

    /// <summary>
    /// Mean bits per dimension, -log2 p(v) / (C H W), over all images of a set, each dequantized with one draw of noise.
    /// </summary>
    /// <param name="model">The model; it is left in evaluation mode.</param>
    /// <param name="images">At least one image of the model's shape.</param>
    /// <param name="batchSize">Images at a time; the result depends on it through the order of rounding alone.</param>
    /// <param name="noise">Draws the dequantization noise.</param>
    /// <param name="cancellationToken">Ends the evaluation between two batches.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static double BitsPerDim(
        ImageModel model, ImageSet images, int batchSize, Generator noise, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(noise);
        model.Eval();
        using var noGrad = Autograd.NoGrad();
        DType dtype = DTypeOf(model);
        double sum = 0;
        foreach (ImageBatch batch in BatchLoader.InOrder(images, batchSize).Epoch(0, 0, cancellationToken))
        {
            Tensor bits = Nn.BitsPerDim.FromNats(model.Elbo(batch.ToTensor(dtype), noise), model.Flow.EventShape);
            sum += bits.To(DType.Float64).Sum().ToScalar();

            // No optimizer step does it here: what the batch left comes back before the next one asks for as much again.
            BufferPool.CollectUnreachable();
        }

        return sum / images.Count;
    }

    /// <summary>The noise of the test at the end of a run with these settings: with it, a model's test gives the same number again.</summary>
    public static Generator TestNoise(TrainingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new Generator(settings.Seed).Fork(TestStream);
    }

    /// <summary>The worst reconstruction error, max |decode(encode(v)) - v| / 256, over some images taken as one batch.</summary>
    /// <param name="model">The model; it is left in evaluation mode.</param>
    /// <param name="images">At least one image of the model's shape.</param>
    public static double WorstReconstructionError(ImageModel model, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        return Reconstruct(model, images.ToTensor(DTypeOf(model))).WorstError;
    }

    /// <summary>What decoding makes of the encoded images, and how far off it is at worst.</summary>
    /// <param name="model">The model; it is left in evaluation mode.</param>
    /// <param name="images">Images [B, C, H, W] with values 0..255.</param>
    /// <returns>The reconstruction [B, C, H, W], and max |reconstruction - images| / 256: infinite where a value is not finite.</returns>
    public static (Tensor Reconstruction, double WorstError) Reconstruct(ImageModel model, Tensor images)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        model.Eval();
        Tensor reconstruction = model.Reconstruct(images);
        double worst = reconstruction.IsFinite() ? (reconstruction - images).Abs().Max().ToScalar() / 256 : double.PositiveInfinity;
        return (reconstruction, worst);
    }

    private static DType DTypeOf(ImageModel model) => model.Parameters().First().DType;
}
