using System.Numerics;

namespace Exponential;

/// <summary>
/// Images cut into tiles of four by four, one tile in each lane: lane (image TileRows + row) TileColumns + column.
/// </summary>
/// <remarks>Tiles that stick out of the image at the right or below have zeros there.</remarks>
internal readonly struct TileGrid(int height, int width)
{
    private const int Side = WinogradPoints.Outputs;

    /// <summary>Masks of a tile: whether it has a neighbour to the left, to the right, above, below.</summary>
    public const int Masks = 4;

    public int Height => height;

    public int Width => width;

    public int Rows { get; } = (height + Side - 1) / Side;

    public int Columns { get; } = (width + Side - 1) / Side;

    /// <summary>The number of tiles of an image.</summary>
    public int Tiles => Rows * Columns;

    /// <summary>
    /// Writes the masks [4, count] of the tiles from <paramref name="first"/>, counted over all images: all bits set where there is a neighbour.
    /// </summary>
    public unsafe void WriteMasks<T>(long first, int count, T* masks)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int lane = 0; lane < count; lane++)
        {
            int tile = (int)((first + lane) % Tiles);
            int row = tile / Columns;
            int column = tile % Columns;
            masks[lane] = column > 0 ? T.AllBitsSet : T.Zero;
            masks[count + lane] = column < Columns - 1 ? T.AllBitsSet : T.Zero;
            masks[2 * count + lane] = row > 0 ? T.AllBitsSet : T.Zero;
            masks[3 * count + lane] = row < Rows - 1 ? T.AllBitsSet : T.Zero;
        }
    }

    /// <summary>Sets to zero what tiles [channel][16 positions][lanes] of some images hold outside of the image.</summary>
    public unsafe void ClearOutside<T>(int images, int channels, nint lanes, T* tiles)
        where T : unmanaged
    {
        int lastRows = Height - (Rows - 1) * Side, lastColumns = Width - (Columns - 1) * Side;
        if (lastRows == Side && lastColumns == Side)
        {
            return;
        }

        for (int channel = 0; channel < channels; channel++)
        {
            for (int position = 0; position < WinogradPoints.Positions; position++, tiles += lanes)
            {
                bool below = position / Side >= lastRows, beside = position % Side >= lastColumns;
                for (int row = 0; row < images * Rows && beside; row++)
                {
                    tiles[row * Columns + Columns - 1] = default;
                }

                for (int image = 0; image < images && below; image++)
                {
                    new Span<T>(tiles + image * Tiles + (Rows - 1) * Columns, Columns).Clear();
                }
            }
        }
    }
}
