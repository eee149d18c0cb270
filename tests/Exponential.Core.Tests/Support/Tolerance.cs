using Xunit;

namespace Exponential.Core.Tests;

/// <summary>
/// The one way in which results are compared: |a - b| at most c * eps * scale. The scale is the size of the numbers that were
/// rounded on the way (for a sum, the sum of absolute values), c the number of roundings, worked out by the caller and never tuned.
/// </summary>
internal static class Tolerance
{
    /// <summary>The distance from 1 to the next number.</summary>
    public static double Epsilon(DType dtype) => dtype == DType.Float32 ? 1.0 / (1 << 23) : 1.0 / (1L << 52);

    /// <summary>What underflow may lose: the smallest normal number.</summary>
    public static double Smallest(DType dtype) => dtype == DType.Float32 ? 1.1754944e-38 : 2.2250738585072014e-308;

    /// <summary>Compares element by element, each with a scale of its own.</summary>
    public static void AssertClose(NaiveArray expected, NaiveArray actual, NaiveArray scale, double c, DType dtype, string what)
    {
        Assert.True(expected.Shape.SequenceEqual(actual.Shape), $"{what}: expected shape {expected}, got {actual}");
        for (int i = 0; i < expected.Count; i++)
        {
            double tolerance = (c * Epsilon(dtype) * Math.Abs(scale.Values[i])) + Smallest(dtype);
            if (!IsClose(expected.Values[i], actual.Values[i], tolerance))
            {
                AssertClose(expected.Values[i], actual.Values[i], tolerance, $"{what}, element {i} of {expected}");
            }
        }
    }

    /// <summary>Compares element by element against one scale for all.</summary>
    public static void AssertClose(NaiveArray expected, NaiveArray actual, double scale, double c, DType dtype, string what) =>
        AssertClose(expected, actual, expected.Map(_ => scale), c, dtype, what);

    /// <summary>Compares two numbers; NaN and infinities must be the same.</summary>
    public static void AssertClose(double expected, double actual, double tolerance, string what) => Assert.True(
        IsClose(expected, actual, tolerance),
        $"{what}: expected {expected:R}, got {actual:R}, difference {Math.Abs(expected - actual):E2}, tolerance {tolerance:E2}");

    /// <summary>The largest absolute value.</summary>
    public static double Largest(NaiveArray values) => values.Count == 0 ? 0 : values.Values.Max(Math.Abs);

    private static bool IsClose(double expected, double actual, double tolerance) =>
        double.IsFinite(expected) ? Math.Abs(expected - actual) <= tolerance : expected.Equals(actual);
}
