using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The transforms of the kernel's gradient of F(4x4, 3x3), each the transpose of one of the convolution's: with V = Bᵀ d B of the input
/// and W = A ȳ Aᵀ of the output's gradient, tile by tile, the gradient is Gᵀ (sum over tiles of W * V) G. One channel in each lane of a vector.
/// </summary>
/// <remarks>In halves, as in <see cref="WinogradTransform{T, TVector, TSimd}"/>.</remarks>
internal static unsafe class WinogradGradientTransform<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private const double A = WinogradPoints.A, B = WinogradPoints.B;

    /// <summary>planes = Bᵀ d B of all channels of a tile, d its six by six values.</summary>
    /// <param name="tile">The tile's first value in a <see cref="PixelLayout"/> with a rim of one.</param>
    /// <param name="channels">The number of channels, whole vectors: the distance of columns.</param>
    /// <param name="rowStride">The distance of rows.</param>
    /// <param name="planes">The tile's values in plane 0, a channel after the other.</param>
    /// <param name="planeStride">The distance of planes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(T* tile, int channels, nint rowStride, T* planes, nint planeStride)
    {
        for (int c = 0; c < channels; c += TSimd.Count)
        {
            InputHalf<One>(tile + c, channels, rowStride, planes + c, planeStride);
            InputHalf<Two>(tile + c + channels, channels, rowStride, planes + c + 3 * planeStride, planeStride);
        }
    }

    /// <summary>planes = A ȳ Aᵀ of all channels of a tile, ȳ its four by four values.</summary>
    /// <param name="tile">The tile's first value in a <see cref="PixelLayout"/> without a rim.</param>
    /// <param name="channels">The number of channels, whole vectors: the distance of columns.</param>
    /// <param name="rowStride">The distance of rows.</param>
    /// <param name="planes">The tile's values in plane 0, a channel after the other.</param>
    /// <param name="planeStride">The distance of planes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(T* tile, int channels, nint rowStride, T* planes, nint planeStride)
    {
        for (int c = 0; c < channels; c += TSimd.Count)
        {
            OutputHalf<One>(tile + c, channels, rowStride, planes + c, planeStride);
            OutputHalf<Two>(tile + c, channels, rowStride, planes + c + 3 * planeStride, planeStride);
        }
    }

    /// <summary>taps = Gᵀ u G of some vectors, [3 i + j] at the distance of taps, or that much added to them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Kernel(T* planes, nint planeStride, int vectors, T* taps, nint tapStride, bool accumulate)
    {
        for (int v = 0; v < vectors; v++)
        {
            KernelVector(planes + (nint)v * TSimd.Count, planeStride, taps + (nint)v * TSimd.Count, tapStride, accumulate);
        }
    }

    // Half one: columns 0 to 2 of the result, from columns 0 to 4 of d. Half two: columns 3 to 5, from 1 to 5.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void InputHalf<THalf>(T* tile, nint stride, nint rowStride, T* planes, nint planeStride)
        where THalf : struct, IConstant
    {
        TVector product = Constant(A * A * B * B), sum = Constant(-(A * A + B * B));
        TVector a = Constant(A), a2 = Constant(-A * A), b = Constant(B), b2 = Constant(-B * B);
        Row<THalf>(tile, stride, product, sum, a, a2, b, b2, out TVector x00, out TVector x01, out TVector x02);
        Row<THalf>(tile + rowStride, stride, product, sum, a, a2, b, b2, out TVector x10, out TVector x11, out TVector x12);
        Row<THalf>(tile + 2 * rowStride, stride, product, sum, a, a2, b, b2, out TVector x20, out TVector x21, out TVector x22);
        Row<THalf>(tile + 3 * rowStride, stride, product, sum, a, a2, b, b2, out TVector x30, out TVector x31, out TVector x32);
        Row<THalf>(tile + 4 * rowStride, stride, product, sum, a, a2, b, b2, out TVector x40, out TVector x41, out TVector x42);
        Row<THalf>(tile + 5 * rowStride, stride, product, sum, a, a2, b, b2, out TVector x50, out TVector x51, out TVector x52);
        WinogradTransform<T, TVector, TSimd>.InputColumn(x00, x10, x20, x30, x40, x50, product, sum, a, a2, b, b2, planes, 6 * planeStride);
        WinogradTransform<T, TVector, TSimd>.InputColumn(x01, x11, x21, x31, x41, x51, product, sum, a, a2, b, b2, planes + planeStride, 6 * planeStride);
        WinogradTransform<T, TVector, TSimd>.InputColumn(x02, x12, x22, x32, x42, x52, product, sum, a, a2, b, b2, planes + 2 * planeStride, 6 * planeStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<THalf>(
        T* row, nint stride, TVector product, TVector sum, TVector a, TVector a2, TVector b, TVector b2, out TVector x0, out TVector x1,
        out TVector x2)
        where THalf : struct, IConstant
    {
        TVector d0 = TSimd.Load(row), d1 = TSimd.Load(row + stride), d2 = TSimd.Load(row + 2 * stride);
        TVector d3 = TSimd.Load(row + 3 * stride), d4 = TSimd.Load(row + 4 * stride);
        if (THalf.Value == 1)
        {
            WinogradTransform<T, TVector, TSimd>.InputStart(d0, d1, d2, d3, d4, product, sum, a, b2, out x0, out x1, out x2);
        }
        else
        {
            WinogradTransform<T, TVector, TSimd>.InputEnd(d0, d1, d2, d3, d4, product, sum, b, a2, out x0, out x1, out x2);
        }
    }

    // Half one: columns 0 to 2 of the result. Half two: columns 3 to 5.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void OutputHalf<THalf>(T* tile, nint stride, nint rowStride, T* planes, nint planeStride)
        where THalf : struct, IConstant
    {
        TVector a = Constant(A), a2 = Constant(A * A), b = Constant(B), b2 = Constant(B * B);
        Spread<THalf>(tile, stride, a, a2, b, b2, out TVector x00, out TVector x01, out TVector x02);
        Spread<THalf>(tile + rowStride, stride, a, a2, b, b2, out TVector x10, out TVector x11, out TVector x12);
        Spread<THalf>(tile + 2 * rowStride, stride, a, a2, b, b2, out TVector x20, out TVector x21, out TVector x22);
        Spread<THalf>(tile + 3 * rowStride, stride, a, a2, b, b2, out TVector x30, out TVector x31, out TVector x32);
        Spread(x00, x10, x20, x30, a, a2, b, b2, planes, 6 * planeStride);
        Spread(x01, x11, x21, x31, a, a2, b, b2, planes + planeStride, 6 * planeStride);
        Spread(x02, x12, x22, x32, a, a2, b, b2, planes + 2 * planeStride, 6 * planeStride);
    }

    // Three of the six values of A y of a row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread<THalf>(
        T* row, nint stride, TVector a, TVector a2, TVector b, TVector b2, out TVector x0, out TVector x1, out TVector x2)
        where THalf : struct, IConstant
    {
        TVector y0 = TSimd.Load(row), y1 = TSimd.Load(row + stride), y2 = TSimd.Load(row + 2 * stride), y3 = TSimd.Load(row + 3 * stride);
        if (THalf.Value == 1)
        {
            TVector even = TSimd.MultiplyAdd(a2, y2, y0), odd = TSimd.Multiply(a, TSimd.MultiplyAdd(a2, y3, y1));
            x0 = y0;
            x1 = TSimd.Add(even, odd);
            x2 = TSimd.Subtract(even, odd);
        }
        else
        {
            TVector even = TSimd.MultiplyAdd(b2, y2, y0), odd = TSimd.Multiply(b, TSimd.MultiplyAdd(b2, y3, y1));
            x0 = TSimd.Add(even, odd);
            x1 = TSimd.Subtract(even, odd);
            x2 = y3;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread(
        TVector y0, TVector y1, TVector y2, TVector y3, TVector a, TVector a2, TVector b, TVector b2, T* planes, nint planeStride)
    {
        TSimd.Store(y0, planes);
        TVector even = TSimd.MultiplyAdd(a2, y2, y0), odd = TSimd.Multiply(a, TSimd.MultiplyAdd(a2, y3, y1));
        TSimd.Store(TSimd.Add(even, odd), planes + planeStride);
        TSimd.Store(TSimd.Subtract(even, odd), planes + 2 * planeStride);
        even = TSimd.MultiplyAdd(b2, y2, y0);
        odd = TSimd.Multiply(b, TSimd.MultiplyAdd(b2, y3, y1));
        TSimd.Store(TSimd.Add(even, odd), planes + 3 * planeStride);
        TSimd.Store(TSimd.Subtract(even, odd), planes + 4 * planeStride);
        TSimd.Store(y3, planes + 5 * planeStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void KernelVector(T* planes, nint planeStride, T* taps, nint tapStride, bool accumulate)
    {
        nint row = 6 * planeStride;
        Collapse(planes, row, out TVector x00, out TVector x10, out TVector x20);
        Collapse(planes + planeStride, row, out TVector x01, out TVector x11, out TVector x21);
        Collapse(planes + 2 * planeStride, row, out TVector x02, out TVector x12, out TVector x22);
        Collapse(planes + 3 * planeStride, row, out TVector x03, out TVector x13, out TVector x23);
        Collapse(planes + 4 * planeStride, row, out TVector x04, out TVector x14, out TVector x24);
        Collapse(planes + 5 * planeStride, row, out TVector x05, out TVector x15, out TVector x25);
        Collapse(x00, x01, x02, x03, x04, x05, out TVector g0, out TVector g1, out TVector g2);
        Finish(g0, taps, accumulate);
        Finish(g1, taps + tapStride, accumulate);
        Finish(g2, taps + 2 * tapStride, accumulate);
        Collapse(x10, x11, x12, x13, x14, x15, out g0, out g1, out g2);
        Finish(g0, taps + 3 * tapStride, accumulate);
        Finish(g1, taps + 4 * tapStride, accumulate);
        Finish(g2, taps + 5 * tapStride, accumulate);
        Collapse(x20, x21, x22, x23, x24, x25, out g0, out g1, out g2);
        Finish(g0, taps + 6 * tapStride, accumulate);
        Finish(g1, taps + 7 * tapStride, accumulate);
        Finish(g2, taps + 8 * tapStride, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TVector value, T* tap, bool accumulate) => TSimd.Store(accumulate ? TSimd.Add(value, TSimd.Load(tap)) : value, tap);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Collapse(T* u, nint stride, out TVector g0, out TVector g1, out TVector g2) => Collapse(
        TSimd.Load(u), TSimd.Load(u + stride), TSimd.Load(u + 2 * stride), TSimd.Load(u + 3 * stride), TSimd.Load(u + 4 * stride),
        TSimd.Load(u + 5 * stride), out g0, out g1, out g2);

    // Gᵀ u.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Collapse(
        TVector u0, TVector u1, TVector u2, TVector u3, TVector u4, TVector u5, out TVector g0, out TVector g1, out TVector g2)
    {
        const double First = 1 / (2 * A * A * (A * A - B * B)), Second = 1 / (2 * B * B * (B * B - A * A));
        TVector even1 = TSimd.Add(u1, u2), odd1 = TSimd.Subtract(u1, u2), even2 = TSimd.Add(u3, u4), odd2 = TSimd.Subtract(u3, u4);
        g0 = TSimd.MultiplyAdd(
            Constant(1 / (A * A * B * B)), u0, TSimd.MultiplyAdd(Constant(First), even1, TSimd.Multiply(Constant(Second), even2)));
        g1 = TSimd.MultiplyAdd(Constant(First * A), odd1, TSimd.Multiply(Constant(Second * B), odd2));
        g2 = TSimd.MultiplyAdd(Constant(First * A * A), even1, TSimd.MultiplyAdd(Constant(Second * B * B), even2, u5));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Constant(double value) => WinogradTransform<T, TVector, TSimd>.Constant(value);
}
