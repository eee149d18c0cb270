using System.Numerics;
using System.Numerics.Tensors;

namespace Exponential;

/// <summary>
/// The thin QR decomposition of one row-major matrix by Householder reflections, with LAPACK's signs (geqrf and orgqr, as in
/// torch.linalg.qr): R's diagonal entry k is -sign(alpha) times the norm of what is left of column k, alpha its first number, or alpha
/// itself where nothing lies below it. It is not made positive.
/// </summary>
/// <remarks>
/// The reflections of a panel of columns are gathered, H_0 H_1 ... = I - V T V^T with T upper triangular (Schreiber and Van Loan 1989), so that
/// the columns right of it, and Q, meet them in matrix products.
/// Numbers that are not finite are no error: they spread through Q and R as arithmetic has it. A column of zeros gives a zero on R's
/// diagonal, and Q stays orthonormal.
/// </remarks>
internal static unsafe class QrDecomposition
{
    // Columns that meet one another's reflections one by one, before the rest meets them together.
    private const int PanelWidth = 32;

    // Up to here gathering the reflections costs more than the products save.
    private const int OneByOneRows = 56;
    private const int OneByOneColumns = 4;

    /// <summary>A = Q R, for A [m, n]: Q [m, min(m, n)] has orthonormal columns, R [min(m, n), n] is upper triangular.</summary>
    public static void Factor<T>(ReadOnlySpan<T> a, int m, int n, Span<T> q, Span<T> r)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (m <= OneByOneRows || n <= OneByOneColumns)
        {
            FactorOneByOne(a, m, n, q, r);
        }
        else
        {
            FactorByPanels(a, m, n, q, r);
        }
    }

    private static void FactorOneByOne<T>(ReadOnlySpan<T> a, int m, int n, Span<T> q, Span<T> r)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int rank = Math.Min(m, n);
        using var work = new Scratch<T>((long)m * n);
        using var reflectors = new Scratch<T>((long)rank * m); // row k: the vector v of reflection k, from element k on
        using var factors = new Scratch<T>((long)rank + n);
        Span<T> rest = new(work.Pointer, m * n);
        Span<T> scales = new(factors.Pointer, rank);
        Span<T> projections = new(factors.Pointer + rank, n);
        a[..(m * n)].CopyTo(rest);

        for (int k = 0; k < rank; k++)
        {
            Span<T> v = new(reflectors.Pointer + k * m + k, m - k);
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
            Span<T> v = new(reflectors.Pointer + k * m + k, m - k);
            Reflect(q[(k * rank)..(m * rank)], rank, k, v, scales[k], projections);
        }
    }

    private static void FactorByPanels<T>(ReadOnlySpan<T> a, int m, int n, Span<T> q, Span<T> r)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int rank = Math.Min(m, n);
        using var rest = new Scratch<T>((long)m * n);
        using var reflectors = new Scratch<T>((long)rank * m); // V^T: row k is the vector v of reflection k, zero before its element k
        using var triangles = new Scratch<T>((long)rank * PanelWidth); // the rows of -T of one panel after another
        using var products = new Scratch<T>(2L * PanelWidth * n);
        a[..(m * n)].CopyTo(new Span<T>(rest.Pointer, m * n));
        r[..(rank * n)].Clear();
        q[..(m * rank)].Clear();
        fixed (T* qValues = q, rValues = r)
        {
            for (int start = 0; start < rank; start += PanelWidth)
            {
                int width = Math.Min(PanelWidth, rank - start);
                int end = start + width;
                int right = n - end;
                T* v = reflectors.Pointer + start * m + start;
                T* triangle = triangles.Pointer + start * PanelWidth;
                T* corner = rest.Pointer + start * n + start;
                FactorPanel(corner, m - start, n, width, v, m, triangle, rValues + start * n + start);
                if (right > 0)
                {
                    // H^T X = X - V T^T (V^T X)
                    T* vx = products.Pointer;
                    T* tvx = vx + width * right;
                    T* x = corner + width;
                    Gemm.Multiply(width, right, m - start, v, m, 1, x, n, 1, vx, right, accumulate: false);
                    Gemm.Multiply(width, right, width, triangle, 1, PanelWidth, vx, right, 1, tvx, right, accumulate: false);
                    Gemm.Multiply(m - start, right, width, v, 1, m, tvx, right, 1, x, n, accumulate: true);
                    for (int i = 0; i < width; i++)
                    {
                        new Span<T>(x + i * n, right).CopyTo(new Span<T>(rValues + (start + i) * n + end, right));
                    }
                }
            }

            // Q as one by one: from the last panel on.
            for (int start = (rank - 1) / PanelWidth * PanelWidth; start >= 0; start -= PanelWidth)
            {
                int width = Math.Min(PanelWidth, rank - start);
                int end = start + width;
                int right = rank - end;
                int columns = rank - start;
                T* v = reflectors.Pointer + start * m + start;
                T* corner = qValues + start * rank + start;
                T* vx = products.Pointer;
                T* tvx = vx + width * columns;

                // X is still the identity in the panel's rows and columns, and zero right of and below that.
                for (int i = 0; i < width; i++)
                {
                    corner[i * rank + i] = T.One;
                    new Span<T>(v + i * m, width).CopyTo(new Span<T>(vx + i * columns, width));
                }

                if (right > 0)
                {
                    Gemm.Multiply(
                        width, right, m - end, v + width, m, 1, corner + width * rank + width, rank, 1, vx + width, columns, accumulate: false);
                }

                Gemm.Multiply(
                    width, columns, width, triangles.Pointer + start * PanelWidth, PanelWidth, 1, vx, columns, 1, tvx, columns, accumulate: false);
                Gemm.Multiply(m - start, columns, width, v, 1, m, tvx, columns, 1, corner, rank, accumulate: true);
            }
        }
    }

    /// <summary>
    /// Factors the first <paramref name="width"/> columns of a matrix of <paramref name="height"/> rows: V^T and -T, and R's square on the
    /// diagonal, whose lower part is left alone.
    /// </summary>
    private static void FactorPanel<T>(T* a, int height, int n, int width, T* v, int vRow, T* triangle, T* r)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < height; i++)
        {
            for (int k = 0; k < width; k++)
            {
                v[k * vRow + i] = a[i * n + k];
            }
        }

        T* scales = stackalloc T[PanelWidth];
        for (int k = 0; k < width; k++)
        {
            Span<T> column = new(v + k * vRow, height);
            for (int i = 0; i < k; i++)
            {
                r[i * n + k] = column[i];
            }

            column[..k].Clear();
            Span<T> reflector = column[k..];
            scales[k] = MakeReflection(reflector, out r[k * n + k]);
            if (T.IsZero(scales[k]))
            {
                continue;
            }

            for (int j = k + 1; j < width; j++)
            {
                Span<T> other = new(v + j * vRow + k, height - k);
                TensorPrimitives.MultiplyAdd(reflector, -scales[k] * TensorPrimitives.Dot<T>(reflector, other), other, other);
            }
        }

        // T = (D + U)^-1, D the scales' reciprocals and U the upper part of V^T V: row i is -scale_i times a combination of the rows below it.
        T* gram = stackalloc T[PanelWidth * PanelWidth];
        Gemm.Multiply(width, width, height, v, vRow, 1, v, 1, vRow, gram, width, accumulate: false);
        for (int i = width - 1; i >= 0; i--)
        {
            Span<T> row = new(triangle + i * PanelWidth, width);
            row.Clear();
            row[i] = -scales[i];
            Span<T> factors = new(gram + i * width + i + 1, width - i - 1);
            TensorPrimitives.Multiply(factors, scales[i], factors);
            Span<T> below = new(triangle + (i + 1) * PanelWidth + i + 1, Math.Max(0, (width - i - 1) * PanelWidth - i - 1));
            Rows.SubtractCombination(row[(i + 1)..], factors, below, PanelWidth);
        }
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
        Span<T> below = x[1..];
        T largest = below.IsEmpty ? T.Zero : T.Abs(TensorPrimitives.MaxMagnitude<T>(below)); // keeps a NaN
        if (T.IsZero(largest))
        {
            return T.Zero;
        }

        // Squares of numbers scaled to at most 1: no overflow, and no underflow that matters.
        largest = T.Max(largest, T.Abs(alpha));
        TensorPrimitives.Divide(below, largest, below);
        T scaledAlpha = alpha / largest;
        T scaledNorm = T.Sqrt(scaledAlpha * scaledAlpha + TensorPrimitives.SumOfSquares<T>(below));
        T scaledDiagonal = T.IsNegative(alpha) ? scaledNorm : -scaledNorm;
        diagonal = scaledDiagonal * largest;
        T difference = scaledAlpha - scaledDiagonal;
        TensorPrimitives.Divide(below, difference, below);
        return -difference / scaledDiagonal;
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
