namespace Exponential.Nn;

/// <summary>The standard normal density of an event.</summary>
internal static class Gaussian
{
    /// <summary>The sum over each event of -v²/2 - ln(2 pi)/2: [B].</summary>
    public static Tensor LogDensity(Tensor v) => FusedOps.GaussianLogDensity(v);
}
