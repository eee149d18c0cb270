using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The innermost kernel of every kernel gradient: rows r &lt; R (output channels) and columns j (input channel and tap) of
/// <c>result[r, j] += sum over segments s and positions p of left_s[r leftStride + p] right_s[shifts[j] + p]</c>.
/// </summary>
/// <remarks>
/// Sums run lane by lane over all positions of all segments (images, terms of a series) and are added up across a vector once, at the
/// end: some 250 instructions that a hundred vectors of positions make small.
/// </remarks>
internal static unsafe class CorrelationTile<T, TVector, TSimd>
    where T : unmanaged, System.Numerics.INumberBase<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>The number of columns of a tile: four, or two where there are few registers.</summary>
    public static int Columns => TSimd.TileVectors;

    /// <summary>Computes <paramref name="rows"/> rows (1, 2, 3, 4 or 6).</summary>
    /// <param name="rows">The height of the tile.</param>
    /// <param name="segments">The number of segments.</param>
    /// <param name="left">The first value of the first row of each segment.</param>
    /// <param name="leftStride">The distance of rows in a segment.</param>
    /// <param name="right">Where shifts and positions count from in each segment.</param>
    /// <param name="shifts">The offset of each of the tile's columns.</param>
    /// <param name="vectors">The number of positions, in vectors.</param>
    /// <param name="positions">The offset of each vector.</param>
    /// <param name="result">The first sum.</param>
    /// <param name="resultStride">The distance of rows of the result.</param>
    /// <param name="columns">How many of the columns to write.</param>
    /// <param name="leftAhead">The offset from each first row of left values to ask for meanwhile, a cache line at each position.</param>
    /// <param name="rightAhead">The offset from each first column of right values to ask for.</param>
    public static void Run(
        int rows, int segments, T** left, nint leftStride, T** right, nint* shifts, int vectors, nint* positions, T* result,
        nint resultStride, int columns, nint leftAhead, nint rightAhead)
    {
        if (Columns == 4)
        {
            Tiles<Four>(rows, segments, left, leftStride, right, shifts, vectors, positions, result, resultStride, columns, leftAhead, rightAhead);
        }
        else
        {
            Tiles<Two>(rows, segments, left, leftStride, right, shifts, vectors, positions, result, resultStride, columns, leftAhead, rightAhead);
        }
    }

    private static void Tiles<TColumns>(
        int rows, int segments, T** left, nint leftStride, T** right, nint* shifts, int vectors, nint* positions, T* result,
        nint resultStride, int columns, nint leftAhead, nint rightAhead)
        where TColumns : struct, IConstant
    {
        switch (rows)
        {
            case 6:
                Tile<Six, TColumns>(segments, left, leftStride, right, shifts, vectors, positions, result, resultStride, columns, leftAhead, rightAhead);
                break;
            case 4:
                Tile<Four, TColumns>(segments, left, leftStride, right, shifts, vectors, positions, result, resultStride, columns, leftAhead, rightAhead);
                break;
            case 3:
                Tile<Three, TColumns>(segments, left, leftStride, right, shifts, vectors, positions, result, resultStride, columns, leftAhead, rightAhead);
                break;
            case 2:
                Tile<Two, TColumns>(segments, left, leftStride, right, shifts, vectors, positions, result, resultStride, columns, leftAhead, rightAhead);
                break;
            default:
                Tile<One, TColumns>(segments, left, leftStride, right, shifts, vectors, positions, result, resultStride, columns, leftAhead, rightAhead);
                break;
        }
    }

    // The conditions on the size are constants where this is compiled.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TRows, TColumns>(
        int segments, T** left, nint leftStride, T** right, nint* shifts, int vectors, nint* positions, T* result, nint resultStride,
        int columns, nint leftAhead, nint rightAhead)
        where TRows : struct, IConstant
        where TColumns : struct, IConstant
    {
        TVector sum00, sum01, sum02, sum03;
        TVector sum10, sum11, sum12, sum13;
        TVector sum20, sum21, sum22, sum23;
        TVector sum30, sum31, sum32, sum33;
        TVector sum40, sum41, sum42, sum43;
        TVector sum50, sum51, sum52, sum53;
        sum00 = sum01 = sum02 = sum03 = TSimd.Zero;
        sum10 = sum11 = sum12 = sum13 = TSimd.Zero;
        sum20 = sum21 = sum22 = sum23 = TSimd.Zero;
        sum30 = sum31 = sum32 = sum33 = TSimd.Zero;
        sum40 = sum41 = sum42 = sum43 = TSimd.Zero;
        sum50 = sum51 = sum52 = sum53 = TSimd.Zero;

        for (int s = 0; s < segments; s++)
        {
            T* right0 = right[s] + shifts[0];
            T* right1 = right[s] + shifts[1];
            T* right2 = TColumns.Value > 2 ? right[s] + shifts[2] : right0;
            T* right3 = TColumns.Value > 2 ? right[s] + shifts[3] : right0;
            T* left0 = left[s];
            T* left1 = left0 + leftStride;
            T* left2 = left1 + leftStride;
            T* left3 = left2 + leftStride;
            T* left4 = left3 + leftStride;
            T* left5 = left4 + leftStride;
            T* leftLine = left0 + leftAhead;
            T* rightLine = right0 + rightAhead;
            nint* end = positions + vectors;
            for (nint* position = positions; position < end; position++)
            {
                CacheLines.Fetch(leftLine);
                CacheLines.Fetch(rightLine);
                leftLine += CacheLines.Size / sizeof(T);
                rightLine += CacheLines.Size / sizeof(T);
                nint p = *position;
                TVector x0 = TSimd.Load(right0 + p);
                TVector x1 = TSimd.Load(right1 + p);
                TVector x2 = TColumns.Value > 2 ? TSimd.Load(right2 + p) : TSimd.Zero;
                TVector x3 = TColumns.Value > 2 ? TSimd.Load(right3 + p) : TSimd.Zero;
                Step<TColumns>(TSimd.Load(left0 + p), x0, x1, x2, x3, ref sum00, ref sum01, ref sum02, ref sum03);
                if (TRows.Value > 1)
                {
                    Step<TColumns>(TSimd.Load(left1 + p), x0, x1, x2, x3, ref sum10, ref sum11, ref sum12, ref sum13);
                }

                if (TRows.Value > 2)
                {
                    Step<TColumns>(TSimd.Load(left2 + p), x0, x1, x2, x3, ref sum20, ref sum21, ref sum22, ref sum23);
                }

                if (TRows.Value > 3)
                {
                    Step<TColumns>(TSimd.Load(left3 + p), x0, x1, x2, x3, ref sum30, ref sum31, ref sum32, ref sum33);
                }

                if (TRows.Value > 4)
                {
                    Step<TColumns>(TSimd.Load(left4 + p), x0, x1, x2, x3, ref sum40, ref sum41, ref sum42, ref sum43);
                    Step<TColumns>(TSimd.Load(left5 + p), x0, x1, x2, x3, ref sum50, ref sum51, ref sum52, ref sum53);
                }
            }
        }

        Finish(sum00, sum01, sum02, sum03, result, columns);
        if (TRows.Value > 1)
        {
            Finish(sum10, sum11, sum12, sum13, result + resultStride, columns);
        }

        if (TRows.Value > 2)
        {
            Finish(sum20, sum21, sum22, sum23, result + 2 * resultStride, columns);
        }

        if (TRows.Value > 3)
        {
            Finish(sum30, sum31, sum32, sum33, result + 3 * resultStride, columns);
        }

        if (TRows.Value > 4)
        {
            Finish(sum40, sum41, sum42, sum43, result + 4 * resultStride, columns);
            Finish(sum50, sum51, sum52, sum53, result + 5 * resultStride, columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TColumns>(
        TVector y, TVector x0, TVector x1, TVector x2, TVector x3, ref TVector sum0, ref TVector sum1, ref TVector sum2, ref TVector sum3)
        where TColumns : struct, IConstant
    {
        sum0 = TSimd.MultiplyAdd(y, x0, sum0);
        sum1 = TSimd.MultiplyAdd(y, x1, sum1);
        if (TColumns.Value > 2)
        {
            sum2 = TSimd.MultiplyAdd(y, x2, sum2);
            sum3 = TSimd.MultiplyAdd(y, x3, sum3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TVector sum0, TVector sum1, TVector sum2, TVector sum3, T* result, int columns)
    {
        result[0] += TSimd.Sum(sum0);
        if (columns > 1)
        {
            result[1] += TSimd.Sum(sum1);
        }

        if (columns > 2)
        {
            result[2] += TSimd.Sum(sum2);
        }

        if (columns > 3)
        {
            result[3] += TSimd.Sum(sum3);
        }
    }
}
