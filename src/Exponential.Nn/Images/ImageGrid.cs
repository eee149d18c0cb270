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

    /// <summary>A grid of images as the model sees them, values 0..256: a byte is floor(v 255/256 + 1/2), held in 0..255.</summary>
    /// <param name="images">[B, C, H, W] with C = 3 or 1, B at least 1. What is not a number is drawn black.</param>
    /// <param name="perRow">Images in a row; fewer if there are fewer.</param>
    /// <param name="padding">Black pixels between and around them.</param>
    /// <exception cref="ArgumentException">The shape is another.</exception>
    /// <exception cref="ArgumentOutOfRangeException">perRow is below 1, or the padding negative.</exception>
    public static RgbImage FromTensor(Tensor images, int perRow = DefaultPerRow, int padding = DefaultPadding)
    {
        Shape shape = RequireImages(images, nameof(images));
        return FromBytes(ToBytes(Values(images)), shape[1], shape[2], shape[3], perRow, padding);
    }

    /// <summary>
    /// Three rows for each row of images: the originals, their reconstructions, and |reconstruction - original| times an amplification,
    /// black where they agree and white where one of them is not finite.
    /// </summary>
    /// <param name="originals">[B, C, H, W] with C = 3 or 1, B at least 1, values 0..256.</param>
    /// <param name="reconstructions">The same shape.</param>
    /// <param name="amplification">The factor; <see cref="AmplificationFor"/> gives it when null.</param>
    /// <param name="perRow">Images in a row; fewer if there are fewer.</param>
    /// <param name="padding">Black pixels between and around them.</param>
    /// <exception cref="ArgumentException">The shapes differ or are no images'.</exception>
    /// <exception cref="ArgumentOutOfRangeException">perRow is below 1, or the padding negative.</exception>
    public static RgbImage Comparison(
        Tensor originals,
        Tensor reconstructions,
        double? amplification = null,
        int perRow = DefaultPerRow,
        int padding = DefaultPadding)
    {
        Shape shape = RequireImages(originals, nameof(originals));
        double[] differences = Differences(originals, reconstructions);
        double factor = amplification ?? Amplification(differences);
        for (int i = 0; i < differences.Length; i++)
        {
            // Not by the factor: it may be 0, and 0 times infinity is not a number.
            differences[i] = double.IsFinite(differences[i]) ? differences[i] * factor : double.PositiveInfinity;
        }

        int count = shape[0];
        int columns = Math.Clamp(perRow, 1, count);
        int rows = ((count - 1) / columns) + 1;
        int rowBytes = columns * shape[1] * shape[2] * shape[3];
        byte[] pixels = new byte[checked(3 * rows * rowBytes)];
        byte[][] kinds = [ToBytes(Values(originals)), ToBytes(Values(reconstructions)), ToBytes(differences)];
        for (int row = 0; row < 3 * rows; row++)
        {
            // The last row may be short; what is left of it stays black.
            ReadOnlySpan<byte> kind = kinds[row % 3].AsSpan(row / 3 * rowBytes);
            kind[..Math.Min(rowBytes, kind.Length)].CopyTo(pixels.AsSpan(row * rowBytes));
        }

        return FromBytes(pixels, shape[1], shape[2], shape[3], perRow < 1 ? perRow : columns, padding);
    }

    /// <summary>
    /// The largest power of ten, at least 1, by which |reconstruction - original| can be multiplied and stay at most 256; 1 where they agree
    /// or one is not finite.
    /// </summary>
    /// <param name="originals">[B, C, H, W], values 0..256.</param>
    /// <param name="reconstructions">The same shape.</param>
    /// <exception cref="ArgumentException">The shapes differ or are no images'.</exception>
    public static double AmplificationFor(Tensor originals, Tensor reconstructions)
    {
        RequireImages(originals, nameof(originals));
        return Amplification(Differences(originals, reconstructions));
    }

    private static double Amplification(ReadOnlySpan<double> differences)
    {
        double largest = 0;
        foreach (double difference in differences)
        {
            largest = Math.Max(largest, difference);
        }

        double factor = 1;
        while (largest > 0 && largest * factor * 10 <= 256)
        {
            factor *= 10;
        }

        return factor;
    }

    private static double[] Differences(Tensor originals, Tensor reconstructions)
    {
        if (reconstructions.Shape != originals.Shape)
        {
            throw new ArgumentException(
                $"ImageGrid: reconstructions must have the originals' shape {originals.Shape}; got {reconstructions.Shape}",
                nameof(reconstructions));
        }

        double[] result = Values(reconstructions);
        double[] expected = Values(originals);
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Math.Abs(result[i] - expected[i]);
        }

        return result;
    }

    private static Shape RequireImages(Tensor images, string name)
    {
        ArgumentNullException.ThrowIfNull(images, name);
        if (images.Rank != 4 || images.Shape[1] is not (1 or 3) || images.ElementCount == 0)
        {
            throw new ArgumentException($"ImageGrid: {name} must be [B, 1 or 3, H, W] with at least one image; got {images.Shape}", name);
        }

        return images.Shape;
    }

    private static double[] Values(Tensor images) => images.Detach().To(DType.Float64).ToArray<double>();

    private static byte[] ToBytes(double[] values) => Array.ConvertAll(values, v =>
    {
        double level = Math.Floor((v * (255.0 / 256.0)) + 0.5);
        return (byte)(level > 0 ? Math.Min(level, 255) : 0);
    });
}
