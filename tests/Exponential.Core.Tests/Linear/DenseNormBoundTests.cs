using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

public class DenseNormBoundTests
{
    [Property(MaxTest = 100)]
    public void The_bound_lies_between_the_norm_and_one_percent_more(ulong seed, byte rows, byte columns)
    {
        int m = 1 + rows % 50;
        int n = 1 + columns % 50;
        double[] a = MatrixTesting.Normal<double>(seed, m * n);
        double norm = new NaiveConvolution(a, m, n, 1, 1, 1, 1).NormFromBelow(3000);
        double bound = DenseNormBound.Matrix(a, m, n);
        Assert.True(bound >= norm * (1 - 1e-13) && bound <= 1.0101 * norm, $"norm {norm:R}, bound {bound:R}");
        Assert.InRange(DenseNormBound.Matrix(MatrixTesting.Transpose(a, m, n), n, m) / bound, 1 - 1e-12, 1 + 1e-12);
    }

    // All singular values equal: the slowest case of the iteration, and one where no rounding may lead below the norm.
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(256)]
    public void Hadamard_matrices(int n)
    {
        double[] a = new double[n * n];
        for (int i = 0; i < n * n; i++)
        {
            a[i] = int.IsOddInteger(System.Numerics.BitOperations.PopCount((uint)(i / n & i % n))) ? -1 : 1;
        }

        Assert.InRange(DenseNormBound.Matrix(a, n, n), Math.Sqrt(n), 1.01 * Math.Sqrt(n));
    }

    // One singular value: the first Frobenius norm is exact.
    [Theory]
    [InlineData(4, 9)]
    [InlineData(100, 16)]
    [InlineData(1, 49)]
    public void A_matrix_of_ones(int rows, int columns)
    {
        double known = Math.Sqrt(rows * columns);
        Assert.InRange(DenseNormBound.Matrix(Enumerable.Repeat(1.0, rows * columns).ToArray(), rows, columns), known, known * (1 + 1e-11));
    }

    [Fact]
    public void Diagonal_and_empty_and_float32()
    {
        Assert.InRange(DenseNormBound.Matrix([3.0, 0, 0, -5], 2, 2), 5, 5 * (1 + 1e-13));
        Assert.InRange(DenseNormBound.Matrix([3f, 0, 0, -5], 2, 2), 5, 5 * (1 + 1e-13));
        Assert.Equal(0, DenseNormBound.Matrix([0.0, 0], 1, 2));
        Assert.Equal(0, DenseNormBound.Matrix(new double[0], 0, 3));
        Assert.Equal(0, DenseNormBound.Matrix(new float[0], 3, 0));
        Assert.True(double.IsNaN(DenseNormBound.Matrix([double.NaN, 1], 1, 2)));
    }
}
