using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>Comparisons by norm, with the tolerance and what came in the message.</summary>
internal static class Closeness
{
    /// <summary>The rounding unit of float64.</summary>
    public const double Epsilon = 1.0 / (1L << 52);

    /// <summary>The rounding unit of float32.</summary>
    public const double EpsilonSingle = 1.0 / (1 << 23);

    public static double[] Values(Tensor tensor) => tensor.Detach().To(DType.Float64).ToArray<double>();

    /// <summary>The Euclidean norm of all elements.</summary>
    public static double Norm(Tensor tensor) => Math.Sqrt(Values(tensor).Sum(value => value * value));

    /// <summary>|actual - expected| is at most the tolerance, in the Euclidean norm; shapes agree.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.True(expected.Shape == actual.Shape, $"{what}: the shape must be {expected.Shape}; it is {actual.Shape}");
        double error = Math.Sqrt(Values(expected).Zip(Values(actual), (a, b) => (a - b) * (a - b)).Sum());
        Assert.True(error <= tolerance, FormattableString.Invariant($"{what}: differs by {error:G3} where {tolerance:G3} is allowed"));
    }

    public static void AssertClose(double expected, double actual, double tolerance, string what) =>
        Assert.True(
            Math.Abs(expected - actual) <= tolerance,
            FormattableString.Invariant($"{what}: {actual:G12} differs from {expected:G12} by more than {tolerance:G3}"));
}
