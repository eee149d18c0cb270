using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>A number as a type argument, so that a kernel's sizes are constants where it is compiled.</summary>
internal interface INumber
{
    static abstract int Value { get; }
}

internal readonly struct One : INumber
{
    public static int Value => 1;
}

internal readonly struct Two : INumber
{
    public static int Value => 2;
}

internal readonly struct Three : INumber
{
    public static int Value => 3;
}

internal readonly struct Four : INumber
{
    public static int Value => 4;
}

internal readonly struct Six : INumber
{
    public static int Value => 6;
}

internal readonly struct Eight : INumber
{
    public static int Value => 8;
}

internal readonly struct Twelve : INumber
{
    public static int Value => 12;
}

/// <summary>
/// The innermost kernel of every contraction: rows r &lt; R and vectors v &lt; V of
/// <c>destination[r, targets[v]] = addend[r, targets[v]] + alpha (w[r] + sum over k of W[k, r] source[offsets[k] + positions[v]])</c>.
/// </summary>
/// <remarks>
/// A matrix product has offsets[k] = k times the row length. A convolution has one k for each input channel and tap, with the
/// offset of that tap in a zero-padded image: the image is read in place through shifted loads and never unrolled into columns.
/// Weights come packed as [k][r] behind the R start values w (a bias or zeros), see <see cref="PackedRows{T}"/>.
/// Six rows by four vectors are 24 sums, which hide the latency of the multiply-add and leave registers for a broadcast weight
/// and the four inputs; smaller tiles take the remainders.
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
        switch (rows)
        {
            case 6:
                Across<Six>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
                break;
            case 4:
                Across<Four>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
                break;
            case 3:
                Across<Three>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
                break;
            case 2:
                Across<Two>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
                break;
            default:
                Across<One>(vectors, depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
                break;
        }
    }

    private static void Across<TRows>(
        int vectors, int depth, T* weights, T* source, nint* offsets, nint* positions, nint* targets, T* addend, T* destination,
        nint rowStride, T alpha)
        where TRows : struct, INumber
    {
        if (TSimd.TileVectors == 4)
        {
            for (; vectors >= 4; vectors -= 4, positions += 4, targets += 4)
            {
                Tile<TRows, Four>(depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
            }
        }

        for (; vectors >= 2; vectors -= 2, positions += 2, targets += 2)
        {
            Tile<TRows, Two>(depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
        }

        if (vectors > 0)
        {
            Tile<TRows, One>(depth, weights, source, offsets, positions, targets, addend, destination, rowStride, alpha);
        }
    }

    // The conditions are constants where this is compiled: sums beyond the tile's size vanish.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TRows, TVectors>(
        int depth, T* weights, T* source, nint* offsets, nint* positions, nint* targets, T* addend, T* destination, nint rowStride, T alpha)
        where TRows : struct, INumber
        where TVectors : struct, INumber
    {
        T* source0 = source + positions[0];
        T* source1 = TVectors.Value > 1 ? source + positions[1] : source0;
        T* source2 = TVectors.Value > 2 ? source + positions[2] : source0;
        T* source3 = TVectors.Value > 2 ? source + positions[3] : source0;

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

        for (nint* end = offsets + depth; offsets < end; offsets++)
        {
            nint offset = *offsets;
            TVector x0 = TSimd.Load(source0 + offset);
            TVector x1 = TVectors.Value > 1 ? TSimd.Load(source1 + offset) : TSimd.Zero;
            TVector x2 = TVectors.Value > 2 ? TSimd.Load(source2 + offset) : TSimd.Zero;
            TVector x3 = TVectors.Value > 2 ? TSimd.Load(source3 + offset) : TSimd.Zero;

            TVector weight = TSimd.Broadcast(weights[0]);
            Step<TVectors>(weight, x0, x1, x2, x3, ref sum00, ref sum01, ref sum02, ref sum03);
            if (TRows.Value > 1)
            {
                weight = TSimd.Broadcast(weights[1]);
                Step<TVectors>(weight, x0, x1, x2, x3, ref sum10, ref sum11, ref sum12, ref sum13);
            }

            if (TRows.Value > 2)
            {
                weight = TSimd.Broadcast(weights[2]);
                Step<TVectors>(weight, x0, x1, x2, x3, ref sum20, ref sum21, ref sum22, ref sum23);
            }

            if (TRows.Value > 3)
            {
                weight = TSimd.Broadcast(weights[3]);
                Step<TVectors>(weight, x0, x1, x2, x3, ref sum30, ref sum31, ref sum32, ref sum33);
            }

            if (TRows.Value > 4)
            {
                weight = TSimd.Broadcast(weights[4]);
                Step<TVectors>(weight, x0, x1, x2, x3, ref sum40, ref sum41, ref sum42, ref sum43);
                weight = TSimd.Broadcast(weights[5]);
                Step<TVectors>(weight, x0, x1, x2, x3, ref sum50, ref sum51, ref sum52, ref sum53);
            }

            weights += TRows.Value;
        }

        Finish<TVectors>(sum00, sum01, sum02, sum03, targets, addend, destination, 0, alpha);
        if (TRows.Value > 1)
        {
            Finish<TVectors>(sum10, sum11, sum12, sum13, targets, addend, destination, rowStride, alpha);
        }

        if (TRows.Value > 2)
        {
            Finish<TVectors>(sum20, sum21, sum22, sum23, targets, addend, destination, 2 * rowStride, alpha);
        }

        if (TRows.Value > 3)
        {
            Finish<TVectors>(sum30, sum31, sum32, sum33, targets, addend, destination, 3 * rowStride, alpha);
        }

        if (TRows.Value > 4)
        {
            Finish<TVectors>(sum40, sum41, sum42, sum43, targets, addend, destination, 4 * rowStride, alpha);
            Finish<TVectors>(sum50, sum51, sum52, sum53, targets, addend, destination, 5 * rowStride, alpha);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TVectors>(
        TVector weight, TVector x0, TVector x1, TVector x2, TVector x3, ref TVector sum0, ref TVector sum1, ref TVector sum2,
        ref TVector sum3)
        where TVectors : struct, INumber
    {
        sum0 = TSimd.MultiplyAdd(weight, x0, sum0);
        if (TVectors.Value > 1)
        {
            sum1 = TSimd.MultiplyAdd(weight, x1, sum1);
        }

        if (TVectors.Value > 2)
        {
            sum2 = TSimd.MultiplyAdd(weight, x2, sum2);
            sum3 = TSimd.MultiplyAdd(weight, x3, sum3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TVectors>(
        TVector sum0, TVector sum1, TVector sum2, TVector sum3, nint* targets, T* addend, T* destination, nint row, T alpha)
        where TVectors : struct, INumber
    {
        Finish(sum0, targets[0] + row, addend, destination, alpha);
        if (TVectors.Value > 1)
        {
            Finish(sum1, targets[1] + row, addend, destination, alpha);
        }

        if (TVectors.Value > 2)
        {
            Finish(sum2, targets[2] + row, addend, destination, alpha);
            Finish(sum3, targets[3] + row, addend, destination, alpha);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TVector sum, nint target, T* addend, T* destination, T alpha)
    {
        TVector factor = TSimd.Broadcast(alpha);
        TVector result = addend == null ? TSimd.Multiply(sum, factor) : TSimd.MultiplyAdd(sum, factor, TSimd.Load(addend + target));
        TSimd.Store(result, destination + target);
    }
}
