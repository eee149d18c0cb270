using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;

namespace Exponential;

/// <summary>
/// P A = L U with partial pivoting, of one square row-major matrix, and what follows from it: solutions, the inverse, the determinant.
/// L has ones on its diagonal and lies below U in the same array; row k was exchanged with row <c>pivots[k]</c>, for k = 0, 1, ...
/// (LAPACK's getrf, counting from 0).
/// </summary>
/// <remarks>
/// Singular means an exact zero among the pivots. Numbers that are not finite are no error here: they spread through the factors and the
/// solutions as arithmetic has it, and make an inverse or a determinant NaN as a whole, wherever they stand.
/// </remarks>
internal static unsafe class LuDecomposition
{
    // Rows of a solution that are found one by one, after a matrix product has taken the rows known before off all of them.
    private const int BlockRows = 64;

    // Columns eliminated one by one before the rest of the matrix is brought up to date in one pass.
    private const int PanelWidth = 16;

    /// <summary>Overwrites the [n, n] matrix by its factors.</summary>
    /// <param name="a">The matrix; then L below the diagonal and U on and above it.</param>
    /// <param name="n">Rows and columns.</param>
    /// <param name="pivots">n row indices.</param>
    /// <param name="sign">The determinant of P: 1 or -1.</param>
    /// <returns>Whether no pivot is zero. If one is, the factors are still those of A, but U cannot be divided by.</returns>
    public static bool Factor<T>(Span<T> a, int n, Span<int> pivots, out int sign)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        sign = 1;
        bool regular = true;
        for (int start = 0; start < n; start += PanelWidth)
        {
            int end = Math.Min(start + PanelWidth, n);
            for (int k = start; k < end; k++)
            {
                int pivot = LargestInColumn(a, n, k);
                pivots[k] = pivot;
                if (pivot != k)
                {
                    SwapRows(a, n, k, pivot);
                    sign = -sign;
                }

                T diagonal = a[k * n + k];
                if (T.IsZero(diagonal))
                {
                    regular = false;
                    continue; // the whole column is zero already
                }

                ReadOnlySpan<T> pivotRow = a[(k * n + k + 1)..(k * n + end)];
                for (int i = k + 1; i < n; i++)
                {
                    T factor = a[i * n + k] / diagonal;
                    a[i * n + k] = factor;
                    Span<T> row = a[(i * n + k + 1)..(i * n + end)];
                    for (int j = 0; j < row.Length; j++)
                    {
                        row[j] -= factor * pivotRow[j];
                    }
                }
            }

            // To the right of the panel: its own rows become U (each takes off the panel's rows above it), the rows below the remainder.
            if (end < n)
            {
                ReadOnlySpan<T> panelRows = a[(start * n + end)..];
                for (int i = start + 1; i < n; i++)
                {
                    ReadOnlySpan<T> factors = a[(i * n + start)..(i * n + Math.Min(i, end))];
                    Rows.SubtractCombination(a[(i * n + end)..((i + 1) * n)], factors, panelRows, n);
                }
            }
        }

