using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The innermost kernel of every contraction: rows r &lt; R and vectors v &lt; V of
/// <c>destination[r, targets[v]] = addend[r, targets[v]] + alpha (w[r] + sum over k of W[k, r] source[offsets[k] + positions[v]])</c>.
/// </summary>
/// <remarks>
/// A matrix product has offsets[k] = k times the row length. A convolution has one k for each input channel and tap, with the
/// offset of that tap in a zero-padded image: the image is read in place through shifted loads and never unrolled into columns.
/// Weights come packed as [k][r] behind the R start values w (a bias or zeros), see <see cref="PackedRows{T}"/>.
/// Six rows by four vectors are 24 sums, which hide the latency of the multiply-add and leave registers for a broadcast weight
/// and the four inputs; with 16 registers six by two, four by three, or three by four. Smaller tiles take the remainders.
/// </remarks>
internal static unsafe class RegisterTile<T, TVector, TSimd>
    where T : unmanaged
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Computes <paramref name="rows"/> rows (1, 2, 3, 4 or 6) of any number of vectors.</summary>
    /// <param name="rows">The height of the tile.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <param name="depth">The number of terms of each sum.</param>
    /// <param name="weights">The start values [rows] and the weights [depth, rows].</param>
    /// <param name="source">Where offsets and positions count from.</param>
    /// <param name="offsets">The offset of each term.</param>
    /// <param name="positions">The offset of each vector in the source.</param>
    /// <param name="targets">The offset of each vector in the destination.</param>
    /// <param name="addend">What is added, laid out like the destination, or null.</param>
    /// <param name="destination">Row 0 of the result; may be the addend.</param>
    /// <param name="rowStride">The distance of rows in addend and destination.</param>
    /// <param name="alpha">The factor of the sums.</param>
    public static void Run(
        int rows, int vectors, int depth, T* weights, T* source, nint* offsets, nint* positions, nint* targets, T* addend,
        T* destination, nint rowStride, T alpha)
    {
        var nothing = default(Ahead);
        Run(rows, vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref nothing);
    }

    /// <summary>The same, asking for other memory meanwhile.</summary>
    public static void Run(
        int rows, int vectors, int depth, T* weights, T* source, nint* offsets, nint* positions, nint* targets, T* addend,
        T* destination, nint rowStride, T alpha, ref Ahead ahead)
    {
        switch (rows)
        {
            case 6:
                Across<Six>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
                break;
            case 4:
                Across<Four>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
                break;
            case 3:
                Across<Three>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
                break;
            case 2:
                Across<Two>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
                break;
            default:
                Across<One>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
                break;
        }
    }

    private static void Across<TRows>(
        int vectors, int depth, T* weights, T* source, nint* offsets, nint* positions, nint* targets, T* addend, T* destination,
        nint rowStride, T alpha, ref Ahead ahead)
        where TRows : struct, IConstant
    {
        int wide = TSimd.TileVectors == 4 || TRows.Value < 4 ? 4 : TRows.Value == 4 ? 3 : 2;
        (int tiles, int rest) = Math.DivRem(vectors, wide);
        if (tiles > 0)
        {
            if (wide == 4)
            {
                Tiles<TRows, Four>(tiles, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
            }
            else if (wide == 3)
            {
                Tiles<TRows, Three>(tiles, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
            }
            else
            {
                Tiles<TRows, Two>(tiles, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
            }

            positions += tiles * wide;
            targets += tiles * wide;
        }

        if (rest >= 2)
        {
            Tiles<TRows, Two>(1, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
            positions += 2;
            targets += 2;
            rest -= 2;
        }

        if (rest > 0)
        {
            Tiles<TRows, One>(1, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha, ref ahead);
        }
    }

    /// <summary>Some tiles of one size. The conditions are constants where this is compiled: sums beyond the size vanish.</summary>
    /// <remarks>
    /// Three terms a turn: beyond some 64 turns the processor mispredicts the loop's end, 20 to 30 cycles a tile or 4% of one of six rows, two
    /// vectors of 256 bits and 108 terms. Smaller tiles are remainders and not worth the compiler's time.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<TRows, TVectors>(
        int tiles, int depth, T* packed, T* source, nint* start, nint* positions, nint* targets, T* addend, T* destination, nint rowStride, T alpha,
        ref Ahead ahead)
        where TRows : struct, IConstant
        where TVectors : struct, IConstant
    {
        nint* end = start + depth;
        TVector factor = TSimd.Broadcast(alpha);
        for (; tiles > 0; tiles--, positions += TVectors.Value, targets += TVectors.Value)
        {
            T* weights = packed;
            nint* offsets = start;
            byte* line = (byte*)ahead.Take(depth, packed, out nint lineDistance);
            T* source0 = source + positions[0];
            T* source1 = TVectors.Value > 1 ? source + positions[1] : source0;
            T* source2 = TVectors.Value > 2 ? source + positions[2] : source0;
            T* source3 = TVectors.Value > 3 ? source + positions[3] : source0;

            TVector sum00, sum01, sum02, sum03;
            TVector sum10, sum11, sum12, sum13;
            TVector sum20, sum21, sum22, sum23;
            TVector sum30, sum31, sum32, sum33;
            TVector sum40, sum41, sum42, sum43;
            TVector sum50, sum51, sum52, sum53;
            sum00 = sum01 = sum02 = sum03 = TSimd.Broadcast(weights[0]);
            sum10 = sum11 = sum12 = sum13 = TRows.Value > 1 ? TSimd.Broadcast(weights[1]) : TSimd.Zero;
            sum20 = sum21 = sum22 = sum23 = TRows.Value > 2 ? TSimd.Broadcast(weights[2]) : TSimd.Zero;
            sum30 = sum31 = sum32 = sum33 = TRows.Value > 3 ? TSimd.Broadcast(weights[3]) : TSimd.Zero;
            sum40 = sum41 = sum42 = sum43 = TRows.Value > 4 ? TSimd.Broadcast(weights[4]) : TSimd.Zero;
            sum50 = sum51 = sum52 = sum53 = TRows.Value > 4 ? TSimd.Broadcast(weights[5]) : TSimd.Zero;
            weights += TRows.Value;

            for (nint* last = end - 2; TRows.Value * TVectors.Value >= 12 && offsets < last; offsets += 3, weights += 3 * TRows.Value)
            {
                CacheLines.Fetch(line);
                CacheLines.Fetch(line + lineDistance);
                CacheLines.Fetch(line + 2 * lineDistance);
                line += 3 * lineDistance;
                Term<TRows, TVectors>(
                    weights, source0, source1, source2, source3, offsets[0],
                    ref sum00, ref sum01, ref sum02, ref sum03,
                    ref sum10, ref sum11, ref sum12, ref sum13,
                    ref sum20, ref sum21, ref sum22, ref sum23,
                    ref sum30, ref sum31, ref sum32, ref sum33,
                    ref sum40, ref sum41, ref sum42, ref sum43,
                    ref sum50, ref sum51, ref sum52, ref sum53);
                Term<TRows, TVectors>(
                    weights + TRows.Value, source0, source1, source2, source3, offsets[1],
                    ref sum00, ref sum01, ref sum02, ref sum03,
                    ref sum10, ref sum11, ref sum12, ref sum13,
                    ref sum20, ref sum21, ref sum22, ref sum23,
                    ref sum30, ref sum31, ref sum32, ref sum33,
                    ref sum40, ref sum41, ref sum42, ref sum43,
                    ref sum50, ref sum51, ref sum52, ref sum53);
                Term<TRows, TVectors>(
                    weights + (2 * TRows.Value), source0, source1, source2, source3, offsets[2],
                    ref sum00, ref sum01, ref sum02, ref sum03,
                    ref sum10, ref sum11, ref sum12, ref sum13,
                    ref sum20, ref sum21, ref sum22, ref sum23,
                    ref sum30, ref sum31, ref sum32, ref sum33,
                    ref sum40, ref sum41, ref sum42, ref sum43,
                    ref sum50, ref sum51, ref sum52, ref sum53);
            }

            for (; offsets < end; offsets++, weights += TRows.Value, line += lineDistance)
            {
                CacheLines.Fetch(line);
                Term<TRows, TVectors>(
                    weights, source0, source1, source2, source3, offsets[0],
                    ref sum00, ref sum01, ref sum02, ref sum03,
                    ref sum10, ref sum11, ref sum12, ref sum13,
                    ref sum20, ref sum21, ref sum22, ref sum23,
                    ref sum30, ref sum31, ref sum32, ref sum33,
                    ref sum40, ref sum41, ref sum42, ref sum43,
                    ref sum50, ref sum51, ref sum52, ref sum53);
            }

            Finish<TVectors>(sum00, sum01, sum02, sum03, targets, addend, destination, 0, factor);
            if (TRows.Value > 1)
            {
                Finish<TVectors>(sum10, sum11, sum12, sum13, targets, addend, destination, rowStride, factor);
            }

            if (TRows.Value > 2)
            {
                Finish<TVectors>(sum20, sum21, sum22, sum23, targets, addend, destination, 2 * rowStride, factor);
            }

            if (TRows.Value > 3)
            {
                Finish<TVectors>(sum30, sum31, sum32, sum33, targets, addend, destination, 3 * rowStride, factor);
            }

            if (TRows.Value > 4)
            {
                Finish<TVectors>(sum40, sum41, sum42, sum43, targets, addend, destination, 4 * rowStride, factor);
                Finish<TVectors>(sum50, sum51, sum52, sum53, targets, addend, destination, 5 * rowStride, factor);
            }
        }
    }

    /// <summary>
    /// Adds one term to all sums. With many rows the inputs are held and the weights stream; with few rows the other way round, or a tile of
    /// three by four would need 17 registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Term<TRows, TVectors>(
        T* weights, T* source0, T* source1, T* source2, T* source3, nint offset,
        ref TVector sum00, ref TVector sum01, ref TVector sum02, ref TVector sum03,
        ref TVector sum10, ref TVector sum11, ref TVector sum12, ref TVector sum13,
        ref TVector sum20, ref TVector sum21, ref TVector sum22, ref TVector sum23,
        ref TVector sum30, ref TVector sum31, ref TVector sum32, ref TVector sum33,
        ref TVector sum40, ref TVector sum41, ref TVector sum42, ref TVector sum43,
        ref TVector sum50, ref TVector sum51, ref TVector sum52, ref TVector sum53)
        where TRows : struct, IConstant
        where TVectors : struct, IConstant
    {
        if (TRows.Value < 4)
        {
            TVector weight0 = TSimd.Broadcast(weights[0]);
            TVector weight1 = TRows.Value > 1 ? TSimd.Broadcast(weights[1]) : TSimd.Zero;
            TVector weight2 = TRows.Value > 2 ? TSimd.Broadcast(weights[2]) : TSimd.Zero;
            Column<TRows>(TSimd.Load(source0 + offset), weight0, weight1, weight2, ref sum00, ref sum10, ref sum20);
            if (TVectors.Value > 1)
            {
                Column<TRows>(TSimd.Load(source1 + offset), weight0, weight1, weight2, ref sum01, ref sum11, ref sum21);
            }

            if (TVectors.Value > 2)
            {
                Column<TRows>(TSimd.Load(source2 + offset), weight0, weight1, weight2, ref sum02, ref sum12, ref sum22);
            }

            if (TVectors.Value > 3)
            {
                Column<TRows>(TSimd.Load(source3 + offset), weight0, weight1, weight2, ref sum03, ref sum13, ref sum23);
            }
        }
        else
        {
            TVector x0 = TSimd.Load(source0 + offset);
            TVector x1 = TVectors.Value > 1 ? TSimd.Load(source1 + offset) : TSimd.Zero;
            TVector x2 = TVectors.Value > 2 ? TSimd.Load(source2 + offset) : TSimd.Zero;
            TVector x3 = TVectors.Value > 3 ? TSimd.Load(source3 + offset) : TSimd.Zero;
            Row<TVectors>(TSimd.Broadcast(weights[0]), x0, x1, x2, x3, ref sum00, ref sum01, ref sum02, ref sum03);
            Row<TVectors>(TSimd.Broadcast(weights[1]), x0, x1, x2, x3, ref sum10, ref sum11, ref sum12, ref sum13);
            Row<TVectors>(TSimd.Broadcast(weights[2]), x0, x1, x2, x3, ref sum20, ref sum21, ref sum22, ref sum23);
            Row<TVectors>(TSimd.Broadcast(weights[3]), x0, x1, x2, x3, ref sum30, ref sum31, ref sum32, ref sum33);
            if (TRows.Value > 4)
            {
                Row<TVectors>(TSimd.Broadcast(weights[4]), x0, x1, x2, x3, ref sum40, ref sum41, ref sum42, ref sum43);
                Row<TVectors>(TSimd.Broadcast(weights[5]), x0, x1, x2, x3, ref sum50, ref sum51, ref sum52, ref sum53);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<TVectors>(
        TVector weight, TVector x0, TVector x1, TVector x2, TVector x3, ref TVector sum0, ref TVector sum1, ref TVector sum2,
        ref TVector sum3)
        where TVectors : struct, IConstant
    {
        sum0 = TSimd.MultiplyAdd(weight, x0, sum0);
        if (TVectors.Value > 1)
        {
            sum1 = TSimd.MultiplyAdd(weight, x1, sum1);
        }

        if (TVectors.Value > 2)
        {
            sum2 = TSimd.MultiplyAdd(weight, x2, sum2);
        }

        if (TVectors.Value > 3)
        {
            sum3 = TSimd.MultiplyAdd(weight, x3, sum3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column<TRows>(
        TVector x, TVector weight0, TVector weight1, TVector weight2, ref TVector sum0, ref TVector sum1, ref TVector sum2)
        where TRows : struct, IConstant
    {
        sum0 = TSimd.MultiplyAdd(weight0, x, sum0);
        if (TRows.Value > 1)
        {
            sum1 = TSimd.MultiplyAdd(weight1, x, sum1);
        }

        if (TRows.Value > 2)
        {
            sum2 = TSimd.MultiplyAdd(weight2, x, sum2);
        }
    }

    /// <summary>Writes up to four vectors of a row: the sums times the factor, plus the addend where there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TVectors>(
        TVector sum0, TVector sum1, TVector sum2, TVector sum3, nint* targets, T* addend, T* destination, nint row, TVector factor)
        where TVectors : struct, IConstant
    {
        if (addend == null)
        {
            sum0 = TSimd.Multiply(sum0, factor);
            sum1 = TVectors.Value > 1 ? TSimd.Multiply(sum1, factor) : sum1;
            sum2 = TVectors.Value > 2 ? TSimd.Multiply(sum2, factor) : sum2;
            sum3 = TVectors.Value > 3 ? TSimd.Multiply(sum3, factor) : sum3;
        }
        else
        {
            T* start = addend + row;
            sum0 = TSimd.MultiplyAdd(sum0, factor, TSimd.Load(start + targets[0]));
            sum1 = TVectors.Value > 1 ? TSimd.MultiplyAdd(sum1, factor, TSimd.Load(start + targets[1])) : sum1;
            sum2 = TVectors.Value > 2 ? TSimd.MultiplyAdd(sum2, factor, TSimd.Load(start + targets[2])) : sum2;
            sum3 = TVectors.Value > 3 ? TSimd.MultiplyAdd(sum3, factor, TSimd.Load(start + targets[3])) : sum3;
        }

        destination += row;
        TSimd.Store(sum0, destination + targets[0]);
        if (TVectors.Value > 1)
        {
            TSimd.Store(sum1, destination + targets[1]);
        }

        if (TVectors.Value > 2)
        {
            TSimd.Store(sum2, destination + targets[2]);
        }

        if (TVectors.Value > 3)
        {
            TSimd.Store(sum3, destination + targets[3]);
        }
    }
}
