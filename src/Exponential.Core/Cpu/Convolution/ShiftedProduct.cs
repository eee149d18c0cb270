using System.Numerics;

namespace Exponential;

/// <summary>
/// A convolution of stride 1 made ready for images in a <see cref="PaddedLayout"/>: its weights packed for the register tile
/// and, for each input channel and tap, the offset of its input from the output's position.
/// </summary>
internal readonly unsafe struct ShiftedProduct<T, TVector, TSimd> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>The most bytes of input that all rows pass over before the next positions: half of a second-level cache.</summary>
    private const int MostBytes = 1 << 18;

    private readonly Scratch<T> _weights;
    private readonly Scratch<nint> _offsets;
    private readonly Scratch<nint> _positions;
    private readonly Scratch<nint> _targets;
    private readonly int _rows;
    private readonly int _depth;
    private readonly int _partDepth;
    private readonly int _vectors;
    private readonly int _vectorsAtOnce;

    /// <summary>Packs a kernel.</summary>
    /// <param name="g">The sizes of the product to compute.</param>
    /// <param name="transposed">
    /// Whether <paramref name="kernel"/> is that of the convolution whose adjoint this is: [InputChannels, OutputChannels, ..] of
    /// <paramref name="g"/>, its taps in reverse order.
    /// </param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="scale">A factor on the kernel.</param>
    /// <param name="bias">A value for each output channel, or null.</param>
    /// <param name="input">The layout of the input.</param>
    /// <param name="centres">The positions of the output in the input.</param>
    /// <param name="output">The layout of the output.</param>
    public ShiftedProduct(
        in ConvolutionGeometry g, bool transposed, T* kernel, T scale, T* bias, PaddedLayout input, PaddedLayout centres,
        PaddedLayout output)
    {
        _rows = g.OutputChannels;
        _depth = g.Depth;
        _vectors = output.VectorCount(TSimd.Count);
        int partChannels = PartChannels(g);
        _partDepth = partChannels * g.Taps;

        // The parts of a sum pass over the output again, which should lie nearer then.
        int mostBytes = partChannels < g.InputChannels ? MostBytes / 4 : MostBytes;
        _vectorsAtOnce = Math.Max(4, mostBytes / (g.InputChannels * TSimd.Count * sizeof(T)) / 4 * 4);
        _positions = new Scratch<nint>(_vectors);
        centres.Positions(TSimd.Count, _positions.Pointer);
        _targets = new Scratch<nint>(_vectors);
        output.Positions(TSimd.Count, _targets.Pointer);
        _offsets = new Scratch<nint>(_depth);
        WriteOffsets(g, input, _offsets.Pointer);

        using var columns = new Scratch<nint>(_depth);
        for (int k = 0; k < _depth; k++)
        {
            columns.Pointer[k] = transposed ? (nint)(k / g.Taps) * _rows * g.Taps + (g.Taps - 1 - k % g.Taps) : k;
        }

        int parts = (_depth + _partDepth - 1) / _partDepth;
        bool regular = scale == T.One && (!transposed || g.Taps == 1);
        _weights = new Scratch<T>(PackedRows<T>.Size(_rows, _depth) + ((parts - 1L) * _rows));
        for (int start = 0, part = 0; start < _depth; start += _partDepth, part++)
        {
            nint rowStride = transposed ? g.Taps : _depth;
            int depth = Math.Min(_partDepth, _depth - start);
            T* starts = part == 0 ? bias : null;
            T* packed = _weights.Pointer + ((start + part) * (nint)_rows);
            if (regular)
            {
                nint columnStride = transposed ? _rows : 1;
                PackedRows<T>.Pack(kernel + start * columnStride, rowStride, columnStride, _rows, depth, starts, packed);
            }
            else
            {
                PackedRows<T>.Pack(kernel, rowStride, columns.Pointer + start, _rows, depth, scale, starts, packed);
            }
        }
    }

    /// <summary>
    /// The input channels that a tile sums before the next tile, all of them where that can be: what a tile reads, its weights and the input
    /// around it, should stay in the first-level cache from tile to tile.
    /// </summary>
    /// <remarks>
    /// Tiles of few registers only: one of four vectors reads half as much for a multiply-add, and was 1 to 3% slower in parts. With 256 bits
    /// and 16 registers 96 channels on 32x32 rose from 0.85 to 0.91 of the peak, 64 on 16x16 from 0.90 to 0.93. The cut is that of a large batch,
    /// whatever the batch: the order of an image's sums does not depend on the images beside it.
    /// </remarks>
    public static int PartChannels(in ConvolutionGeometry g)
    {
        const int CacheBytes = 1 << 15;
        const int LineBytes = 64;
        int channels = g.InputChannels;
        if (TSimd.TileVectors == 4 || g.OutputChannels <= 6)
        {
            return channels;
        }

        var input = PaddedLayout.Input(g with { Batch = TSimd.Count }, TSimd.Count);
        int tile = TSimd.TileVectors * TSimd.Count;
        int row = g.OutputWidth * input.Lanes;
        int rows = ((tile + row - 1) / row) + g.KernelHeight - 1;
        int line = LineBytes / sizeof(T);
        nint around = Math.Min(rows * (nint)(Math.Min(tile, row) + line), ((rows - 1) * input.RowStride) + Math.Min(tile, row) + line);
        int bytes = checked((int)((around + (6 * g.Taps)) * sizeof(T)));
        if (channels * (long)bytes <= CacheBytes * 3 / 4)
        {
            return channels;
        }

        int most = Math.Max(4, CacheBytes / 2 / bytes);
        int parts = (channels + most - 1) / most;
        return (channels + parts - 1) / parts;
    }

    /// <summary>Writes the offset of the input of each channel and tap from the output's position, [Depth].</summary>
    public static void WriteOffsets(in ConvolutionGeometry g, in PaddedLayout input, nint* offsets)
    {
        for (int channel = 0; channel < g.InputChannels; channel++)
        {
            nint plane = channel * input.PlaneStride;
            for (int i = 0; i < g.KernelHeight; i++)
            {
                for (int j = 0; j < g.KernelWidth; j++)
                {
                    *offsets++ = plane + (i - g.PaddingHeight) * input.RowStride + (nint)(j - g.PaddingWidth) * input.Lanes;
                }
            }
        }
    }

    /// <summary>destination = addend + alpha times the convolution of source.</summary>
    /// <param name="source">The first value of the input, at the layout's origin.</param>
    /// <param name="addend">The first value of what is added, laid out like the destination; or null.</param>
    /// <param name="alpha">The factor of the convolution.</param>
    /// <param name="destination">The first value of the output.</param>
    /// <param name="planeStride">The distance of the destination's channels.</param>
    public void Run(T* source, T* addend, T alpha, T* destination, nint planeStride) =>
        Run(source, addend, alpha, destination, planeStride, 0, _rows, default);

    /// <summary>
    /// The same for the output channels from <paramref name="firstRow"/>, where a tile begins, to <paramref name="endRow"/>, asking for other
    /// memory meanwhile.
    /// </summary>
    public void Run(T* source, T* addend, T alpha, T* destination, nint planeStride, int firstRow, int endRow, Ahead ahead)
    {
        for (int vector = 0; vector < _vectors; vector += _vectorsAtOnce)
        {
            int vectors = Math.Min(_vectorsAtOnce, _vectors - vector);
            for (int start = 0, part = 0; start < _depth; start += _partDepth, part++)
            {
                int depth = Math.Min(_partDepth, _depth - start);
                T* weights = _weights.Pointer + ((start + part) * (nint)_rows);
                T* former = part == 0 ? addend : destination;
                int height;
                for (int row = firstRow; row < endRow; row += height)
                {
                    height = PackedRows<T>.TileHeight(_rows - row);
                    RegisterTile<T, TVector, TSimd>.Run(
                        height, vectors, depth, weights + (nint)row * (depth + 1), source, _offsets.Pointer + start,
                        _positions.Pointer + vector, _targets.Pointer + vector, former == null ? null : former + row * planeStride,
                        destination + row * planeStride, planeStride, alpha, ref ahead);
                }
            }
        }
    }

    public void Dispose()
    {
        _weights.Dispose();
        _offsets.Dispose();
        _positions.Dispose();
        _targets.Dispose();
    }
}
