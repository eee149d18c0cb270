using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The transforms of images of F(4x4, 3x3), see <see cref="WinogradPoints"/>, with one tile of an image in each lane of a vector.
/// </summary>
/// <remarks>
/// A channel of tiles is [16 positions][lanes], position 4 i + j being row i and column j of the tile. The neighbour of a tile to
/// the left is one lane before it, the neighbour above as many lanes before as an image has tile columns: the rim of a tile is read by
/// shifted loads, and masks put zeros where the neighbour is not of the same image.
/// Each transform is done in two halves that share no arithmetic, so that what is alive fits in 32 registers and no intermediate
/// goes through memory.
/// </remarks>
internal static unsafe class WinogradTransform<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>planes = Bᵀ d B of some vectors of tiles, d being the six by six values that a tile's outputs depend on.</summary>
    /// <param name="tiles">The first tile's value at position 0.</param>
    /// <param name="stride">The distance of positions.</param>
    /// <param name="tileColumns">The distance of a tile and the one below it.</param>
    /// <param name="masks">Of the first tile, whether it has a neighbour to the left; then right, up and down.</param>
    /// <param name="maskStride">The distance of the four masks.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <param name="planes">The first tile's value in plane 0.</param>
    /// <param name="planeStride">The distance of planes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(
        T* tiles, nint stride, nint tileColumns, T* masks, nint maskStride, int vectors, T* planes, nint planeStride)
    {
        for (int v = 0; v < vectors; v++)
        {
            InputHalf<One>(tiles, stride, tileColumns, masks, maskStride, planes, planeStride);
            InputHalf<Two>(tiles, stride, tileColumns, masks, maskStride, planes + 3 * planeStride, planeStride);
            tiles += TSimd.Count;
            masks += TSimd.Count;
            planes += TSimd.Count;
        }
    }

    /// <summary>result = addend + alpha Aᵀ m A of some vectors of tiles; where there is no addend, bias + alpha Aᵀ m A.</summary>
    /// <param name="planes">The first tile's value in plane 0.</param>
    /// <param name="planeStride">The distance of planes.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <param name="alpha">The factor.</param>
    /// <param name="bias">What is added where there is no addend.</param>
    /// <param name="addend">What is added, laid out like the result, or null.</param>
    /// <param name="result">The first tile's value at position 0; may be the addend.</param>
    /// <param name="stride">The distance of positions.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(T* planes, nint planeStride, int vectors, T alpha, T bias, T* addend, T* result, nint stride)
    {
        for (int v = 0; v < vectors; v++)
        {
            OutputHalf<One>(planes, planeStride, alpha, bias, addend, result, stride);
            OutputHalf<Two>(planes, planeStride, alpha, bias, addend == null ? null : addend + 4 * stride, result + 4 * stride, stride);
            planes += TSimd.Count;
            addend = addend == null ? null : addend + TSimd.Count;
            result += TSimd.Count;
        }
    }

    // Half one: columns 0 to 2 of the result, from columns 0 to 4 of d. Half two: columns 3 to 5, from 1 to 5.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void InputHalf<THalf>(
        T* tiles, nint stride, nint tileColumns, T* masks, nint maskStride, T* planes, nint planeStride)
        where THalf : struct, IConstant
    {
        const double A2 = WinogradPoints.A * WinogradPoints.A, B2 = WinogradPoints.B * WinogradPoints.B;
        TVector product = Constant(A2 * B2);
        TVector sum = Constant(-(A2 + B2));
        TVector a = Constant(WinogradPoints.A), a2 = Constant(-A2);
        TVector b = Constant(WinogradPoints.B), b2 = Constant(-B2);
        TVector side = TSimd.Load(THalf.Value == 1 ? masks : masks + maskStride);

        Row<THalf>(tiles + 12 * stride - tileColumns, stride, side, product, sum, a, a2, b, b2, out TVector x00, out TVector x01, out TVector x02);
        TVector up = TSimd.Load(masks + 2 * maskStride);
        x00 = TSimd.Keep(x00, up);
        x01 = TSimd.Keep(x01, up);
        x02 = TSimd.Keep(x02, up);
        Row<THalf>(tiles, stride, side, product, sum, a, a2, b, b2, out TVector x10, out TVector x11, out TVector x12);
        Row<THalf>(tiles + 4 * stride, stride, side, product, sum, a, a2, b, b2, out TVector x20, out TVector x21, out TVector x22);
        Row<THalf>(tiles + 8 * stride, stride, side, product, sum, a, a2, b, b2, out TVector x30, out TVector x31, out TVector x32);
        Row<THalf>(tiles + 12 * stride, stride, side, product, sum, a, a2, b, b2, out TVector x40, out TVector x41, out TVector x42);
        Row<THalf>(tiles + tileColumns, stride, side, product, sum, a, a2, b, b2, out TVector x50, out TVector x51, out TVector x52);
        TVector down = TSimd.Load(masks + 3 * maskStride);
        x50 = TSimd.Keep(x50, down);
        x51 = TSimd.Keep(x51, down);
        x52 = TSimd.Keep(x52, down);

        InputColumn(x00, x10, x20, x30, x40, x50, product, sum, a, a2, b, b2, planes, 6 * planeStride);
        InputColumn(x01, x11, x21, x31, x41, x51, product, sum, a, a2, b, b2, planes + planeStride, 6 * planeStride);
        InputColumn(x02, x12, x22, x32, x42, x52, product, sum, a, a2, b, b2, planes + 2 * planeStride, 6 * planeStride);
    }

    // Three of the six values of Bᵀ d of a row that begins in the tile's neighbour to the left and ends in the one to the right.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<THalf>(
        T* row, nint stride, TVector side, TVector product, TVector sum, TVector a, TVector a2, TVector b, TVector b2, out TVector x0,
        out TVector x1, out TVector x2)
        where THalf : struct, IConstant
    {
        TVector d1 = TSimd.Load(row), d2 = TSimd.Load(row + stride), d3 = TSimd.Load(row + 2 * stride), d4 = TSimd.Load(row + 3 * stride);
        if (THalf.Value == 1)
        {
            TVector d0 = TSimd.Keep(TSimd.Load(row + 3 * stride - 1), side);
            InputStart(d0, d1, d2, d3, d4, product, sum, a, b2, out x0, out x1, out x2);
        }
        else
        {
            TVector d5 = TSimd.Keep(TSimd.Load(row + 1), side);
            InputEnd(d1, d2, d3, d4, d5, product, sum, b, a2, out x0, out x1, out x2);
        }
    }

    /// <summary>The first three of the six values of Bᵀ d, which do not read d5.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputStart(
        TVector d0, TVector d1, TVector d2, TVector d3, TVector d4, TVector product, TVector sum, TVector a, TVector b2, out TVector x0,
        out TVector x1, out TVector x2)
    {
        TVector even = TSimd.MultiplyAdd(b2, d2, d4), odd = TSimd.Multiply(a, TSimd.MultiplyAdd(b2, d1, d3));
        x0 = TSimd.MultiplyAdd(product, d0, TSimd.MultiplyAdd(sum, d2, d4));
        x1 = TSimd.Add(even, odd);
        x2 = TSimd.Subtract(even, odd);
    }

    /// <summary>The last three of the six values of Bᵀ d, which do not read d0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputEnd(
        TVector d1, TVector d2, TVector d3, TVector d4, TVector d5, TVector product, TVector sum, TVector b, TVector a2, out TVector x3,
        out TVector x4, out TVector x5)
    {
        TVector even = TSimd.MultiplyAdd(a2, d2, d4), odd = TSimd.Multiply(b, TSimd.MultiplyAdd(a2, d1, d3));
        x3 = TSimd.Add(even, odd);
        x4 = TSimd.Subtract(even, odd);
        x5 = TSimd.MultiplyAdd(product, d1, TSimd.MultiplyAdd(sum, d3, d5));
    }

    /// <summary>All six values of Bᵀ d, stored at the distance of planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputColumn(
        TVector d0, TVector d1, TVector d2, TVector d3, TVector d4, TVector d5, TVector product, TVector sum, TVector a, TVector a2,
        TVector b, TVector b2, T* planes, nint planeStride)
    {
        InputStart(d0, d1, d2, d3, d4, product, sum, a, b2, out TVector x0, out TVector x1, out TVector x2);
        TSimd.Store(x0, planes);
        TSimd.Store(x1, planes + planeStride);
        TSimd.Store(x2, planes + 2 * planeStride);
        InputEnd(d1, d2, d3, d4, d5, product, sum, b, a2, out x0, out x1, out x2);
        TSimd.Store(x0, planes + 3 * planeStride);
        TSimd.Store(x1, planes + 4 * planeStride);
        TSimd.Store(x2, planes + 5 * planeStride);
    }

    // Half one: rows 0 and 2 of the result, which take sums of the values at opposite points. Half two: rows 1 and 3, which take differences.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void OutputHalf<THalf>(T* planes, nint planeStride, T alpha, T bias, T* addend, T* result, nint stride)
        where THalf : struct, IConstant
    {
        const double A2 = WinogradPoints.A * WinogradPoints.A, B2 = WinogradPoints.B * WinogradPoints.B;
        TVector a = Constant(WinogradPoints.A), b = Constant(WinogradPoints.B);
        TVector a2 = Constant(A2), b2 = Constant(B2);
        TVector a3 = Constant(A2 * WinogradPoints.A), b3 = Constant(B2 * WinogradPoints.B);
        nint row = 6 * planeStride;
        Collapse<THalf>(planes, row, a, a2, a3, b, b2, b3, out TVector x00, out TVector x10);
        Collapse<THalf>(planes + planeStride, row, a, a2, a3, b, b2, b3, out TVector x01, out TVector x11);
        Collapse<THalf>(planes + 2 * planeStride, row, a, a2, a3, b, b2, b3, out TVector x02, out TVector x12);
        Collapse<THalf>(planes + 3 * planeStride, row, a, a2, a3, b, b2, b3, out TVector x03, out TVector x13);
        Collapse<THalf>(planes + 4 * planeStride, row, a, a2, a3, b, b2, b3, out TVector x04, out TVector x14);
        Collapse<THalf>(planes + 5 * planeStride, row, a, a2, a3, b, b2, b3, out TVector x05, out TVector x15);
        TVector factor = TSimd.Broadcast(alpha), constant = TSimd.Broadcast(bias);
        Finish(x00, x01, x02, x03, x04, x05, a, a2, a3, b, b2, b3, factor, constant, addend, result, stride);
        Finish(
            x10, x11, x12, x13, x14, x15, a, a2, a3, b, b2, b3, factor, constant, addend == null ? null : addend + 8 * stride,
            result + 8 * stride, stride);
    }

    /// <summary>A coefficient in all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Constant(double value) =>
        TSimd.Broadcast(typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value) : Unsafe.BitCast<double, T>(value));

    // Two of the four values of Aᵀ m of a column.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Collapse<THalf>(
        T* m, nint stride, TVector a, TVector a2, TVector a3, TVector b, TVector b2, TVector b3, out TVector x0, out TVector x1)
        where THalf : struct, IConstant
    {
        TVector m1 = TSimd.Load(m + stride), m2 = TSimd.Load(m + 2 * stride), m3 = TSimd.Load(m + 3 * stride), m4 = TSimd.Load(m + 4 * stride);
        if (THalf.Value == 1)
        {
            TVector first = TSimd.Add(m1, m2), second = TSimd.Add(m3, m4);
            x0 = TSimd.Add(TSimd.Load(m), TSimd.Add(first, second));
            x1 = TSimd.MultiplyAdd(a2, first, TSimd.Multiply(b2, second));
        }
        else
        {
            TVector first = TSimd.Subtract(m1, m2), second = TSimd.Subtract(m3, m4);
            x0 = TSimd.MultiplyAdd(a, first, TSimd.Multiply(b, second));
            x1 = TSimd.MultiplyAdd(a3, first, TSimd.MultiplyAdd(b3, second, TSimd.Load(m + 5 * stride)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        TVector m0, TVector m1, TVector m2, TVector m3, TVector m4, TVector m5, TVector a, TVector a2, TVector a3, TVector b, TVector b2,
        TVector b3, TVector factor, TVector constant, T* addend, T* result, nint stride)
    {
        TVector even1 = TSimd.Add(m1, m2), odd1 = TSimd.Subtract(m1, m2), even2 = TSimd.Add(m3, m4), odd2 = TSimd.Subtract(m3, m4);
        TVector y0 = TSimd.Add(m0, TSimd.Add(even1, even2));
        TVector y1 = TSimd.MultiplyAdd(a, odd1, TSimd.Multiply(b, odd2));
        TVector y2 = TSimd.MultiplyAdd(a2, even1, TSimd.Multiply(b2, even2));
        TVector y3 = TSimd.MultiplyAdd(a3, odd1, TSimd.MultiplyAdd(b3, odd2, m5));
        TSimd.Store(TSimd.MultiplyAdd(factor, y0, addend == null ? constant : TSimd.Load(addend)), result);
        TSimd.Store(TSimd.MultiplyAdd(factor, y1, addend == null ? constant : TSimd.Load(addend + stride)), result + stride);
        TSimd.Store(TSimd.MultiplyAdd(factor, y2, addend == null ? constant : TSimd.Load(addend + 2 * stride)), result + 2 * stride);
        TSimd.Store(TSimd.MultiplyAdd(factor, y3, addend == null ? constant : TSimd.Load(addend + 3 * stride)), result + 3 * stride);
    }
}
