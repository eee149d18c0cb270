using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The innermost kernel of a small matrix product with both factors in rows of k: rows r &lt; R and vectors v &lt; V of
/// <c>destination[r, v] = sum over k of weights[k, r] source[k, v]</c>, or that much added to it.
/// </summary>
/// <remarks>
/// Twelve rows by two vectors are 24 sums with two loads a step beside the weights: a panel two vectors wide keeps the source of a
/// few hundred k in the first-level cache. Where there are 16 registers, four rows by two vectors.
/// </remarks>
internal static unsafe class PanelTile<T, TVector, TSimd>
    where T : unmanaged
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>The number of vectors of a panel.</summary>
    public const int Vectors = 2;

    /// <summary>The most rows of a block of tiles, see <see cref="TileHeight"/>.</summary>
    public const int BlockRows = 24;

    /// <summary>
    /// The height, 12, 8 or 4, of the tile that begins at <paramref name="row"/> of <paramref name="rows"/>, a multiple of four. Tiles do
    /// not cross blocks of 24 rows.
    /// </summary>
    public static int TileHeight(int row, int rows) => Math.Min(BlockRows - row % BlockRows, rows - row) switch
    {
        16 => 8,
        >= 12 => 12,
        int rest => rest,
    };

    /// <summary>Computes 4, 8 or 12 rows of one or two vectors.</summary>
    /// <param name="rows">The height of the tile.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <param name="depth">The number of terms of each sum.</param>
    /// <param name="weights">The first row's weight of k = 0; the rows follow it.</param>
    /// <param name="weightStride">The distance of k in the weights.</param>
    /// <param name="source">The first vector of k = 0.</param>
    /// <param name="sourceStride">The distance of k in the source.</param>
    /// <param name="destination">The first vector of row 0.</param>
    /// <param name="rowStride">The distance of rows in the destination.</param>
    /// <param name="accumulate">Whether to add to the destination.</param>
    public static void Run(
        int rows, int vectors, int depth, T* weights, nint weightStride, T* source, nint sourceStride, T* destination, nint rowStride,
        bool accumulate)
    {
        if (vectors == Vectors)
        {
            Run<Two>(rows, depth, weights, weightStride, source, sourceStride, destination, rowStride, accumulate);
        }
        else
        {
            Run<One>(rows, depth, weights, weightStride, source, sourceStride, destination, rowStride, accumulate);
        }
    }

    private static void Run<TVectors>(
        int rows, int depth, T* weights, nint weightStride, T* source, nint sourceStride, T* destination, nint rowStride, bool accumulate)
        where TVectors : struct, IConstant
    {
        if (TSimd.TileVectors < 4)
        {
            for (int row = 0; row < rows; row += 4)
            {
                Tile<Four, TVectors>(
                    depth, weights + row, weightStride, source, sourceStride, destination + row * rowStride, rowStride, accumulate);
            }
        }
        else if (rows == 12)
        {
            Tile<Twelve, TVectors>(depth, weights, weightStride, source, sourceStride, destination, rowStride, accumulate);
        }
        else if (rows == 8)
        {
            Tile<Eight, TVectors>(depth, weights, weightStride, source, sourceStride, destination, rowStride, accumulate);
        }
        else
        {
            Tile<Four, TVectors>(depth, weights, weightStride, source, sourceStride, destination, rowStride, accumulate);
        }
    }

    // The conditions on the size are constants where this is compiled.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile<TRows, TVectors>(
        int depth, T* weights, nint weightStride, T* source, nint sourceStride, T* destination, nint rowStride, bool accumulate)
        where TRows : struct, IConstant
        where TVectors : struct, IConstant
    {
        TVector sum00, sum01, sum10, sum11, sum20, sum21, sum30, sum31;
        TVector sum40, sum41, sum50, sum51, sum60, sum61, sum70, sum71;
        TVector sum80, sum81, sum90, sum91, sumA0, sumA1, sumB0, sumB1;
        sum00 = sum01 = sum10 = sum11 = sum20 = sum21 = sum30 = sum31 = TSimd.Zero;
        sum40 = sum41 = sum50 = sum51 = sum60 = sum61 = sum70 = sum71 = TSimd.Zero;
        sum80 = sum81 = sum90 = sum91 = sumA0 = sumA1 = sumB0 = sumB1 = TSimd.Zero;
        if (accumulate)
        {
            Start<TVectors>(destination, out sum00, out sum01);
            Start<TVectors>(destination + rowStride, out sum10, out sum11);
            Start<TVectors>(destination + 2 * rowStride, out sum20, out sum21);
            Start<TVectors>(destination + 3 * rowStride, out sum30, out sum31);

            if (TRows.Value > 4)
            {
                Start<TVectors>(destination + 4 * rowStride, out sum40, out sum41);
                Start<TVectors>(destination + 5 * rowStride, out sum50, out sum51);
                Start<TVectors>(destination + 6 * rowStride, out sum60, out sum61);
                Start<TVectors>(destination + 7 * rowStride, out sum70, out sum71);
            }

            if (TRows.Value > 8)
            {
                Start<TVectors>(destination + 8 * rowStride, out sum80, out sum81);
                Start<TVectors>(destination + 9 * rowStride, out sum90, out sum91);
                Start<TVectors>(destination + 10 * rowStride, out sumA0, out sumA1);
                Start<TVectors>(destination + 11 * rowStride, out sumB0, out sumB1);
            }
        }

        for (T* end = weights + depth * weightStride; weights < end; weights += weightStride, source += sourceStride)
        {
            TVector x0 = TSimd.Load(source);
            TVector x1 = TVectors.Value > 1 ? TSimd.Load(source + TSimd.Count) : TSimd.Zero;
            Step<TVectors>(weights[0], x0, x1, ref sum00, ref sum01);
            Step<TVectors>(weights[1], x0, x1, ref sum10, ref sum11);
            Step<TVectors>(weights[2], x0, x1, ref sum20, ref sum21);
            Step<TVectors>(weights[3], x0, x1, ref sum30, ref sum31);
            if (TRows.Value > 4)
            {
                Step<TVectors>(weights[4], x0, x1, ref sum40, ref sum41);
                Step<TVectors>(weights[5], x0, x1, ref sum50, ref sum51);
                Step<TVectors>(weights[6], x0, x1, ref sum60, ref sum61);
                Step<TVectors>(weights[7], x0, x1, ref sum70, ref sum71);
            }

            if (TRows.Value > 8)
            {
                Step<TVectors>(weights[8], x0, x1, ref sum80, ref sum81);
                Step<TVectors>(weights[9], x0, x1, ref sum90, ref sum91);
                Step<TVectors>(weights[10], x0, x1, ref sumA0, ref sumA1);
                Step<TVectors>(weights[11], x0, x1, ref sumB0, ref sumB1);
            }
        }

        Finish<TVectors>(sum00, sum01, destination);
        Finish<TVectors>(sum10, sum11, destination + rowStride);
        Finish<TVectors>(sum20, sum21, destination + 2 * rowStride);
        Finish<TVectors>(sum30, sum31, destination + 3 * rowStride);
        if (TRows.Value > 4)
        {
            Finish<TVectors>(sum40, sum41, destination + 4 * rowStride);
            Finish<TVectors>(sum50, sum51, destination + 5 * rowStride);
            Finish<TVectors>(sum60, sum61, destination + 6 * rowStride);
            Finish<TVectors>(sum70, sum71, destination + 7 * rowStride);
        }

        if (TRows.Value > 8)
        {
            Finish<TVectors>(sum80, sum81, destination + 8 * rowStride);
            Finish<TVectors>(sum90, sum91, destination + 9 * rowStride);
            Finish<TVectors>(sumA0, sumA1, destination + 10 * rowStride);
            Finish<TVectors>(sumB0, sumB1, destination + 11 * rowStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start<TVectors>(T* destination, out TVector sum0, out TVector sum1)
        where TVectors : struct, IConstant
    {
        sum0 = TSimd.Load(destination);
        sum1 = TVectors.Value > 1 ? TSimd.Load(destination + TSimd.Count) : TSimd.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TVectors>(T weight, TVector x0, TVector x1, ref TVector sum0, ref TVector sum1)
        where TVectors : struct, IConstant
    {
        TVector factor = TSimd.Broadcast(weight);
        sum0 = TSimd.MultiplyAdd(factor, x0, sum0);
        if (TVectors.Value > 1)
        {
            sum1 = TSimd.MultiplyAdd(factor, x1, sum1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TVectors>(TVector sum0, TVector sum1, T* destination)
        where TVectors : struct, IConstant
    {
        TSimd.Store(sum0, destination);
        if (TVectors.Value > 1)
        {
            TSimd.Store(sum1, destination + TSimd.Count);
        }
    }
}
