namespace Exponential.Nn;

/// <summary>Measures a model on images.</summary>
public static partial class Evaluation
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
        ImageModel model, ImageSet images, int batchSize, Generator noise, CancellationToken cancellationToken = default) =>
        ImportanceWeightedBitsPerDim(model, images, samples: 1, batchSize, noise, cancellationToken);

    /// <summary>
    /// Mean bits per dimension by importance weighting (Burda, Grosse and Salakhutdinov 2016): ln P(v) is estimated by
    /// ln((1/N) sum over k of p(v + u_k) / q(u_k | v)) with N draws of noise. In expectation it is a lower bound that rises with N and tends to
    /// ln P(v); N = 1 is <see cref="BitsPerDim"/>.
    /// </summary>
    /// <param name="model">The model; it is left in evaluation mode.</param>
    /// <param name="images">At least one image of the model's shape.</param>
    /// <param name="samples">The draws of noise for each image, N. Time grows with it, memory does not.</param>
    /// <param name="batchSize">Images at a time; the result depends on it through the order of rounding alone.</param>
    /// <param name="noise">Draws the first noise of every image; the others come from its forks 1 to N - 1.</param>
    /// <param name="cancellationToken">Ends the evaluation between two draws.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of draws or the batch size is not positive.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static double ImportanceWeightedBitsPerDim(
        ImageModel model, ImageSet images, int samples, int batchSize, Generator noise, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(noise);
        AtLeast.One(samples, nameof(ImportanceWeightedBitsPerDim));
        model.Eval();
        using var noGrad = Autograd.NoGrad();
        DType dtype = DTypeOf(model);
        double sum = 0;
        foreach (ImageBatch batch in BatchLoader.InOrder(images, batchSize).Epoch(0, 0, cancellationToken))
        {
            Tensor values = batch.ToTensor(dtype);
            var mean = new LogMeanExp(batch.Count);
            ulong start = noise.Offset;
            for (int draw = 0; draw < samples; draw++)
            {
                cancellationToken.ThrowIfCancellationRequested();

                // Each draw goes on in its own stream, where the batch before ended: so the noise of an image does not depend on the batches.
                Generator stream = draw == 0 ? noise : noise.Fork((ulong)draw);
                stream.Offset = start;
                mean.Add(model.Elbo(values, stream).To(DType.Float64).ToArray<double>());

                // No optimizer step does it here: what the draw left comes back before the next one asks for as much again.
                BufferPool.CollectUnreachable();
            }

            sum += mean.Values().Sum();
        }

        return -sum / images.Count / (model.Flow.EventShape.ElementCount * Math.Log(2));
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
