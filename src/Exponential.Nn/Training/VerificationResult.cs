namespace Exponential.Nn;

/// <summary>How exactly a flow can be inverted; errors are infinite where a value is not finite.</summary>
/// <param name="ReconstructionError">max |f⁻¹(f(v)) - v| / 256 over the images v.</param>
/// <param name="InverseResidual">max |f(f⁻¹(z)) - z| over their latents z = f(v), in the latents' units.</param>
/// <param name="Steps">The same residual of each step alone, at the values that reach it, in order: it tells which step loses what is lost.</param>
/// <param name="NoiseSteps">That of each step of the flow that draws trained noise, at values drawn by it; empty without one. The
/// sigmoid behind it is not measured: its inverse is as exact as the noise is far from 0 and 1.</param>
public sealed record VerificationResult(
    double ReconstructionError, double InverseResidual, IReadOnlyList<StepResidual> Steps, IReadOnlyList<StepResidual> NoiseSteps);
