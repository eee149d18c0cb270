using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// Where some consecutive tiles of a batch lie in its images [batch, channel, row, column], to copy a channel of them into lanes
/// ([16 positions][lanes], see <see cref="TileGrid"/>) and back.
/// </summary>
/// <remarks>
/// Four tiles at a time: a row of each is four values, and the four by four values are transposed in registers. Fours with a tile that
/// sticks out of the image, or with a lane that is no tile, go value by value.
/// </remarks>
internal readonly unsafe struct TileImages<T> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Side = WinogradPoints.Outputs;
    private readonly TileGrid _grid;
    private readonly Scratch<Tile> _tiles;
    private readonly int _count;

    /// <summary>Looks up the tiles from <paramref name="first"/> on; those before 0 and from <paramref name="end"/> on are zeros.</summary>
    /// <param name="grid">The tiles of an image.</param>
    /// <param name="imageSize">The distance of images.</param>
    /// <param name="first">The first tile, counted over the batch.</param>
    /// <param name="count">The number of tiles.</param>
    /// <param name="end">The number of tiles of the batch.</param>
    public TileImages(TileGrid grid, nint imageSize, long first, int count, long end)
    {
        _grid = grid;
        _count = count;
        _tiles = new Scratch<Tile>(count);
        for (int i = 0; i < count; i++)
        {
            long tile = first + i;
            if (tile < 0 || tile >= end)
            {
                _tiles.Pointer[i] = default;
                continue;
            }

            (long image, long index) = Math.DivRem(tile, grid.Tiles);
            int row = (int)index / grid.Columns * Side;
            int column = (int)index % grid.Columns * Side;
            _tiles.Pointer[i] = new Tile(
                (nint)image * imageSize + row * grid.Width + column, Math.Min(Side, grid.Height - row), Math.Min(Side, grid.Width - column));
        }
    }

    /// <summary>Copies a channel of the tiles into lanes.</summary>
    /// <param name="channel">The channel of the batch's first image.</param>
    /// <param name="lanes">The first tile's value at position 0.</param>
    /// <param name="stride">The distance of positions.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(T* channel, T* lanes, nint stride)
    {
        nint width = _grid.Width;
        Tile* tile = _tiles.Pointer;
        for (Tile* end = tile + _count; tile < end; tile += 4, lanes += 4)
        {
            if (end - tile >= 4 && IsWhole(tile))
            {
                T* source0 = channel + tile[0].Offset, source1 = channel + tile[1].Offset;
                T* source2 = channel + tile[2].Offset, source3 = channel + tile[3].Offset;
                T* target = lanes;
                for (nint row = 0; row < Side * width; row += width, target += Side * stride)
                {
                    Transposition.FourByFour(
                        source0 + row, source1 + row, source2 + row, source3 + row, target, target + stride, target + 2 * stride,
                        target + 3 * stride);
                }

                continue;
            }

            for (int i = 0; i < Math.Min(4, end - tile); i++)
            {
                for (int position = 0; position < WinogradPoints.Positions; position++)
                {
                    (int row, int column) = (position / Side, position % Side);
                    lanes[position * stride + i] =
                        row < tile[i].Rows && column < tile[i].Columns ? channel[tile[i].Offset + row * width + column] : T.Zero;
                }
            }
        }
    }

    /// <summary>Copies a channel of the tiles from lanes into the images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Unpack(T* lanes, nint stride, T* channel)
    {
        nint width = _grid.Width;
        Tile* tile = _tiles.Pointer;
        for (Tile* end = tile + _count; tile < end; tile += 4, lanes += 4)
        {
            if (end - tile >= 4 && IsWhole(tile))
            {
                T* target0 = channel + tile[0].Offset, target1 = channel + tile[1].Offset;
                T* target2 = channel + tile[2].Offset, target3 = channel + tile[3].Offset;
                T* source = lanes;
                for (nint row = 0; row < Side * width; row += width, source += Side * stride)
                {
                    Transposition.FourByFour(
                        source, source + stride, source + 2 * stride, source + 3 * stride, target0 + row, target1 + row, target2 + row,
                        target3 + row);
                }

                continue;
            }

            for (int i = 0; i < Math.Min(4, end - tile); i++)
            {
                for (int row = 0; row < tile[i].Rows; row++)
                {
                    for (int column = 0; column < tile[i].Columns; column++)
                    {
                        channel[tile[i].Offset + row * width + column] = lanes[(Side * row + column) * stride + i];
                    }
                }
            }
        }
    }

    public void Dispose() => _tiles.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsWhole(Tile* four) =>
        (four[0].Rows & four[1].Rows & four[2].Rows & four[3].Rows & four[0].Columns & four[1].Columns & four[2].Columns & four[3].Columns) == Side;

    /// <summary>The offset of a tile in its channel of the batch, and how many of its rows and columns are inside the image.</summary>
    private readonly record struct Tile(nint Offset, int Rows, int Columns);
}