        return regular;
    }

    /// <summary>Solves A X = B in place, for B [n, columns] row-major. The factors must be regular: a zero pivot gives infinities and NaNs.</summary>
    public static void Solve<T>(ReadOnlySpan<T> lu, ReadOnlySpan<int> pivots, int n, Span<T> b, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int k = 0; k < n; k++)
        {
            if (pivots[k] != k)
            {
                SwapRows(b, columns, k, pivots[k]);
            }
        }

        for (int start = 0; start < n; start += BlockRows)
        {
            int end = Math.Min(start + BlockRows, n);
            SubtractProduct(lu, n, start..end, 0..start, b, columns);
            for (int i = start + 1; i < end; i++)
            {
                Rows.SubtractCombination(b.Slice(i * columns, columns), lu[(i * n + start)..(i * n + i)], b[(start * columns)..], columns);
            }
        }

        for (int start = (n - 1) / BlockRows * BlockRows; start >= 0; start -= BlockRows)
        {
            int end = Math.Min(start + BlockRows, n);
            SubtractProduct(lu, n, start..end, end..n, b, columns);
            for (int i = end - 1; i >= start; i--)
            {
                Span<T> row = b.Slice(i * columns, columns);
                Rows.SubtractCombination(row, lu[(i * n + i + 1)..(i * n + end)], b[((i + 1) * columns)..], columns);
                T diagonal = lu[i * n + i];
                for (int j = 0; j < row.Length; j++)
                {
                    row[j] /= diagonal;
                }
            }
        }
    }

    /// <summary>Takes the known rows of B, times their factors, off some others.</summary>
    private static void SubtractProduct<T>(ReadOnlySpan<T> lu, int n, Range rows, Range known, Span<T> b, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (int firstRow, int rowCount) = rows.GetOffsetAndLength(n);
        (int firstKnown, int count) = known.GetOffsetAndLength(n);
        if (count == 0 || columns == 0)
        {
            return;
        }

        using var negative = new Scratch<T>((long)rowCount * count);
        for (int row = 0; row < rowCount; row++)
        {
            TensorPrimitives.Negate(lu.Slice((firstRow + row) * n + firstKnown, count), new Span<T>(negative.Pointer + row * count, count));
        }

        fixed (T* values = b)
        {
            Gemm.Multiply(
                rowCount, columns, count, negative.Pointer, count, 1, values + firstKnown * columns, columns, 1, values + firstRow * columns, columns,
                accumulate: true);
        }
    }

    /// <summary>The inverse of the [n, n] matrix, into another array.</summary>
    /// <returns>
    /// False if the matrix is singular: <paramref name="inverse"/> is then all NaN. It is so too, but true is returned, where the matrix
    /// holds a NaN or an infinity: that is no singular matrix, and its source should be looked for elsewhere.
    /// </returns>
    public static bool Inverse<T>(ReadOnlySpan<T> a, int n, Span<T> inverse)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        inverse = inverse[..(n * n)];
        if (!AllFinite(a[..(n * n)]))
        {
            inverse.Fill(T.NaN);
            return true;
        }

        T[] lu = ArrayPool<T>.Shared.Rent(n * n);
        int[] pivots = ArrayPool<int>.Shared.Rent(n);
        a[..(n * n)].CopyTo(lu);
        bool regular = Factor(lu.AsSpan(0, n * n), n, pivots, out _);
        if (regular)
        {
            inverse.Clear();
            for (int i = 0; i < n; i++)
            {
                inverse[i * n + i] = T.One;
            }

            Solve(lu, pivots, n, inverse, n);
        }
        else
        {
            inverse.Fill(T.NaN);
        }

        ArrayPool<T>.Shared.Return(lu);
        ArrayPool<int>.Shared.Return(pivots);
        return regular;
    }

    /// <summary>
    /// The determinant of the [n, n] matrix as sign * e^logAbsDet; the logarithm is summed in float64. A singular matrix has sign 0 and
    /// logarithm -infinity; one with a NaN or infinity has NaN for both; the empty one has determinant 1.
    /// </summary>
    public static void SlogDet<T>(ReadOnlySpan<T> a, int n, out T sign, out T logAbsDet)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!AllFinite(a[..(n * n)]))
        {
            sign = T.NaN;
            logAbsDet = T.NaN;
            return;
        }

        T[] lu = ArrayPool<T>.Shared.Rent(n * n);
        int[] pivots = ArrayPool<int>.Shared.Rent(n);
        a[..(n * n)].CopyTo(lu);
        bool regular = Factor(lu.AsSpan(0, n * n), n, pivots, out int parity);
        double log = 0;
        for (int i = 0; i < n; i++)
        {
            double diagonal = double.CreateTruncating(lu[i * n + i]);
            log += Math.Log(Math.Abs(diagonal));
            parity = diagonal < 0 ? -parity : parity;
        }

        ArrayPool<T>.Shared.Return(lu);
        ArrayPool<int>.Shared.Return(pivots);
        logAbsDet = T.CreateTruncating(log);
        sign = regular ? T.CreateTruncating(parity) : T.Zero;
    }

    private static bool AllFinite<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (T value in values)
        {
            if (!T.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }

    // A NaN counts as largest, so that it becomes the pivot and spreads, and never hides behind a finite number.
    private static int LargestInColumn<T>(ReadOnlySpan<T> a, int n, int k)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int pivot = k;
        T largest = T.Abs(a[k * n + k]);
        for (int i = k + 1; i < n && !T.IsNaN(largest); i++)
        {
            T size = T.Abs(a[i * n + k]);
            if (!(size <= largest))
            {
                largest = size;
                pivot = i;
            }
        }

        return pivot;
    }

    private static void SwapRows<T>(Span<T> a, int width, int i, int j)
        where T : unmanaged
    {
        Span<T> first = a.Slice(i * width, width);
        Span<T> second = a.Slice(j * width, width);
        for (int column = 0; column < width; column++)
        {
            (first[column], second[column]) = (second[column], first[column]);
        }
    }
}
