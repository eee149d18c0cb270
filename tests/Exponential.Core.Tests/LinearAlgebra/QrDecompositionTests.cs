using System.Numerics;
using FsCheck.Xunit;
using Xunit;
using static Exponential.Tests.MatrixTesting;

namespace Exponential.Tests;

public class QrDecompositionTests
{
    [Property(MaxTest = 80)]
    public void Factors_are_orthonormal_and_triangular_and_multiply_to_the_matrix(ulong seed, byte rows, byte columns)
    {
        Check(Normal<double>(seed, rows % 40 * (columns % 40)), rows % 40, columns % 40);
        Check(Normal<float>(seed, rows % 40 * (columns % 40)), rows % 40, columns % 40);
    }

    // Up to 56 rows or 4 columns one by one, beyond by panels of 32 columns.
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(56)]
    [InlineData(57)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(100)]
    [InlineData(200)]
    public void Square_tall_and_wide_matrices_around_the_edges_of_panels(int n)
    {
        foreach (int m in new[] { 1, 32, 56, 57, 63, 64, 65, 100, n, 200 })
        {
            Check(Normal<double>(1, m * n), m, n);
            Check(Normal<float>(1, m * n), m, n);
        }
    }

    [Fact]
    public void Panels_keep_the_signs_of_single_reflections_and_pass_over_what_is_triangular()
    {
        const int n = 100;
        double[] upper = Normal<double>(3, n * n);
        for (int i = 0; i < n; i++)
        {
            upper.AsSpan(i * n, i).Clear();
        }

        double[] q = new double[n * n];
        double[] r = new double[n * n];
        QrDecomposition.Factor<double>(upper, n, n, q, r);
        Assert.Equal(Identity(n), q);
        Assert.Equal(upper, r);

        // Padded by zeros, a matrix keeps its R, which its 40 rows alone give one by one.
        double[] small = Normal<double>(4, 40 * 40);
        double[] padded = new double[n * n];
        for (int i = 0; i < 40; i++)
        {
            small.AsSpan(i * 40, 40).CopyTo(padded.AsSpan(i * n));
        }

        double[] smallR = new double[40 * 40];
        QrDecomposition.Factor<double>(small, 40, 40, new double[40 * 40], smallR);
        QrDecomposition.Factor<double>(padded, n, n, q, r);
        double[] corner = new double[40 * 40];
        for (int i = 0; i < 40; i++)
        {
            r.AsSpan(i * n, 40).CopyTo(corner.AsSpan(i * 40));
        }

        Assert.InRange(MaxDifference(smallR, corner), 0, 1e-12);
    }

    [Fact]
    public void Zero_equal_and_dependent_columns_across_panels_leave_Q_orthonormal()
    {
        const int m = 120;
        const int n = 80;
        Check(new double[m * n], m, n);
        Check(Enumerable.Repeat(1.0, m * n).ToArray(), m, n);
        Check(Enumerable.Repeat(1f, n * m).ToArray(), n, m);
        double[] zeros = Normal<double>(5, m * n);
        double[] dependent = Normal<double>(6, m * n);
        for (int i = 0; i < m; i++)
        {
            foreach (int j in new[] { 0, 31, 32, 50, 79 })
            {
                zeros[i * n + j] = 0;
            }

            dependent[i * n + 20] = 2 * dependent[i * n + 3];
            dependent[i * n + 64] = dependent[i * n + 1] - dependent[i * n + 40];
        }

        Check(zeros, m, n);
        Check(zeros, n, m);
        Check(dependent, m, n);
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1e300)]
    public void Panels_scale_with_their_matrix(double scale)
    {
        const int n = 100;
        double[] a = Normal<double>(7, n * n);
        double[] scaled = [.. a.Select(x => x * scale)];
        double[] q = new double[n * n];
        double[] r = new double[n * n];
        double[] scaledQ = new double[n * n];
        double[] scaledR = new double[n * n];
        QrDecomposition.Factor<double>(a, n, n, q, r);
        QrDecomposition.Factor<double>(scaled, n, n, scaledQ, scaledR);
        double tolerance = 1e3 * n * Epsilon<double>(); // the condition of the matrix, about 100 n, bounds what Q may move
        Assert.InRange(MaxDifference(q, scaledQ), 0, tolerance);
        Assert.InRange(MaxDifference(r, [.. scaledR.Select(x => x / scale)]), 0, tolerance * Frobenius(a));
    }

    [Fact]
    public void Zero_columns_and_equal_columns_leave_Q_orthonormal()
    {
        Check(new double[20], 5, 4);
        Check(new float[20], 4, 5);
        Check(Enumerable.Repeat(1.0, 20).ToArray(), 5, 4);
        Check([0.0, 1, 2, 0, 3, 4, 0, 5, 6], 3, 3);
    }

    [Theory]
    [InlineData(1e-320)]
    [InlineData(1e-200)]
    [InlineData(1e200)]
    [InlineData(1e307)]
    public void Squares_neither_overflow_nor_vanish(double scale)
    {
        double[] a = [3 * scale, 4 * scale];
        double[] q = new double[2];
        double[] r = new double[1];
        QrDecomposition.Factor<double>(a, 2, 1, q, r);

        // At 1e-320 the numbers themselves keep about three digits.
        double tolerance = scale < 1e-300 ? 1e-3 : 1e-15;
        Assert.InRange(r[0] / scale, -5 * (1 + tolerance), -5 * (1 - tolerance));
        Assert.InRange(Math.Abs(q[0] + 0.6), 0, tolerance);
        Assert.InRange(Math.Abs(q[1] + 0.8), 0, tolerance);
    }

    // numpy.linalg.qr of [[1, 2], [3, 4], [5, 6]] and of its transpose, by LAPACK.
    [Fact]
    public void Signs_are_LAPACKs()
    {
        double[] q = new double[6];
        double[] r = new double[4];
        QrDecomposition.Factor<double>([1, 2, 3, 4, 5, 6], 3, 2, q, r);
        AssertClose([-0.16903085, 0.89708523, -0.50709255, 0.27602622, -0.84515425, -0.34503278], q);
        AssertClose([-5.91607978, -7.43735744, 0, 0.82807867], r);

        q = new double[4];
        r = new double[6];
        QrDecomposition.Factor<double>([1, 3, 5, 2, 4, 6], 2, 3, q, r);
        AssertClose([-0.4472136, -0.89442719, -0.89442719, 0.4472136], q);
        AssertClose([-2.23606798, -4.91934955, -7.60263112, 0, -0.89442719, -1.78885438], r);

        // Nothing below the diagonal: no reflection, and the sign stays.
        QrDecomposition.Factor<double>([2, 1, 0, -3], 2, 2, q, r);
        Assert.Equal([1, 0, 0, 1], q);
        Assert.Equal([2, 1, 0, -3], r[..4]);

        static void AssertClose(double[] expected, double[] actual) => Assert.InRange(MaxDifference(expected, actual), 0, 1e-8);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Numbers_that_are_not_finite_spread(double bad)
    {
        double[] a = Normal<double>(4, 12);
        a[5] = bad;
        double[] q = new double[12];
        double[] r = new double[9];
        QrDecomposition.Factor<double>(a, 4, 3, q, r);
        Assert.Contains(q, double.IsNaN);
        Assert.Contains(r, double.IsNaN);

        const int n = 80;
        a = Normal<double>(4, n * n);
        a[40 * n + 50] = bad;
        q = new double[n * n];
        r = new double[n * n];
        QrDecomposition.Factor<double>(a, n, n, q, r);
        Assert.Contains(q, double.IsNaN);
        Assert.Contains(r, double.IsNaN);
    }

    private static void Check<T>(T[] a, int m, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int rank = Math.Min(m, n);
        T[] qValues = Enumerable.Repeat(T.NaN, m * rank).ToArray();
        T[] rValues = Enumerable.Repeat(T.NaN, rank * n).ToArray();
        QrDecomposition.Factor<T>(a, m, n, qValues, rValues);
        double[] matrix = ToDoubles<T>(a);
        double[] q = ToDoubles<T>(qValues);
        double[] r = ToDoubles<T>(rValues);

        for (int i = 0; i < rank; i++)
        {
            for (int j = 0; j < i; j++)
            {
                Assert.Equal(0, r[i * n + j]);
            }
        }

        // Higham, theorem 19.4: the error of each column is at most a small constant times m n u times its norm; in practice its root.
        double tolerance = 4 * Math.Sqrt((double)m * rank) * Epsilon<T>();
        double[] gram = Multiply(Transpose(q, m, rank), q, rank, m, rank);
        Assert.InRange(MaxDifference(gram, Identity(rank)), 0, tolerance);
        Assert.InRange(MaxDifference(Multiply(q, r, m, rank, n), matrix), 0, tolerance * Frobenius(matrix));
    }
}
