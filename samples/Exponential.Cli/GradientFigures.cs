using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>What <c>exponential evaluate --verify_gradients</c> measures.</summary>
/// <param name="Rebuilt">Of activations rebuilt by the inverse, from those of stored ones: a distance for each batch.</param>
/// <param name="Stored">Of stored activations, from those in float64; empty where the model itself computes in float64.</param>
/// <param name="Steps">The flow's steps, and which of them keep their input after all.</param>
internal sealed record GradientFigures(
    IReadOnlyList<GradientDistance> Rebuilt, IReadOnlyList<GradientDistance> Stored, IReadOnlyList<RebuiltStep> Steps)
{
    /// <summary>Measures them.</summary>
    /// <param name="path">The checkpoint.</param>
    /// <param name="settings">Those that the flow was opened with.</param>
    /// <param name="stored">Its flow.</param>
    /// <param name="set">The images.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="stop">Ends it between two batches.</param>
    public static GradientFigures Measure(
        string path, TrainingSettings settings, Flow stored, ImageSet set, int batchSize, CancellationToken stop)
    {
        stored.Recompute = RecomputeKind.None;
        Flow rebuilt = Checkpoint.LoadModel(path, settings, set.ImageShape).Flow;
        rebuilt.Recompute = RecomputeKind.Inverse;
        return new GradientFigures(
            Evaluation.CompareGradients(rebuilt, stored, set, batchSize, stop),
            settings.DType == DType.Float64 ? [] : Evaluation.CompareGradients(stored, Exact(), set, batchSize, stop),
            rebuilt.RebuiltSteps);

        Flow Exact()
        {
            Flow exact = Checkpoint.LoadModel(path, settings with { DType = DType.Float64 }, set.ImageShape).Flow;
            exact.Recompute = RecomputeKind.None;
            return exact;
        }
    }

    /// <summary>Adds them to the command's JSON object.</summary>
    public void AddTo(JsonObject json)
    {
        json["rebuilt_gradients"] = Batches(Rebuilt);
        if (Stored.Count > 0)
        {
            json["stored_gradients"] = Batches(Stored);
        }

        json["stored_steps"] = new JsonArray([.. Steps.Where(static step => step.IsStored).Select(static step => JsonValue.Create(step.Name))]);
    }

    /// <summary>The lines of the command's text.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"Gradients of rebuilt activations, from those of stored ones, {Worst(Rebuilt)}";
        if (Stored.Count > 0)
        {
            yield return $"Gradients of stored activations, from those in float64, {Worst(Stored)}";
        }

        int kept = Steps.Count(static step => step.IsStored);
        if (kept > 0)
        {
            yield return $"Inputs kept, for the inverse does not rebuild them to rounding: those of {kept} of {Output.Count(Steps.Count, "step")}";
        }
    }

    private static JsonArray Batches(IEnumerable<GradientDistance> distances) => new([.. distances.Select(static distance => new JsonObject
    {
        ["whole"] = Output.Number(distance.Whole),
        ["element"] = Output.Number(distance.Element),
    })]);

    private static string Worst(IReadOnlyList<GradientDistance> distances) =>
        $"at worst (batches: {distances.Count}): {Output.Text(distances.Max(static distance => distance.Whole), "E2")} of the whole, "
        + $"one element {Output.Text(distances.Max(static distance => distance.Element), "E2")} of its parameter's largest";
}
