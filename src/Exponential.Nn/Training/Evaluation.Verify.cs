namespace Exponential.Nn;

public static partial class Evaluation
{
    /// <summary>
    /// Measures how exactly the model's flow inverts itself: images go to latents, back to images, and to latents again.
    /// </summary>
    /// <param name="model">The model; it is left in evaluation mode.</param>
    /// <param name="images">At least one image of the model's shape.</param>
    /// <param name="batchSize">Images at a time; the result depends on it through the order of rounding alone.</param>
    /// <param name="cancellationToken">Ends the verification between two batches.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static VerificationResult Verify(
        ImageModel model, ImageSet images, int batchSize, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        model.Eval();
        using var noGrad = Autograd.NoGrad();
        DType dtype = DTypeOf(model);
        Flow flow = model.Flow;
        double[] steps = new double[flow.Steps.Count];
        double reconstruction = 0;
        double residual = 0;
        foreach (ImageBatch batch in BatchLoader.InOrder(images, batchSize).Epoch(0, 0, cancellationToken))
        {
            Tensor values = batch.ToTensor(dtype);
            IReadOnlyList<Tensor> latents = flow.Encode(values);
            Tensor decoded = flow.Decode(latents);
            reconstruction = Math.Max(reconstruction, Distance([decoded], [values]) / 256);
            residual = Math.Max(residual, Distance(flow.Encode(decoded), latents));
            Tensor x = values;
            for (int i = 0; i < steps.Length; i++)
            {
                (x, double worst) = Residual(flow.Steps[i], x);
                steps[i] = Math.Max(steps[i], worst);
            }

            BufferPool.CollectUnreachable();
        }

        return new VerificationResult(
            reconstruction,
            residual,
            [.. steps.Select((worst, i) => new StepResidual(Flow.StepName(i), flow.Steps[i].GetType().Name, worst))]);
    }

    /// <summary>What a step makes of x, and how far off that is after a way back and forth.</summary>
    private static (Tensor Value, double Residual) Residual(FlowStep step, Tensor x)
    {
        List<Tensor> taken = [];
        Tensor z = step.Encode(x, null, taken).Value;
        List<Tensor> takenAgain = [];
        Tensor again = step.Encode(step.Decode(z, null, new Stack<Tensor>(taken)), null, takenAgain).Value;
        return (z, Distance([again, .. takenAgain], [z, .. taken]));
    }

    /// <summary>The largest distance between two elements in the same place: infinite where one is not finite.</summary>
    private static double Distance(IReadOnlyList<Tensor> left, IReadOnlyList<Tensor> right) => left.Zip(right).Max(pair =>
    {
        Tensor difference = pair.First - pair.Second;
        return difference.IsFinite() ? difference.Abs().Max().ToScalar() : double.PositiveInfinity;
    });
}
