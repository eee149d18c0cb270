using System.Buffers;
using System.Numerics;

namespace Exponential;

/// <summary>
/// The thin QR decomposition of one row-major matrix by Householder reflections, with LAPACK's signs (geqrf and orgqr, as in
/// torch.linalg.qr): R's diagonal entry k is -sign(alpha) times the norm of what is left of column k, alpha its first number, or alpha
/// itself where nothing lies below it. It is not made positive.
/// </summary>
/// <remarks>
/// Numbers that are not finite are no error: they spread through Q and R as arithmetic has it. A column of zeros gives a zero on R's
/// diagonal, and Q stays orthonormal.
/// </remarks>
internal static class QrDecomposition
{
    /// <summary>A = Q R, for A [m, n]: Q [m, min(m, n)] has orthonormal columns, R [min(m, n), n] is upper triangular.</summary>
    public static void Factor<T>(ReadOnlySpan<T> a, int m, int n, Span<T> q, Span<T> r)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int rank = Math.Min(m, n);
        T[] work = ArrayPool<T>.Shared.Rent(m * n);
        T[] reflectors = ArrayPool<T>.Shared.Rent(rank * m); // row k: the vector v of reflection k, from element k on
        T[] scales = ArrayPool<T>.Shared.Rent(rank);
        T[] projections = ArrayPool<T>.Shared.Rent(n);
        Span<T> rest = work.AsSpan(0, m * n);
        a[..(m * n)].CopyTo(rest);

        for (int k = 0; k < rank; k++)
        {
            Span<T> v = reflectors.AsSpan(k * m + k, m - k);
            for (int i = k; i < m; i++)
            {
                v[i - k] = rest[i * n + k];
            }

            scales[k] = MakeReflection(v, out T diagonal);
            rest[k * n + k] = diagonal;
            Reflect(rest[(k * n)..], n, k + 1, v, scales[k], projections);
        }

        for (int k = 0; k < rank; k++)
        {
            r.Slice(k * n, k).Clear();
            rest[(k * n + k)..((k + 1) * n)].CopyTo(r[(k * n + k)..]);
        }

        // Q = H_0 H_1 ... H_(rank-1) times the first columns of the identity, from the last factor on: it only touches what follows it.
        q[..(m * rank)].Clear();
        for (int k = rank - 1; k >= 0; k--)
        {
            q[k * rank + k] = T.One;
            Reflect(q[(k * rank)..(m * rank)], rank, k, reflectors.AsSpan(k * m + k, m - k), scales[k], projections);
        }

        ArrayPool<T>.Shared.Return(work);
        ArrayPool<T>.Shared.Return(reflectors);
        ArrayPool<T>.Shared.Return(scales);
        ArrayPool<T>.Shared.Return(projections);
    }

    /// <summary>
    /// Turns the column x into the vector v, v_0 = 1, of the reflection H = I - scale v v^T with H x = diagonal * e_0 (LAPACK's larfg).
    /// </summary>
    /// <returns>The scale; 0, which is H = I, where x is zero below its first element.</returns>
    private static T MakeReflection<T>(Span<T> x, out T diagonal)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T alpha = x[0];
        x[0] = T.One;
        diagonal = alpha;
        T largest = T.Zero;
        foreach (T value in x[1..])
        {
            largest = T.Max(largest, T.Abs(value)); // Max keeps a NaN
        }

        if (T.IsZero(largest))
        {
            return T.Zero;
        }

        // Squares of numbers scaled to at most 1: no overflow, and no underflow that matters.
        largest = T.Max(largest, T.Abs(alpha));
        double scaledAlpha = double.CreateTruncating(alpha / largest);
        double squares = scaledAlpha * scaledAlpha;
        foreach (T value in x[1..])
        {
            double scaled = double.CreateTruncating(value / largest);
            squares += scaled * scaled;
        }

        T norm = largest * T.CreateTruncating(Math.Sqrt(squares));
        diagonal = T.IsNegative(alpha) ? norm : -norm;
        T difference = alpha - diagonal;
        for (int i = 1; i < x.Length; i++)
        {
            x[i] /= difference;
        }

        return (diagonal - alpha) / diagonal;
    }

    /// <summary>Applies I - scale v v^T to the columns from <paramref name="first"/> on of a matrix of <paramref name="width"/> columns.</summary>
    private static void Reflect<T>(Span<T> rows, int width, int first, ReadOnlySpan<T> v, T scale, Span<T> projections)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (T.IsZero(scale) || first == width)
        {
            return;
        }

        Span<T> negative = projections[..(width - first)]; // -v^T A
        negative.Clear();
        Rows.SubtractCombination(negative, v, rows[first..], width);
        for (int i = 0; i < v.Length; i++)
        {
            T factor = -scale * v[i];
            Rows.SubtractCombination(rows.Slice(i * width + first, width - first), new ReadOnlySpan<T>(in factor), negative, 0);
        }
    }
}
