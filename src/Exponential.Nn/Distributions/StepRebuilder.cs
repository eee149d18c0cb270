namespace Exponential.Nn;

/// <summary>
/// Runs the steps of a flow as one operation that keeps no activations: see <see cref="RecomputeKind.Inverse"/>. The
/// <see cref="RebuildGate"/> decides which steps keep their input all the same.
/// </summary>
internal sealed class StepRebuilder
{
    public StepRebuilder(IReadOnlyList<FlowStep> steps)
    {
        Steps = steps;
        States = [.. steps.Select(step => new ForwardState(step))];
        Parameters = [.. steps.SelectMany(step => step.Parameters()).Distinct()];
        Gate = new RebuildGate(steps);
    }

    public IReadOnlyList<FlowStep> Steps { get; }

    /// <summary>What the forward pass of each step changes.</summary>
    public IReadOnlyList<ForwardState> States { get; }

    /// <summary>The parameters of all steps, each once: inputs of the operation.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    public RebuildGate Gate { get; }

    /// <summary>What reaches the end, and the sum of what the steps add to the log-density.</summary>
    public (Tensor Value, Tensor LogDensity) Run(Tensor x, Tensor? context)
    {
        var operation = new RebuildOperation(this, context is not null, Gate.BeginPass());
        Tensor[] inputs = [x, .. context is null ? [] : new[] { context }, .. Parameters.Select(parameter => parameter.Value)];
        Tensor[] outputs = operation.ApplyMany(inputs);
        return (outputs[0], outputs[1]);
    }
}
