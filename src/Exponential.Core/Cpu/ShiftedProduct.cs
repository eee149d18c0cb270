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
        _vectorsAtOnce = Math.Max(4, MostBytes / (g.InputChannels * TSimd.Count * sizeof(T)) / 4 * 4);
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

        _weights = new Scratch<T>(PackedRows<T>.Size(_rows, _depth));
        PackedRows<T>.Pack(kernel, transposed ? g.Taps : _depth, columns.Pointer, _rows, _depth, scale, bias, _weights.Pointer);
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
        Run(source, addend, alpha, destination, planeStride, 0, _rows);

    /// <summary>
    /// The same for the output channels from <paramref name="firstRow"/>, where a tile begins, to <paramref name="endRow"/>.
    /// </summary>
    public void Run(T* source, T* addend, T alpha, T* destination, nint planeStride, int firstRow, int endRow)
    {
        for (int vector = 0; vector < _vectors; vector += _vectorsAtOnce)
        {
            int vectors = Math.Min(_vectorsAtOnce, _vectors - vector);
            int height;
            for (int row = firstRow; row < endRow; row += height)
            {
                height = PackedRows<T>.TileHeight(_rows - row);
                RegisterTile<T, TVector, TSimd>.Run(
                    height, vectors, _depth, _weights.Pointer + (nint)row * (_depth + 1), source, _offsets.Pointer,
                    _positions.Pointer + vector, _targets.Pointer + vector, addend == null ? null : addend + row * planeStride,
                    destination + row * planeStride, planeStride, alpha);
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
