namespace Exponential.Nn;

public static partial class Evaluation
{
    /// <summary>
    /// Measures how far the gradients of a flow are from those of another with the same parameters, batch by batch: from stored activations' where
    /// its own are rebuilt (<see cref="RecomputeKind.Inverse"/>), or from float64's. They are those of the mean log-density of the images with
    /// uniform noise of a fixed seed.
    /// </summary>
    /// <param name="flow">The flow; it is left in evaluation mode, as is the other.</param>
    /// <param name="reference">One with parameters of the same values and in the same order, of any element type.</param>
    /// <param name="images">At least one image of the flow's shape.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="cancellationToken">Ends the comparison between two batches.</param>
    /// <returns>The distance in each batch, in order.</returns>
    /// <exception cref="ArgumentException">The flows have no parameters, other numbers of them, or one of another shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<GradientDistance> CompareGradients(
        Flow flow, Flow reference, ImageSet images, int batchSize, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(flow);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(images);
        (Parameter Own, Parameter Other)[] pairs = [.. flow.Parameters().Zip(reference.Parameters())];
        if (pairs.Length != flow.Parameters().Count() || pairs.Length != reference.Parameters().Count())
        {
            throw new ArgumentException(
                $"Evaluation.CompareGradients: expects flows with as many parameters; got {flow.Parameters().Count()} and {reference.Parameters().Count()}",
                nameof(reference));
        }

        if (pairs.Length == 0)
        {
            throw new ArgumentException("Evaluation.CompareGradients: the flows have no parameters, so there are no gradients to compare", nameof(flow));
        }

        foreach ((Parameter own, Parameter other) in pairs.Where(static pair => pair.Own.Value.Shape != pair.Other.Value.Shape))
        {
            throw new ArgumentException(
                $"Evaluation.CompareGradients: expects parameters of the same shapes; got {own.Name} {own.Value.Shape} and {other.Name} {other.Value.Shape}",
                nameof(reference));
        }

        flow.Eval();
        reference.Eval();
        var noise = new Generator(0);
        List<GradientDistance> distances = [];
        foreach (ImageBatch batch in BatchLoader.InOrder(images, batchSize).Epoch(0, 0, cancellationToken))
        {
            Tensor values = batch.ToTensor(pairs[0].Own.DType);
            values += noise.Uniform(values.Shape, values.DType);
            Gradients own = flow.LogProb(values).Mean().Backward();
            Gradients other = reference.LogProb(values.To(pairs[0].Other.DType)).Mean().Backward();
            distances.Add(Distance(pairs, own, other));
            BufferPool.CollectUnreachable();
        }

        return distances;
    }

    private static GradientDistance Distance((Parameter Own, Parameter Other)[] pairs, Gradients own, Gradients other)
    {
        double square = 0;
        double worst = 0;
        foreach ((Parameter parameter, Parameter same) in pairs)
        {
            Tensor left = own[parameter].To(DType.Float64);
            Tensor right = other[same].To(DType.Float64);
            square += (left - right).Square().Sum().ToScalar();
            worst = Math.Max(worst, RebuildGate.RelativeDistance(left, right));
        }

        return new GradientDistance(square == 0 ? 0 : OrInfinite(Math.Sqrt(square) / other.Norm()), OrInfinite(worst));

        static double OrInfinite(double distance) => double.IsFinite(distance) ? distance : double.PositiveInfinity;
    }
}
