namespace Exponential;

/// <summary>The logarithm of a matrix near the identity, the inverse function of its exponential.</summary>
public static class MatrixLogarithm
{
    /// <summary>
    /// ln B = A - A²/2 + A³/3 - ... with A = B - I, cut before the power <paramref name="terms"/>. It converges where the eigenvalues of A
    /// lie inside the unit circle, as fast as their powers vanish.
    /// </summary>
    /// <param name="matrix">B, [n, n].</param>
    /// <param name="terms">One more than the highest power of A, at least 2; the original's counting.</param>
    /// <returns>[n, n].</returns>
    /// <exception cref="ArgumentException">The matrix is not square.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2 terms.</exception>
    public static Tensor Apply(Tensor matrix, int terms)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (terms < 2)
        {
            throw new ArgumentOutOfRangeException(nameof(terms), $"MatrixLogarithm: terms must be at least 2; got {terms}");
        }

        if (matrix.Rank != 2 || matrix.Shape[0] != matrix.Shape[1])
        {
            throw new ArgumentException($"MatrixLogarithm: matrix must be square [n, n]; it is {matrix.Shape}", nameof(matrix));
        }

        // Horner's form, from the highest power: A (I - A (I/2 - A (I/3 - ...))).
        Tensor identity = Tensor.Eye(matrix.Shape[0], matrix.DType);
        Tensor a = matrix - identity;
        Tensor sum = identity * (1.0 / (terms - 1));
        for (int k = terms - 2; k >= 1; k--)
        {
            sum = (identity * (1.0 / k)) - a.MatMul(sum);
        }

        return a.MatMul(sum);
    }
}
