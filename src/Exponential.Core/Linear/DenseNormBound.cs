namespace Exponential;

/// <summary>Certified upper bounds on the 2-norm of a dense matrix.</summary>
internal static class DenseNormBound
{
    /// <summary>
    /// An upper bound on the 2-norm of a [rows, columns] matrix, row-major, at most 1 % above it: the lesser of the bound by
    /// <see cref="GramIteration"/> and sqrt(|A|_1 |A|_inf).
    /// </summary>
    /// <returns>The bound; 0 for a matrix of zeros or without entries; NaN if it is not finite; infinity if no float64 is large enough.</returns>
    public static double Matrix(ReadOnlySpan<double> matrix, int rows, int columns)
    {
        // A dense matrix is a convolution of one tap on an image of one pixel.
        return rows == 0 || columns == 0 ? 0 : SpectralNormBound.Convolution(matrix, rows, columns, 1, 1, 1, 1);
    }

    /// <summary>As above, for a matrix in float32, which float64 holds exactly.</summary>
    public static double Matrix(ReadOnlySpan<float> matrix, int rows, int columns) =>
        rows == 0 || columns == 0 ? 0 : SpectralNormBound.Convolution(matrix, rows, columns, 1, 1, 1, 1);
}
