using System.Numerics;
using FsCheck.Xunit;
using Xunit;
using static Exponential.Tests.MatrixTesting;

namespace Exponential.Tests;

public class LuDecompositionTests
{
    [Property(MaxTest = 60)]
    public void Factors_multiply_to_the_permuted_matrix(ulong seed, byte size)
    {
        int n = size % 70;
        CheckFactors<double>(seed, n);
        CheckFactors<float>(seed, n);
    }

    [Property(MaxTest = 60)]
    public void Solve_has_a_small_residual(ulong seed, byte size, byte width)
    {
        CheckSolve<double>(seed, 1 + size % 60, 1 + width % 40);
        CheckSolve<float>(seed, 1 + size % 60, 1 + width % 40);
    }

    [Theory]
    [InlineData(64, 5)]
    [InlineData(65, 1)]
    [InlineData(128, 17)]
    [InlineData(150, 150)]
    public void Solve_passes_from_block_to_block(int n, int columns)
    {
        CheckSolve<double>(3, n, columns);
        CheckSolve<float>(3, n, columns);
        CheckInverse<double>(4, n);
        CheckInverse<float>(4, n);
    }

    [Property(MaxTest = 60)]
    public void Inverse_times_the_matrix_is_the_identity(ulong seed, byte size)
    {
        CheckInverse<double>(seed, 1 + size % 60);
        CheckInverse<float>(seed, 1 + size % 60);
    }

    // The log-determinant is ill-conditioned only where the matrix is: d log|det| = trace(A^-1 dA), with |dA| at most c n eps |L||U|.
    [Property(MaxTest = 60)]
    public void SlogDet_matches_elimination_with_full_pivoting(ulong seed, byte size)
    {
        int n = size % 50;
        double[] a = Normal<double>(seed, n * n);
        LuDecomposition.SlogDet<double>(a, n, out double sign, out double log);
        (double expectedSign, double expectedLog) = FullPivotingDeterminant(a, n);
        double[] inverse = new double[n * n];
        LuDecomposition.Inverse<double>(a, n, inverse);
        double condition = Frobenius(a) * Frobenius(inverse);
        Assert.Equal(expectedSign, sign);
        Assert.InRange(Math.Abs(log - expectedLog), 0, 4 * n * Epsilon<double>() * (condition + 1));

        float[] floats = Array.ConvertAll(a, x => (float)x);
        double[] rounded = ToDoubles<float>(floats);
        LuDecomposition.SlogDet<float>(floats, n, out float floatSign, out float floatLog);
        (expectedSign, expectedLog) = FullPivotingDeterminant(rounded, n);
        double tolerance = 4 * n * Epsilon<float>() * (condition + 1) + Epsilon<float>() * Math.Abs(expectedLog);
        Assert.InRange(Math.Abs(floatLog - expectedLog), 0, tolerance);
        if (tolerance < 0.1)
        {
            Assert.Equal(expectedSign, floatSign);
        }
    }

    [Fact]
    public void Known_determinants()
    {
        LuDecomposition.SlogDet<double>([0, 2, 3, 0], 2, out double sign, out double log);
        Assert.Equal((-1, Math.Log(6)), (sign, log));
        LuDecomposition.SlogDet<double>([], 0, out sign, out log);
        Assert.Equal((1, 0), (sign, log));
        LuDecomposition.SlogDet<float>([-5f], 1, out float floatSign, out float floatLog);
        Assert.Equal((-1f, MathF.Log(5)), (floatSign, floatLog));

        // Determinants far outside the range of the type.
        double[] tiny = new double[400];
        for (int i = 0; i < 20; i++)
        {
            tiny[i * 21] = 1e-300;
        }

        LuDecomposition.SlogDet<double>(tiny, 20, out sign, out log);
        Assert.Equal(1, sign);
        Assert.InRange(log, 20 * Math.Log(1e-300) * (1 + 1e-14), 20 * Math.Log(1e-300) * (1 - 1e-14));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(40)]
    public void A_singular_matrix_is_reported(int n)
    {
        // The last row is twice the first, exactly, and numbers small enough that elimination is exact.
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            a[i * n + i] = 1;
            a[i * n + (i + 1) % n] += i % 2;
        }

        a.AsSpan(0, n).CopyTo(a.AsSpan((n - 1) * n));
        for (int j = 0; j < n; j++)
        {
            a[(n - 1) * n + j] *= n == 1 ? 0 : 2;
        }

