namespace Exponential.Nn;

public static partial class Evaluation
{
    /// <summary>
    /// Measures how exactly the model's flow inverts itself: images go to latents, back to images, and to latents again. Where the noise is
    /// drawn by a flow, its steps are measured as well, at noise of a fixed seed.
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
        IReadOnlyList<FlowStep> noiseSteps = [];
        double[] noiseResiduals = [];
        var noise = new Generator(0);
        double reconstruction = 0;
        double residual = 0;
        foreach (ImageBatch batch in BatchLoader.InOrder(images, batchSize).Epoch(0, 0, cancellationToken))
        {
            Tensor values = batch.ToTensor(dtype);
            IReadOnlyList<Tensor> latents = flow.Encode(values);
            Tensor decoded = flow.Decode(latents);
            reconstruction = Math.Max(reconstruction, Distance([decoded], [values]) / 256);
            residual = Math.Max(residual, Distance(flow.Encode(decoded), latents));
            AddResiduals(flow.Steps, values, null, steps);
            if (model.Dequantization.FlowOf(values) is var (noiseFlow, context))
            {
                noiseSteps = noiseFlow.Steps;
                noiseResiduals = noiseResiduals.Length == 0 ? new double[noiseSteps.Count] : noiseResiduals;
                AddResiduals(noiseSteps, noiseFlow.Sample(values.Shape[0], noise, context).Value, context, noiseResiduals);
            }

            BufferPool.CollectUnreachable();
        }

        return new VerificationResult(reconstruction, residual, Named(flow.Steps, steps), Named(noiseSteps, noiseResiduals));
    }

    private static StepResidual[] Named(IReadOnlyList<FlowStep> steps, double[] residuals) =>
        [.. steps.Select((step, i) => new StepResidual(Flow.StepName(i), step.GetType().Name, residuals[i]))];

    /// <summary>Sends x through the steps and enlarges each one's residual to what it is there: how far off its value is after a way back and forth.</summary>
    private static void AddResiduals(IReadOnlyList<FlowStep> steps, Tensor x, Tensor? context, double[] residuals)
    {
        for (int i = 0; i < residuals.Length; i++)
        {
            List<Tensor> taken = [];
            Tensor z = steps[i].Encode(x, context, taken).Value;
            List<Tensor> takenAgain = [];
            Tensor again = steps[i].Encode(steps[i].Decode(z, context, new Stack<Tensor>(taken)), context, takenAgain).Value;
            residuals[i] = Math.Max(residuals[i], Distance([again, .. takenAgain], [z, .. taken]));
            x = z;
        }
    }

    /// <summary>The largest distance between two elements in the same place: infinite where one is not finite.</summary>
    private static double Distance(IReadOnlyList<Tensor> left, IReadOnlyList<Tensor> right) => left.Zip(right).Max(pair =>
    {
        Tensor difference = pair.First - pair.Second;
        return difference.IsFinite() ? difference.Abs().Max().ToScalar() : double.PositiveInfinity;
    });
}
