using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The product with a 3x3 kernel by Winograd's F(4x4, 3x3), with the images in lanes: [channel][16 positions][lanes], see
/// <see cref="TileGrid"/>. The images stay in that layout from product to product, and the kernel is transformed once.
/// </summary>
/// <remarks>
/// Lanes that are no tile hold zeros and have no neighbours, so they stay zero. What a product writes into the parts of tiles that are
/// outside of the image is cleared, because the next product reads it as padding.
/// </remarks>
internal readonly unsafe struct TiledProduct<T, TVector, TSimd> : IImageProduct<T, TiledCorrelation<T, TVector, TSimd>>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly WinogradProduct<T, TVector, TSimd> _product;
    private readonly Scratch<T> _masks;
    private readonly ConvolutionGeometry _geometry;
    private readonly TileGrid _grid;
    private readonly int _channels;
    private readonly int _lanes;

    /// <inheritdoc cref="PaddedProduct{T, TVector, TSimd}(in ConvolutionGeometry, bool, T*, T)"/>
    public TiledProduct(in ConvolutionGeometry g, bool adjoint, T* kernel, T scale)
    {
        _product = new WinogradProduct<T, TVector, TSimd>(g, adjoint, kernel, scale);
        _geometry = g;
        _grid = new TileGrid(g.InputHeight, g.InputWidth);
        _channels = g.InputChannels;
        Images = ChooseImages(g.Batch, _grid.Tiles);
        _lanes = RoundUp(Images * _grid.Tiles, TSimd.Count);
        _masks = new Scratch<T>(TileGrid.Masks * _lanes);
        _grid.WriteMasks(0, _lanes, _masks.Pointer);
        for (int i = 0; i < TileGrid.Masks; i++)
        {
            new Span<T>(_masks.Pointer + i * _lanes + Images * _grid.Tiles, _lanes - Images * _grid.Tiles).Clear();
        }
    }

    public int Images { get; }

    public nint Size => _channels * ChannelStride;

    public nint Workspace => _product.InputSize + _product.OutputSize;

    private nint ChannelStride => WinogradPoints.Positions * (nint)_lanes;

    private nint ImageSize => (nint)_channels * _grid.Height * _grid.Width;

    public void Pack(T* images, int count, T* buffer)
    {
        using var tiles = new TileImages<T>(_grid, ImageSize, 0, _lanes, (long)count * _grid.Tiles);
        for (int c = 0; c < _channels; c++)
        {
            tiles.Pack(images + (nint)c * _grid.Height * _grid.Width, buffer + c * ChannelStride, _lanes);
        }
    }

    public void Unpack(T* buffer, int count, T* images)
    {
        using var tiles = new TileImages<T>(_grid, ImageSize, 0, _lanes, (long)count * _grid.Tiles);
        for (int c = 0; c < _channels; c++)
        {
            tiles.Unpack(buffer + c * ChannelStride, _lanes, images + (nint)c * _grid.Height * _grid.Width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(T* source, T* addend, T alpha, T* destination, T* workspace)
    {
        T* planes = workspace;
        T* results = workspace + _product.InputSize;
        for (int lane = 0; lane < _lanes; lane += (int)_product.Panel)
        {
            int vectors = Math.Min(PanelTile<T, TVector, TSimd>.Vectors, (_lanes - lane) / TSimd.Count);
            for (int c = 0; c < _channels; c++)
            {
                WinogradTransform<T, TVector, TSimd>.Input(
                    source + c * ChannelStride + lane, _lanes, _grid.Columns, _masks.Pointer + lane, _lanes, vectors,
                    planes + c * _product.Panel, _product.InputStride);
            }

            for (int block = 0; block < _product.Blocks; block++)
            {
                _product.Multiply(block, vectors, planes, results);
                (int first, int end) = _product.Block(block);
                for (int c = first; c < Math.Min(end, _channels); c++)
                {
                    WinogradTransform<T, TVector, TSimd>.Output(
                        results + (c - first) * _product.Panel, _product.OutputStride, vectors, alpha, T.Zero,
                        addend == null ? null : addend + c * ChannelStride + lane, destination + c * ChannelStride + lane, _lanes);
                }
            }
        }

        _grid.ClearOutside(Images, _channels, _lanes, destination);
    }

    public TiledCorrelation<T, TVector, TSimd> Correlate() => new(_geometry, Images, _lanes);

    public void Dispose()
    {
        _product.Dispose();
        _masks.Dispose();
    }

    /// <summary>The number of images that fill whole panels best, of those that fill a few.</summary>
    private static int ChooseImages(int batch, int tiles)
    {
        int panel = PanelTile<T, TVector, TSimd>.Vectors * TSimd.Count;
        int best = 1;
        double least = double.PositiveInfinity;
        for (int images = 1; images == 1 || (images <= batch && images * tiles <= 2 * panel); images++)
        {
            int groups = (batch + images - 1) / images;
            int vectors = (images * tiles + TSimd.Count - 1) / TSimd.Count;

            // A panel of one vector reads the kernel's planes for half the work; more than a panel fill the cache.
            double cost = groups * (vectors + (0.1 * (vectors % 2)) + (0.02 * vectors));
            if (cost < least)
            {
                (best, least) = (images, cost);
            }
        }

        return best;
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}

/// <summary>The correlation of images in lanes, by F(3x3, 4x4).</summary>
internal readonly unsafe struct TiledCorrelation<T, TVector, TSimd> : IImageCorrelation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly TileCorrelation<T, TVector, TSimd> _correlation;
    private readonly Scratch<T> _taps;
    private readonly nint _rowStride;
    private readonly nint _tapStride;
    private readonly int _channels;
    private readonly int _images;
    private readonly int _lanes;

    public TiledCorrelation(in ConvolutionGeometry g, int images, int lanes)
    {
        _channels = g.InputChannels;
        _images = images;
        _lanes = lanes;
        _rowStride = (_channels + TSimd.Count - 1) / TSimd.Count * TSimd.Count;
        _tapStride = WinogradFilter<T, TVector, TSimd>.OddLines(_channels * _rowStride);
        _taps = new Scratch<T>(9 * _tapStride);
        _correlation = new TileCorrelation<T, TVector, TSimd>(
            g, inputIsRows: false, 0, _channels, images, _taps.Pointer, _rowStride, _tapStride);
    }

    public int Enough => 1;

    public void Add(int count, T** outputs, T** inputs)
    {
        for (int i = 0; i < count; i++)
        {
            _correlation.AddTiles(inputs[i], outputs[i], _images, _lanes);
        }
    }

    public void Finish(T* kernel)
    {
        _correlation.Finish();
        for (int row = 0; row < _channels; row++)
        {
            TileCorrelation<T, TVector, TSimd>.Gather(
                _taps.Pointer + row * _rowStride, _tapStride, _channels, kernel + (nint)row * _channels * 9, 9);
        }
    }

    public void Dispose()
    {
        _correlation.Dispose();
        _taps.Dispose();
    }
}