        double[] lu = [.. a];
        Assert.False(LuDecomposition.Factor<double>(lu, n, new int[n], out _));
        double[] inverse = new double[n * n];
        Assert.False(LuDecomposition.Inverse<double>(a, n, inverse));
        Assert.All(inverse, x => Assert.True(double.IsNaN(x)));
        LuDecomposition.SlogDet<double>(a, n, out double sign, out double log);
        Assert.Equal((0, double.NegativeInfinity), (sign, log));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_that_is_not_finite_gives_NaN_wherever_it_stands(double bad)
    {
        for (int place = 0; place < 9; place++)
        {
            double[] a = Identity(3);
            a[place] = bad;
            LuDecomposition.SlogDet<double>(a, 3, out double sign, out double log);
            Assert.True(double.IsNaN(sign) && double.IsNaN(log));
            double[] inverse = new double[9];
            Assert.True(LuDecomposition.Inverse<double>(a, 3, inverse));
            Assert.All(inverse, x => Assert.True(double.IsNaN(x)));
            Assert.Throws<ArgumentOutOfRangeException>(() => LuDecomposition.Inverse<double>(a, 4, inverse));
        }
    }

    private static void CheckFactors<T>(ulong seed, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] a = Normal<T>(seed, n * n);
        T[] lu = [.. a];
        int[] pivots = new int[n];
        LuDecomposition.Factor<T>(lu, n, pivots, out int sign);

        double[] permuted = ToDoubles<T>(a);
        int expectedSign = 1;
        for (int k = 0; k < n; k++)
        {
            Assert.InRange(pivots[k], k, n - 1);
            expectedSign = pivots[k] == k ? expectedSign : -expectedSign;
            for (int j = 0; j < n; j++)
            {
                (permuted[k * n + j], permuted[pivots[k] * n + j]) = (permuted[pivots[k] * n + j], permuted[k * n + j]);
            }
        }

        double[] lower = Identity(n);
        double[] upper = ToDoubles<T>(lu);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                lower[i * n + j] = upper[i * n + j];
                upper[i * n + j] = 0;
                Assert.InRange(Math.Abs(lower[i * n + j]), 0, 1);
            }
        }

        // Higham, Accuracy and Stability, theorem 9.3: |PA - LU| <= n u / (1 - n u) |L||U|.
        double scale = MaxAbsolute(Multiply(Absolute(lower), Absolute(upper), n, n, n));
        Assert.InRange(MaxDifference(permuted, Multiply(lower, upper, n, n, n)), 0, n * Epsilon<T>() * scale);
        Assert.Equal(expectedSign, sign);
    }

    private static void CheckSolve<T>(ulong seed, int n, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] a = Normal<T>(seed, n * n);
        T[] b = Normal<T>(seed + 1, n * columns);
        T[] lu = [.. a];
        int[] pivots = new int[n];
        Assert.True(LuDecomposition.Factor<T>(lu, n, pivots, out _));
        T[] x = [.. b];
        LuDecomposition.Solve<T>(lu, pivots, n, x, columns);

        // Backward stable: |A x - b| <= c n eps |L||U||x|, and |L||U| is at most a few times n |A| here.
        double[] product = Multiply(ToDoubles<T>(a), ToDoubles<T>(x), n, n, columns);
        double scale = MaxAbsolute(Multiply(Absolute(ToDoubles<T>(a)), Absolute(ToDoubles<T>(x)), n, n, columns));
        Assert.InRange(MaxDifference(product, ToDoubles<T>(b)), 0, 3 * n * Epsilon<T>() * scale);
    }

    private static void CheckInverse<T>(ulong seed, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] a = Normal<T>(seed, n * n);
        T[] inverse = new T[n * n];
        Assert.True(LuDecomposition.Inverse<T>(a, n, inverse));
        double[] product = Multiply(ToDoubles<T>(a), ToDoubles<T>(inverse), n, n, n);
        double scale = MaxAbsolute(Multiply(Absolute(ToDoubles<T>(a)), Absolute(ToDoubles<T>(inverse)), n, n, n));
        Assert.InRange(MaxDifference(product, Identity(n)), 0, 3 * n * Epsilon<T>() * scale);
    }

    private static (double Sign, double Log) FullPivotingDeterminant(double[] a, int n)
    {
        double[,] m = new double[n, n];
        for (int i = 0; i < n * n; i++)
        {
            m[i / n, i % n] = a[i];
        }

        double sign = 1;
        double log = 0;
        for (int k = 0; k < n; k++)
        {
            int row = k;
            int column = k;
            for (int i = k; i < n; i++)
            {
                for (int j = k; j < n; j++)
                {
                    (row, column) = Math.Abs(m[i, j]) > Math.Abs(m[row, column]) ? (i, j) : (row, column);
                }
            }

            for (int j = 0; j < n; j++)
            {
                (m[k, j], m[row, j]) = (m[row, j], m[k, j]);
            }

            for (int i = 0; i < n; i++)
            {
                (m[i, k], m[i, column]) = (m[i, column], m[i, k]);
            }

            sign *= (row == k ? 1 : -1) * (column == k ? 1 : -1) * Math.Sign(m[k, k]);
            log += Math.Log(Math.Abs(m[k, k]));
            for (int i = k + 1; i < n; i++)
            {
                double factor = m[i, k] / m[k, k];
                for (int j = k; j < n; j++)
                {
                    m[i, j] -= factor * m[k, j];
                }
            }
        }

        return (sign, log);
    }
}
