using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// Where the values of a few images lie with the channels innermost: [image][row][column][channel], with a rim of zeros and zeros up to a
/// multiple of four rows and columns, and of channels up to whole vectors.
/// </summary>
/// <remarks>Channels are the lanes of a vector here; a tile of an image is reached by constant offsets and needs no masks.</remarks>
internal readonly struct PixelLayout(TileGrid grid, int channels, int rim, int vectorCount)
{
    private const int Side = WinogradPoints.Outputs;

    /// <summary>The number of channels, zeros included: the distance of columns.</summary>
    public int Channels { get; } = (channels + vectorCount - 1) / vectorCount * vectorCount;

    /// <summary>The distance of rows.</summary>
    public nint RowStride => ((nint)Side * grid.Columns + 2 * rim) * Channels;

    /// <summary>The distance of images.</summary>
    public nint ImageStride => ((nint)Side * grid.Rows + 2 * rim) * RowStride;

    /// <summary>The offset of the first value of a tile, its rim included, counted over all images.</summary>
    public nint Tile(int tile)
    {
        (int image, int index) = Math.DivRem(tile, grid.Tiles);
        (int row, int column) = Math.DivRem(index, grid.Columns);
        return image * ImageStride + Side * row * RowStride + (nint)Side * column * Channels;
    }

    /// <summary>Copies channels [channel, row, column] of an image; the zeros are not written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void Pack<T>(T* source, int count, T* image)
        where T : unmanaged, INumberBase<T>
    {
        int width = grid.Width;
        nint plane = (nint)grid.Height * width;
        nint pixel = Channels;
        image += rim * RowStride + rim * pixel;
        for (int row = 0; row < grid.Height; row++, source += width, image += RowStride)
        {
            int channel = 0;
            for (; channel <= count - 4; channel += 4)
            {
                T* from = source + channel * plane;
                T* to = image + channel;
                int column = 0;
                for (; column <= width - 4; column += 4, from += 4, to += 4 * pixel)
                {
                    Transposition.FourByFour(
                        from, from + plane, from + 2 * plane, from + 3 * plane, to, to + pixel, to + 2 * pixel, to + 3 * pixel);
                }

                for (; column < width; column++, from++, to += pixel)
                {
                    to[0] = from[0];
                    to[1] = from[plane];
                    to[2] = from[2 * plane];
                    to[3] = from[3 * plane];
                }
            }

            for (; channel < count; channel++)
            {
                for (int column = 0; column < width; column++)
                {
                    image[column * pixel + channel] = source[channel * plane + column];
                }
            }
        }
    }

    /// <summary>Copies channels [channel][16 positions][lanes] of the first tiles, counted over the images, into the images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void PackTiles<T>(T* source, int count, int tiles, nint lanes, T* images)
        where T : unmanaged, INumberBase<T>
    {
        nint plane = WinogradPoints.Positions * lanes;
        images += rim * RowStride + (nint)rim * Channels;
        for (int tile = 0; tile < tiles; tile += 4)
        {
            int some = Math.Min(4, tiles - tile);
            T* to0 = images + Tile(tile), to1 = images + Tile(tile + Math.Min(1, some - 1));
            T* to2 = images + Tile(tile + Math.Min(2, some - 1)), to3 = images + Tile(tile + some - 1);
            for (int position = 0; position < WinogradPoints.Positions; position++)
            {
                nint pixel = position / Side * RowStride + (nint)(position % Side) * Channels;
                T* from = source + position * lanes + tile;
                int channel = 0;
                for (; some == 4 && channel <= count - 4; channel += 4, from += 4 * plane)
                {
                    nint to = pixel + channel;
                    Transposition.FourByFour(from, from + plane, from + 2 * plane, from + 3 * plane, to0 + to, to1 + to, to2 + to, to3 + to);
                }

                for (; channel < count; channel++, from += plane)
                {
                    nint to = pixel + channel;
                    to0[to] = from[0];
                    to1[to] = from[Math.Min(1, some - 1)];
                    to2[to] = from[Math.Min(2, some - 1)];
                    to3[to] = from[some - 1];
                }
            }
        }
    }
}
