using System.Numerics;

namespace Exponential.Tests;

/// <summary>Naive dense algebra in float64, the oracle of the decompositions; row-major.</summary>
internal static class MatrixTesting
{
    public static double Epsilon<T>() => typeof(T) == typeof(float) ? 1.0 / (1 << 23) : 1.0 / (1L << 52);

    public static T[] Normal<T>(ulong seed, int count)
        where T : INumberBase<T>
    {
        double[] values = new double[count];
        Philox.FillNormal(seed, 0, values.AsSpan());
        return Array.ConvertAll(values, T.CreateTruncating);
    }

    public static double[] ToDoubles<T>(ReadOnlySpan<T> values)
        where T : INumberBase<T>
    {
        double[] result = new double[values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = double.CreateTruncating(values[i]);
        }

        return result;
    }

    public static double[] Multiply(double[] a, double[] b, int m, int inner, int n)
    {
        double[] product = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int k = 0; k < inner; k++)
            {
                for (int j = 0; j < n; j++)
                {
                    product[i * n + j] += a[i * inner + k] * b[k * n + j];
                }
            }
        }

        return product;
    }

    public static double[] Transpose(double[] a, int m, int n)
    {
        double[] result = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                result[j * m + i] = a[i * n + j];
            }
        }

        return result;
    }

    public static double[] Absolute(double[] a) => Array.ConvertAll(a, Math.Abs);

    public static double[] Identity(int n)
    {
        double[] result = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            result[i * n + i] = 1;
        }

        return result;
    }

    public static double MaxDifference(double[] a, double[] b) =>
        a.Length == 0 ? 0 : a.Zip(b, (x, y) => double.IsNaN(x - y) ? double.PositiveInfinity : Math.Abs(x - y)).Max();

    public static double Frobenius(double[] a) => Math.Sqrt(a.Sum(x => x * x));

    public static double MaxAbsolute(double[] a) => a.Length == 0 ? 0 : a.Max(Math.Abs);
}
