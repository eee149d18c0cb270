using Exponential;

namespace LibtorchPeer;

/// <summary>A row of the table: the same work from the same numbers on both sides.</summary>
/// <param name="Name">The work and its sizes.</param>
/// <param name="Operations">Floating-point operations by the direct algorithm, two for each multiply-add; 0 where memory is the limit.</param>
/// <param name="Ours">Our side.</param>
/// <param name="Theirs">The peer's; null without one.</param>
/// <param name="Exact">The results in float64.</param>
internal sealed record Case(string Name, double Operations, Side Ours, Side? Theirs, Func<double[][]> Exact);

/// <summary>Our side of a case from a function of tensors.</summary>
internal static class Ours
{
    /// <summary>The public operations, in float32.</summary>
    /// <param name="accuracy">Whether Winograd's algorithms are allowed.</param>
    /// <param name="work">Makes the results.</param>
    public static Side Side(ArithmeticAccuracy accuracy, Func<Tensor[]> work) => new(
        () => CpuArithmetic.Accuracy = accuracy,
        () =>
        {
            // Gives the results back at once, as the backward pass does and as the peer's scopes do, and not when the collector comes.
            using TemporaryScope scope = TemporaryScope.Begin();
            work();
        },
        () => Array.ConvertAll(work(), static result => result.ToArray<float>()));

    /// <summary>The results of the same function of tensors in float64.</summary>
    public static Func<double[][]> Exact(Func<Tensor[]> work) => () => Array.ConvertAll(work(), static result => result.ToArray<double>());
}
