using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

/// <summary>The exponential of a matrix as an operator, and the logarithm that undoes it.</summary>
public sealed class MatrixFunctionTests
{
    private const double Epsilon = 1.0 / (1L << 52);

    private static readonly Gen<(int Seed, int Size, int Norm)> Matrices =
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from size in Gen.Choose(1, 9)
        from norm in Gen.Choose(0, 1000)
        select (seed, size, norm);

    /// <summary>exp(M) to a tolerance against scaling and squaring, for norms up to 12; the inverse is exp(-M).</summary>
    [Property(MaxTest = 100)]
    public Property TheExponentialIsThatOfScalingAndSquaring() => Prop.ForAll(Matrices.ToArbitrary(), test =>
    {
        double norm = 12 * test.Norm / 1000.0;
        Tensor m = Matrix(test.Seed, test.Size, norm);
        OperatorExponential exponential = new DenseMatrix(m).Exp(1e-13);
        double allowed = 1e-13 + (64 * (test.Size + 8) * Epsilon * Math.Exp(norm));
        Assert.InRange(DenseReference.Norm(exponential.ToDense() - DenseReference.Exp(m)), 0, allowed);
        Assert.InRange(DenseReference.Norm(exponential.Inverse().ToDense() - DenseReference.Exp(-m)), 0, allowed);
        Assert.Equal(DenseReference.Trace(m), exponential.LogDet().ToScalar(), 1e-12);
    });

    /// <summary>ln exp(M) = M where exp(M) is near the identity; the series of |exp(M) - I| at most 0.65 leaves 0.65^100 / 100 / 0.35.</summary>
    [Property(MaxTest = 100)]
    public Property TheLogarithmUndoesTheExponential() => Prop.ForAll(Matrices.ToArbitrary(), test =>
    {
        Tensor m = Matrix(test.Seed, test.Size, Math.Log(1.65) * test.Norm / 1000.0);
        Tensor back = MatrixLogarithm.Apply(DenseReference.Exp(m), terms: 100);

        // Rounding of exp(M) is amplified by the logarithm's slope, 1 / 0.35 at most.
        double allowed = (64 * (test.Size + 8) * Epsilon / 0.35) + (Math.Pow(0.65, 100) / 35);
        Assert.InRange(DenseReference.Norm(back - m), 0, allowed);
    });

    [Fact]
    public void TermsAreCountedAsByTheOriginal()
    {
        // With 3 terms: A - A²/2.
        Tensor b = Tensor.FromArray([1.5], [1, 1]);
        Assert.Equal(0.5 - (0.25 / 2), MatrixLogarithm.Apply(b, 3).ToScalar(), 1e-15);
        Assert.Equal(0.5, MatrixLogarithm.Apply(b, 2).ToScalar(), 1e-15);
    }

    [Fact]
    public void WhatHasNoLogarithmIsRefused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => MatrixLogarithm.Apply(Tensor.Zeros([2, 3]), 10));
        Assert.StartsWith("MatrixLogarithm: matrix must be square [n, n]; it is [2, 3]", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => MatrixLogarithm.Apply(Tensor.Eye(2), 1));
    }

    /// <summary>A Gaussian matrix of a given 2-norm.</summary>
    private static Tensor Matrix(int seed, int size, double norm)
    {
        Tensor m = new Generator((ulong)seed).Normal([size, size], DType.Float64);
        return m * (norm / DenseReference.Norm(m));
    }
}
