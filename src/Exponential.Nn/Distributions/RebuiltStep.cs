namespace Exponential.Nn;

/// <summary>How well <see cref="RecomputeKind.Inverse"/> rebuilds the input of one step of a flow.</summary>
/// <param name="Name">The step's name in the flow's state: <c>transformations.3</c>.</param>
/// <param name="Type">What it is: <c>AffineCoupling</c>.</param>
/// <param name="Drift">
/// The worst max |rebuilt - x| / max |x| of the checks so far, the errors of the steps behind it included; null before the first backward pass.
/// </param>
/// <param name="IsStored">Whether the drift was too large, so that the step's input is kept instead.</param>
public sealed record RebuiltStep(string Name, string Type, double? Drift, bool IsStored);
