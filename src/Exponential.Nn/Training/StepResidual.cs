namespace Exponential.Nn;

/// <summary>How exactly one step of a flow can be inverted.</summary>
/// <param name="Name">The step's name in the flow's state: <c>transformations.3</c>.</param>
/// <param name="Type">What it is: <c>AffineCoupling</c>.</param>
/// <param name="InverseResidual">max |f(f⁻¹(z)) - z|, infinite where a value is not finite.</param>
public sealed record StepResidual(string Name, string Type, double InverseResidual);
