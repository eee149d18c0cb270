using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// A sum of correlations of images by F(3x3, 4x4), the transpose of the convolution's F(4x4, 3x3): in each of 36 planes a product over
/// tiles, W_p V_pᵀ of [output channel, tile] and [input channel, tile], transformed to nine taps at the end.
/// </summary>
/// <remarks>
/// The images are laid out with their channels innermost, transformed some tiles at a time and multiplied while the planes are in
/// cache. One of the two sets of channels is the rows of the product, the other its columns, in vectors; a block of the columns is summed.
/// The sums are transformed and added to the taps every few tiles: sums of sums keep the rounding errors of long batches small.
/// </remarks>
internal sealed unsafe class TileCorrelation<T, TVector, TSimd> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Tiles that are transformed before they are multiplied.</summary>
    public const int TilesAtOnce = 32;

    /// <summary>Tiles summed before the sums are transformed.</summary>
    private const int MostTiles = 4 * TilesAtOnce;

    private readonly TileGrid _grid;
    private readonly Side _rows;
    private readonly Side _columns;
    private readonly int _rowCount;
    private readonly nint _sumStride;
    private readonly Scratch<T> _memory;
    private readonly T* _taps;
    private readonly nint _rowStride;
    private readonly nint _tapStride;
    private bool _hasTaps;
    private int _summed;

    /// <summary>An empty sum.</summary>
    /// <param name="g">The sizes of the convolution.</param>
    /// <param name="inputIsRows">Whether the input channels are the rows of the product and the output channels its columns.</param>
    /// <param name="firstColumn">The first channel of the columns.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="images">The most images that are added at once.</param>
    /// <param name="taps">Where the sum is kept: taps[t tapStride + row rowStride + column], columns up to whole vectors.</param>
    /// <param name="rowStride">The distance of rows.</param>
    /// <param name="tapStride">The distance of taps.</param>
    public TileCorrelation(
        in ConvolutionGeometry g, bool inputIsRows, int firstColumn, int columns, int images, T* taps, nint rowStride, nint tapStride)
    {
        _taps = taps;
        _rowStride = rowStride;
        _tapStride = tapStride;
        _grid = new TileGrid(g.InputHeight, g.InputWidth);
        _rowCount = inputIsRows ? g.InputChannels : g.OutputChannels;
        var rowLayout = new PixelLayout(_grid, _rowCount, inputIsRows ? 1 : 0, TSimd.Count);
        var columnLayout = new PixelLayout(_grid, columns, inputIsRows ? 0 : 1, TSimd.Count);
        nint rowPlane = WinogradFilter<T, TVector, TSimd>.OddLines(TilesAtOnce * (nint)rowLayout.Channels);
        nint columnPlane = WinogradFilter<T, TVector, TSimd>.OddLines(TilesAtOnce * (nint)columnLayout.Channels);
        _sumStride = WinogradFilter<T, TVector, TSimd>.OddLines((_rowCount + 3) / 4 * 4 * (nint)columnLayout.Channels);

        // The images begin as zeros.
        nint imageSize = images * (rowLayout.ImageStride + columnLayout.ImageStride);
        _memory = new Scratch<T>(imageSize + WinogradPoints.Planes * (_sumStride + rowPlane + columnPlane));
        T* rowImages = _memory.Pointer + WinogradPoints.Planes * _sumStride;
        new Span<T>(rowImages, checked((int)imageSize)).Clear();
        T* columnImages = rowImages + images * rowLayout.ImageStride;
        T* planes = columnImages + images * columnLayout.ImageStride;
        _rows = new Side(rowLayout, inputIsRows, 0, _rowCount, rowImages, planes, rowPlane);
        _columns = new Side(columnLayout, !inputIsRows, firstColumn, columns, columnImages, planes + WinogradPoints.Planes * rowPlane, columnPlane);
    }

    /// <summary>The number of columns, filled up to whole vectors.</summary>
    private int Columns => _columns.Layout.Channels;

    /// <summary>Fetches the images that <see cref="AddImages"/> will add first.</summary>
    public void Fetch(in ConvolutionGeometry g, T* input, T* outputGradient, int count)
    {
        RunsAhead rows = _rows.Ahead(g, _rows.IsInput ? input : outputGradient, 0, count);
        RunsAhead columns = _columns.Ahead(g, _columns.IsInput ? input : outputGradient, 0, count);
        for (int plane = 0; plane < WinogradPoints.Planes; plane++)
        {
            rows.Fetch(plane);
            columns.Fetch(plane);
        }
    }

    /// <summary>Adds the correlations of images [image, channel, row, column].</summary>
    /// <param name="g">The sizes of the convolution.</param>
    /// <param name="input">The first image of the input.</param>
    /// <param name="outputGradient">The first image of the output's gradient.</param>
    /// <param name="count">The number of images.</param>
    /// <param name="next">How many of the images behind them the next call will add.</param>
    public void AddImages(in ConvolutionGeometry g, T* input, T* outputGradient, int count, int next)
    {
        T* rows = _rows.IsInput ? input : outputGradient;
        T* columns = _columns.IsInput ? input : outputGradient;
        _rows.PackImages(g, rows, count);
        _columns.PackImages(g, columns, count);
        Add(count * _grid.Tiles, _rows.Ahead(g, rows, count, next), _columns.Ahead(g, columns, count, next));
    }

    /// <summary>Adds the correlations of images in lanes, [channel][16 positions][lanes].</summary>
    public void AddTiles(T* input, T* outputGradient, int count, int lanes)
    {
        _rows.PackTiles(_rows.IsInput ? input : outputGradient, count * _grid.Tiles, lanes);
        _columns.PackTiles(_columns.IsInput ? input : outputGradient, count * _grid.Tiles, lanes);
        Add(count * _grid.Tiles, default, default);
    }

    /// <summary>Completes the taps.</summary>
    public void Finish()
    {
        if (_summed > 0)
        {
            AddToTaps();
        }

        for (int row = 0; row < 9 * _rowCount && !_hasTaps; row++)
        {
            new Span<T>(_taps + row / _rowCount * _tapStride + row % _rowCount * _rowStride, Columns).Clear();
        }
    }

    /// <summary>destination[column columnStride + t] = taps[t tapStride + column].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(T* taps, nint tapStride, int columns, T* destination, nint columnStride)
    {
        for (int column = 0; column < columns; column++, taps++, destination += columnStride)
        {
            destination[0] = taps[0];
            destination[1] = taps[tapStride];
            destination[2] = taps[2 * tapStride];
            destination[3] = taps[3 * tapStride];
            destination[4] = taps[4 * tapStride];
            destination[5] = taps[5 * tapStride];
            destination[6] = taps[6 * tapStride];
            destination[7] = taps[7 * tapStride];
            destination[8] = taps[8 * tapStride];
        }
    }

    public void Dispose() => _memory.Dispose();

    private void Add(int tiles, RunsAhead nextRows, RunsAhead nextColumns)
    {
        for (int tile = 0; tile < tiles; tile += TilesAtOnce)
        {
            int count = Math.Min(TilesAtOnce, tiles - tile);
            _rows.Transform(tile, count);
            _columns.Transform(tile, count);
            Multiply(count, nextRows, nextColumns);
            (nextRows, nextColumns) = (default, default);
            _summed += count;
            if (_summed >= MostTiles)
            {
                AddToTaps();
            }
        }
    }

    private void AddToTaps()
    {
        for (int row = 0; row < _rowCount; row++)
        {
            WinogradGradientTransform<T, TVector, TSimd>.Kernel(
                _memory.Pointer + (nint)row * Columns, _sumStride, Columns / TSimd.Count, _taps + row * _rowStride, _tapStride, _hasTaps);
        }

        _hasTaps = true;
        _summed = 0;
    }

    // sums[p] = rows[p]ᵀ columns[p], or that much more, in every plane, [tile][channel] both.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int tiles, in RunsAhead nextRows, in RunsAhead nextColumns)
    {
        int rows = (_rowCount + 3) / 4 * 4;
        int columns = Columns;
        for (int plane = 0; plane < WinogradPoints.Planes; plane++)
        {
            nextRows.Fetch(plane);
            nextColumns.Fetch(plane);
            for (int column = 0; column < columns; column += PanelTile<T, TVector, TSimd>.Vectors * TSimd.Count)
            {
                int vectors = Math.Min(PanelTile<T, TVector, TSimd>.Vectors, (columns - column) / TSimd.Count);
                int height;
                for (int row = 0; row < rows; row += height)
                {
                    height = PanelTile<T, TVector, TSimd>.TileHeight(row, rows);
                    PanelTile<T, TVector, TSimd>.Run(
                        height, vectors, tiles, _rows.Planes + plane * _rows.PlaneStride + row, _rows.Layout.Channels,
                        _columns.Planes + plane * _columns.PlaneStride + column, columns,
                        _memory.Pointer + plane * _sumStride + (nint)row * columns + column, columns, _summed > 0);
                }
            }
        }
    }

    /// <summary>Channels of the input or of the output's gradient: their images, and the planes [tile][channel] of some of their tiles.</summary>
    private readonly struct Side(PixelLayout layout, bool isInput, int firstChannel, int channels, T* images, T* planes, nint planeStride)
    {
        public PixelLayout Layout => layout;

        public bool IsInput => isInput;

        public T* Planes => planes;

        public nint PlaneStride => planeStride;

        public void PackImages(in ConvolutionGeometry g, T* source, int count)
        {
            int all = isInput ? g.InputChannels : g.OutputChannels;
            for (int image = 0; image < count; image++)
            {
                layout.Pack(source + ((nint)image * all + firstChannel) * g.InputPlane, channels, images + image * layout.ImageStride);
            }
        }

        /// <summary>What <see cref="PackImages"/> will read of <paramref name="next"/> images behind the first <paramref name="count"/>.</summary>
        public RunsAhead Ahead(in ConvolutionGeometry g, T* source, int count, int next)
        {
            nint all = (nint)(isInput ? g.InputChannels : g.OutputChannels) * g.InputPlane;
            T* start = source + count * all + (nint)firstChannel * g.InputPlane;
            nint bytes = channels * (nint)g.InputPlane * sizeof(T);
            return new RunsAhead((byte*)start, bytes, all * sizeof(T), next * bytes <= RunsAhead.MostBytes ? next : 0);
        }

        public void PackTiles(T* source, int tiles, int lanes) =>
            layout.PackTiles(source + (nint)firstChannel * WinogradPoints.Positions * lanes, channels, tiles, lanes, images);

        public void Transform(int tile, int count)
        {
            for (int i = 0; i < count; i++)
            {
                T* source = images + layout.Tile(tile + i);
                T* destination = planes + (nint)i * layout.Channels;
                if (isInput)
                {
                    WinogradGradientTransform<T, TVector, TSimd>.Input(source, layout.Channels, layout.RowStride, destination, planeStride);
                }
                else
                {
                    WinogradGradientTransform<T, TVector, TSimd>.Output(source, layout.Channels, layout.RowStride, destination, planeStride);
                }
            }
        }
    }

    /// <summary>
    /// Runs of memory that will be read soon, fetched into the second-level cache a piece with each plane that is multiplied: packing reads lines
    /// a channel's plane apart, which the processor does not foresee, and from memory that takes a quarter of the time.
    /// </summary>
    private readonly struct RunsAhead(byte* start, nint bytes, nint stride, int runs)
    {
        /// <summary>The most bytes of a side to fetch, so 512 KiB of both: more would push out what is at work in the second-level cache.</summary>
        public const nint MostBytes = 1 << 18;

        public void Fetch(int plane)
        {
            for (int run = 0; run < runs; run++)
            {
                byte* from = start + run * stride + bytes * plane / WinogradPoints.Planes;
                byte* to = start + run * stride + bytes * (plane + 1) / WinogradPoints.Planes;
                for (; from < to; from += CacheLines.Size)
                {
                    CacheLines.Fetch(from);
                }
            }
        }
    }
}
