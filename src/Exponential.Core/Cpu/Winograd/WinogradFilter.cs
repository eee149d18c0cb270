using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The transformed kernels U = G g Gᵀ of a 3x3 convolution by F(4x4, 3x3), see <see cref="WinogradPoints"/>: for each of 36 planes a
/// matrix [rows, depth], packed for <see cref="PanelTile{T, TVector, TSimd}"/>.
/// </summary>
/// <remarks>
/// Transformed with one output channel in each lane; a plane is tiles of 12, 8 or 4 rows, each [depth][rows], the rows filled up to a
/// multiple of four with zeros. The planes are an odd number of cache lines apart: a power of two would map all 36 to the same sets.
/// </remarks>
internal readonly unsafe struct WinogradFilter<T, TVector, TSimd> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly Scratch<T> _planes;
    private readonly nint _planeStride;

    /// <summary>Transforms a kernel.</summary>
    /// <param name="g">The sizes of the product to compute.</param>
    /// <param name="transposed">
    /// Whether <paramref name="kernel"/> is that of the convolution whose adjoint this is: [InputChannels, OutputChannels, 3, 3] of
    /// <paramref name="g"/>, its taps in reverse order.
    /// </param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="scale">A factor on the kernel.</param>
    public WinogradFilter(in ConvolutionGeometry g, bool transposed, T* kernel, T scale)
    {
        Rows = RoundUp(g.OutputChannels, 4);
        Depth = g.InputChannels;
        _planeStride = OddLines((nint)Rows * Depth);
        _planes = new Scratch<T>(WinogradPoints.Planes * _planeStride);
        T* planes = _planes.Pointer;
        nint planeStride = _planeStride;
        int outputs = g.OutputChannels, rows = Rows, depth = Depth;
        const int Piece = 8;
        KernelWork.For(Work * outputs * depth, (depth + Piece - 1) / Piece, piece =>
        {
            int room = RoundUp(rows, TSimd.Count);
            using var memory = new Scratch<T>((9L + WinogradPoints.Planes) * room);
            T* taps = memory.Pointer;
            T* result = taps + 9 * room;
            new Span<T>(taps, 9 * room).Clear();
            for (int k = piece * Piece; k < Math.Min(depth, (piece + 1) * Piece); k++)
            {
                if (transposed)
                {
                    Gather(kernel + (nint)k * outputs * 9, 9, outputs, 8, -1, scale, taps, room);
                }
                else
                {
                    Gather(kernel + (nint)k * 9, (nint)depth * 9, outputs, 0, 1, scale, taps, room);
                }

                for (int row = 0; row < rows; row += TSimd.Count)
                {
                    Transform(taps + row, result + row, room);
                }

                Scatter(result, room, k, depth, rows, planes, planeStride);
            }
        });
    }

    /// <summary>Multiply-adds that a filter's transform takes as long as.</summary>
    private const long Work = 600;

    /// <summary>The number of rows, filled up to a multiple of four.</summary>
    public int Rows { get; }

    /// <summary>The number of input channels.</summary>
    public int Depth { get; }

    /// <summary>The least distance of planes of <paramref name="size"/> values that is an odd number of cache lines.</summary>
    public static nint OddLines(nint size)
    {
        nint line = 64 / sizeof(T);
        return ((size + line - 1) / line | 1) * line;
    }

    /// <summary>The weights of the tile of <paramref name="plane"/> that begins at <paramref name="row"/>.</summary>
    public T* Tile(int plane, int row) => _planes.Pointer + plane * _planeStride + (nint)row * Depth;

    public void Dispose() => _planes.Dispose();

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    // taps[t, row] = scale kernel[row, first + t step].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(T* kernel, nint rowStride, int rows, int first, int step, T scale, T* taps, nint tapStride)
    {
        kernel += first;
        for (int row = 0; row < rows; row++, kernel += rowStride, taps++)
        {
            taps[0] = scale * kernel[0];
            taps[tapStride] = scale * kernel[step];
            taps[2 * tapStride] = scale * kernel[2 * step];
            taps[3 * tapStride] = scale * kernel[3 * step];
            taps[4 * tapStride] = scale * kernel[4 * step];
            taps[5 * tapStride] = scale * kernel[5 * step];
            taps[6 * tapStride] = scale * kernel[6 * step];
            taps[7 * tapStride] = scale * kernel[7 * step];
            taps[8 * tapStride] = scale * kernel[8 * step];
        }
    }

    // G g Gᵀ, g at taps[3 i + j] and the result at planes[6 i + j].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform(T* taps, T* planes, nint stride)
    {
        Expand(
            TSimd.Load(taps), TSimd.Load(taps + 3 * stride), TSimd.Load(taps + 6 * stride),
            out TVector x00, out TVector x10, out TVector x20, out TVector x30, out TVector x40, out TVector x50);
        taps += stride;
        Expand(
            TSimd.Load(taps), TSimd.Load(taps + 3 * stride), TSimd.Load(taps + 6 * stride),
            out TVector x01, out TVector x11, out TVector x21, out TVector x31, out TVector x41, out TVector x51);
        taps += stride;
        Expand(
            TSimd.Load(taps), TSimd.Load(taps + 3 * stride), TSimd.Load(taps + 6 * stride),
            out TVector x02, out TVector x12, out TVector x22, out TVector x32, out TVector x42, out TVector x52);
        ExpandRow(x00, x01, x02, planes, stride);
        ExpandRow(x10, x11, x12, planes + 6 * stride, stride);
        ExpandRow(x20, x21, x22, planes + 12 * stride, stride);
        ExpandRow(x30, x31, x32, planes + 18 * stride, stride);
        ExpandRow(x40, x41, x42, planes + 24 * stride, stride);
        ExpandRow(x50, x51, x52, planes + 30 * stride, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExpandRow(TVector g0, TVector g1, TVector g2, T* planes, nint stride)
    {
        Expand(g0, g1, g2, out TVector x0, out TVector x1, out TVector x2, out TVector x3, out TVector x4, out TVector x5);
        TSimd.Store(x0, planes);
        TSimd.Store(x1, planes + stride);
        TSimd.Store(x2, planes + 2 * stride);
        TSimd.Store(x3, planes + 3 * stride);
        TSimd.Store(x4, planes + 4 * stride);
        TSimd.Store(x5, planes + 5 * stride);
    }

    // G g.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Expand(
        TVector g0, TVector g1, TVector g2, out TVector x0, out TVector x1, out TVector x2, out TVector x3, out TVector x4, out TVector x5)
    {
        const double A = WinogradPoints.A, B = WinogradPoints.B;
        const double First = 1 / (2 * A * A * (A * A - B * B)), Second = 1 / (2 * B * B * (B * B - A * A));
        x0 = TSimd.Multiply(Constant(1 / (A * A * B * B)), g0);
        TVector even = TSimd.MultiplyAdd(Constant(First * A * A), g2, TSimd.Multiply(Constant(First), g0));
        TVector odd = TSimd.Multiply(Constant(First * A), g1);
        x1 = TSimd.Add(even, odd);
        x2 = TSimd.Subtract(even, odd);
        even = TSimd.MultiplyAdd(Constant(Second * B * B), g2, TSimd.Multiply(Constant(Second), g0));
        odd = TSimd.Multiply(Constant(Second * B), g1);
        x3 = TSimd.Add(even, odd);
        x4 = TSimd.Subtract(even, odd);
        x5 = g2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Constant(double value) => WinogradTransform<T, TVector, TSimd>.Constant(value);

    // Copies one k of all planes, four rows at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(T* result, nint stride, int k, int depth, int rows, T* planes, nint planeStride)
    {
        int height;
        for (int row = 0; row < rows; row += height)
        {
            height = PanelTile<T, TVector, TSimd>.TileHeight(row, rows);
            T* source = result + row;
            T* destination = planes + (nint)row * depth + (nint)k * height;
            for (int plane = 0; plane < WinogradPoints.Planes; plane++, source += stride, destination += planeStride)
            {
                for (int i = 0; i < height; i += 4)
                {
                    *(Quad*)(destination + i) = *(Quad*)(source + i);
                }
            }
        }
    }

    [InlineArray(4)]
    private struct Quad
    {
        private T _first;
    }
}
