using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The products in the 36 planes of a convolution by F(4x4, 3x3): for a panel of tiles, results[p] = U[p] planes[p], the planes
/// [depth][panel] and the results [rows of a block][panel].
/// </summary>
/// <remarks>
/// A block of output channels at a time, so that its results are transformed back while they are in cache; the block is large enough for
/// reading a plane from the second-level cache to cost a few per cent.
/// </remarks>
internal readonly unsafe struct WinogradProduct<T, TVector, TSimd> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private const int BlockRows = PanelTile<T, TVector, TSimd>.BlockRows;
    private readonly WinogradFilter<T, TVector, TSimd> _filter;

    /// <inheritdoc cref="WinogradFilter{T, TVector, TSimd}(in ConvolutionGeometry, bool, T*, T)"/>
    public WinogradProduct(in ConvolutionGeometry g, bool transposed, T* kernel, T scale)
    {
        _filter = new WinogradFilter<T, TVector, TSimd>(g, transposed, kernel, scale);
        Panel = PanelTile<T, TVector, TSimd>.Vectors * TSimd.Count;
        InputStride = WinogradFilter<T, TVector, TSimd>.OddLines(Panel * _filter.Depth);
        OutputStride = WinogradFilter<T, TVector, TSimd>.OddLines(Panel * Math.Min(BlockRows, _filter.Rows));
    }

    /// <summary>The distance of channels in planes and results: the tiles of a panel.</summary>
    public nint Panel { get; }

    /// <summary>The distance of the input's planes.</summary>
    public nint InputStride { get; }

    /// <summary>The distance of the results' planes.</summary>
    public nint OutputStride { get; }

    /// <summary>The room for the input's planes.</summary>
    public nint InputSize => WinogradPoints.Planes * InputStride;

    /// <summary>The room for a block's results.</summary>
    public nint OutputSize => WinogradPoints.Planes * OutputStride;

    /// <summary>The number of blocks of output channels.</summary>
    public int Blocks => (_filter.Rows + BlockRows - 1) / BlockRows;

    /// <summary>The rows of a block; the last may go on behind the last output channel.</summary>
    public (int First, int End) Block(int block) => (block * BlockRows, Math.Min((block + 1) * BlockRows, _filter.Rows));

    /// <summary>Multiplies a panel of one or two vectors with the weights of a block of output channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(int block, int vectors, T* planes, T* results)
    {
        (int first, int end) = Block(block);
        for (int plane = 0; plane < WinogradPoints.Planes; plane++)
        {
            int height;
            for (int row = first; row < end; row += height)
            {
                height = PanelTile<T, TVector, TSimd>.TileHeight(row, _filter.Rows);
                PanelTile<T, TVector, TSimd>.Run(
                    height, vectors, _filter.Depth, _filter.Tile(plane, row), height, planes + plane * InputStride, Panel,
                    results + plane * OutputStride + (row - first) * Panel, Panel, accumulate: false);
            }
        }
    }

    public void Dispose() => _filter.Dispose();
}
