namespace Exponential.Nn;

/// <summary>Arranges small images in a picture, as the original's sample grids: a number in each row, black between and around them.</summary>
public static class ImageGrid
{
    /// <summary>Images in a row unless told otherwise.</summary>
    public const int DefaultPerRow = 8;

    /// <summary>Black pixels between and around images unless told otherwise.</summary>
    public const int DefaultPadding = 2;

    /// <summary>A grid of images given as bytes, which it shows as they are.</summary>
    /// <param name="pixels">[B, C, H, W] with C = 3 for colour or 1 for grey, B at least 1.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H in pixels.</param>
    /// <param name="width">W in pixels.</param>
    /// <param name="perRow">Images in a row; fewer if there are fewer.</param>
    /// <param name="padding">Black pixels between and around them.</param>
    /// <exception cref="ArgumentException">No whole number of images, none at all, or C is neither 1 nor 3.</exception>
    /// <exception cref="ArgumentOutOfRangeException">perRow is below 1, or the padding negative.</exception>
    public static RgbImage FromBytes(
        ReadOnlySpan<byte> pixels, int channels, int height, int width, int perRow = DefaultPerRow, int padding = DefaultPadding)
    {
        if (channels is not (1 or 3) || height < 1 || width < 1 || pixels.IsEmpty || pixels.Length % ((long)channels * height * width) != 0)
        {
            throw new ArgumentException(
                $"ImageGrid: pixels must hold one or more images [1 or 3, H, W]; got {pixels.Length} bytes for [{channels}, {height}, {width}]");
        }

        if (perRow < 1 || padding < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(perRow), $"ImageGrid: perRow must be at least 1 and padding at least 0; got {perRow} and {padding}");
        }

        int plane = height * width;
        int count = pixels.Length / (channels * plane);
        int columns = Math.Min(perRow, count);
        int rows = ((count - 1) / columns) + 1;
        int gridWidth = checked(padding + (columns * (width + padding)));
        int gridHeight = checked(padding + (rows * (height + padding)));
        byte[] grid = new byte[checked(3 * gridWidth * gridHeight)];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> image = pixels.Slice(i * channels * plane, channels * plane);
            int top = padding + (i / columns * (height + padding));
            int left = padding + (i % columns * (width + padding));
            for (int pixel = 0; pixel < plane; pixel++)
            {
                int target = 3 * (((top + (pixel / width)) * gridWidth) + left + (pixel % width));
                for (int color = 0; color < 3; color++)
                {
                    grid[target + color] = image[((channels == 3 ? color : 0) * plane) + pixel];
                }
            }
        }

        return new RgbImage(gridWidth, gridHeight, grid);
    }

    /// <summary>A grid of the first images of a set.</summary>
    /// <param name="set">Images of 1 or 3 channels.</param>
    /// <param name="count">How many, at least 1 and at most the set's size.</param>
    /// <param name="perRow">Images in a row.</param>
    /// <param name="padding">Black pixels between and around them.</param>
    /// <exception cref="ArgumentException">The count or the number of channels does not fit.</exception>
    public static RgbImage FromSet(ImageSet set, int count, int perRow = DefaultPerRow, int padding = DefaultPadding)
    {
        ArgumentNullException.ThrowIfNull(set);
        return FromBytes(set.Take(count).Pixels, set.Channels, set.Height, set.Width, perRow, padding);
    }
}
