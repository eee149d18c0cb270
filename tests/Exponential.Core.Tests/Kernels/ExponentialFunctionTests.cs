using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

/// <summary>e^x, the sigmoid and tanh in vectors: digits, order, symmetry, the ends of the range and every length of a tail.</summary>
public sealed unsafe class ExponentialFunctionTests
{
    /// <summary>Each function with its reference and its largest error in units of the last place, measured 1.0, 2.3 and 2.3 over every hundredth float.</summary>
    private static readonly (UnaryKind Kind, Func<double, double> Reference, double Units)[] Functions =
        [(UnaryKind.Exp, Math.Exp, 1.5), (UnaryKind.Sigmoid, static x => 1 / (1 + Math.Exp(-x)), 3), (UnaryKind.Tanh, Math.Tanh, 3)];

    [Fact]
    public void Float32ToTheLastPlacesAndInOrder()
    {
        // Every 1009th number from 0 to 128, and the same below 0, both upwards.
        float[] positive = [.. Enumerable.Range(0, 0x43000000 / 1009).Select(step => BitConverter.Int32BitsToSingle(step * 1009))];
        float[] points = [.. positive.Reverse().Select(value => -value), .. positive];
        foreach ((UnaryKind kind, Func<double, double> reference, double units) in Functions)
        {
            float[] actual = Apply(kind, points);
            for (int i = 0; i < points.Length; i++)
            {
                double expected = reference(points[i]);
                double place = float.BitIncrement(Math.Abs((float)expected)) - Math.Abs((float)expected);
                string what = $"{kind}({points[i]:R}) = {actual[i]:R}";
                Assert.True(float.IsInfinity((float)expected) ? actual[i] == (float)expected : Math.Abs(actual[i] - expected) <= units * place, what);
                Assert.True(i == 0 || actual[i] >= actual[i - 1], $"{what} is below its predecessor's");
            }
        }
    }

    [Fact]
    public void Float64BesideTheRuntimesFunctions()
    {
        var random = new Random(3);
        double[] points = [.. Enumerable.Range(0, 200_000).Select(_ => ((2 * random.NextDouble()) - 1) * Math.Pow(10, (random.NextDouble() * 9) - 6)).Where(x => Math.Abs(x) < 708)];
        foreach ((UnaryKind kind, Func<double, double> reference, double units) in Functions)
        {
            double[] actual = Apply(kind, points);
            for (int i = 0; i < points.Length; i++)
            {
                // The references have roundings of their own.
                double expected = reference(points[i]);
                double tolerance = (units + 1) * (double.BitIncrement(Math.Abs(expected)) - Math.Abs(expected));
                Assert.True(Math.Abs(actual[i] - expected) <= tolerance, $"{kind}({points[i]:R}) = {actual[i]:R}, expected {expected:R}");
            }
        }
    }

    /// <summary>Where e^x is a denormal number, and the sigmoid is e^x.</summary>
    [Fact]
    public void Float64DenormalToTheLastPlaces()
    {
        double[] points = [.. Enumerable.Range(0, 20_001).Select(step => -745.5 + (step * 37.5 / 20_000))];
        foreach ((UnaryKind kind, _, double units) in Functions.Where(function => function.Kind != UnaryKind.Tanh))
        {
            double[] actual = Apply(kind, points);
            for (int i = 0; i < points.Length; i++)
            {
                double expected = Math.Exp(points[i]);
                double tolerance = (units + 1) * (double.BitIncrement(expected) - expected);
                string what = $"{kind}({points[i]:R}) = {actual[i]:R}";
                Assert.True(Math.Abs(actual[i] - expected) <= tolerance, $"{what}, expected {expected:R}");
                Assert.True(i == 0 || actual[i] >= actual[i - 1], $"{what} is below its predecessor's");
            }
        }
    }

    [Fact]
    public void EndsOfTheRange()
    {
        Assert.Equal(
            [0, 0, float.Epsilon, 1, 1, float.PositiveInfinity, float.PositiveInfinity, float.NaN],
            Apply(UnaryKind.Exp, [float.NegativeInfinity, -103.98f, -103.9f, -0f, float.Epsilon, 88.73f, 1e30f, float.NaN]));
        Assert.Equal(
            [0, 0, double.Epsilon, 1, 1, double.PositiveInfinity, double.PositiveInfinity, double.NaN],
            Apply(UnaryKind.Exp, [double.NegativeInfinity, -745.14, -745.1, -0.0, double.Epsilon, 709.79, 1e300, double.NaN]));
        Assert.InRange(Apply(UnaryKind.Exp, [88.7228f])[0], 3.4e38f, float.MaxValue);
        Assert.InRange(Apply(UnaryKind.Exp, [709.7827])[0], 1.79e308, double.MaxValue);
        Assert.Equal([0, 1, 0.5f, float.NaN], Apply(UnaryKind.Sigmoid, [float.NegativeInfinity, float.PositiveInfinity, 0, float.NaN]));
        Assert.Equal([-1, 1, -1, 1, float.NaN], Apply(UnaryKind.Tanh, [float.NegativeInfinity, float.PositiveInfinity, -9.1f, 1e30f, float.NaN]));
        Assert.Equal([-1, 1, -1, 1, double.NaN], Apply(UnaryKind.Tanh, [double.NegativeInfinity, double.PositiveInfinity, -19.1, 1e300, double.NaN]));
    }

    [Fact]
    public void TanhIsOdd()
    {
        var random = new Random(4);
        float[] points = [0, float.Epsilon, 0.55f, 10, .. Enumerable.Range(0, 10_000).Select(_ => (float)Math.Pow(10, (random.NextDouble() * 10) - 8))];
        float[] mirrored = Apply(UnaryKind.Tanh, Array.ConvertAll(points, static value => -value));
        Assert.Equal(
            Array.ConvertAll(Apply(UnaryKind.Tanh, points), BitConverter.SingleToInt32Bits),
            Array.ConvertAll(mirrored, static value => BitConverter.SingleToInt32Bits(-value)));
    }

    [Fact]
    public void AResultDoesNotDependOnItsPlace()
    {
        Check<float>();
        Check<double>();

        static void Check<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            GuardedBuffer<T> x = GuardedBuffer<T>.Random(40, new Random(5), 4);
            foreach ((UnaryKind kind, _, _) in Functions)
            {
                T[] whole = Apply(kind, x.ToArray());
                for (int length = 1; length <= x.Count; length++)
                {
                    for (int start = 0; start + length <= x.Count; start += 7)
                    {
                        var y = new GuardedBuffer<T>(length);
                        UnaryKernels.Block(kind, x.Pointer + start, y.Pointer, length, T.Zero, T.Zero);
                        y.AssertGuardsIntact();
                        Assert.Equal(whole[start..(start + length)], y.ToArray());
                    }
                }
            }
        }
    }

    private static T[] Apply<T>(UnaryKind kind, T[] x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var y = new T[x.Length];
        fixed (T* from = x, to = y)
        {
            UnaryKernels.Run(kind, from, to, x.Length, T.Zero, T.Zero);
        }

        return y;
    }
}
