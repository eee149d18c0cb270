namespace Exponential.Nn;

/// <summary>
/// Cuts the centre square out of a picture and scales it: each pixel of the result is the mean of the area it covers. The mean is that of
/// the 8-bit values, computed in whole numbers and rounded half up, so it is the same to the bit on every machine; one formula
/// serves for shrinking, for enlarging, and for a side that stays, which leaves the pixels as they are.
/// </summary>
internal static class SquareScaling
{
    /// <summary>Writes the scaled square as planes [3, side, side].</summary>
    /// <param name="image">The picture. Where an odd number of rows or columns is cut off, the last one goes.</param>
    /// <param name="side">Of the result, at least 1.</param>
    /// <param name="planes">3 side^2 bytes.</param>
    public static void Write(RgbImage image, int side, Span<byte> planes)
    {
        int crop = Math.Min(image.Width, image.Height);
        int left = (image.Width - crop) / 2;
        int top = (image.Height - crop) / 2;
        long area = (long)crop * crop;
        long[] line = new long[3 * side];
        long[] sums = new long[3 * side];
        int summed = -1;

        // Along an axis, in units of 1/side of a source pixel: result pixel i covers [i crop, (i + 1) crop), source pixel j covers
        // [j side, (j + 1) side). The weight of j in i is the length of their overlap, and the weights of i add up to crop.
        for (int row = 0; row < side; row++)
        {
            Array.Clear(sums);
            for (int y = First(row, crop, side); y <= Last(row, crop, side); y++)
            {
                if (y != summed)
                {
                    SumColumns(image.Pixels.AsSpan(3 * (((top + y) * image.Width) + left), 3 * crop), crop, side, line);
                    summed = y;
                }

                long weight = Overlap(row, y, crop, side);
                for (int i = 0; i < sums.Length; i++)
                {
                    sums[i] += weight * line[i];
                }
            }

            for (int i = 0; i < sums.Length; i++)
            {
                planes[(((i % 3 * side) + row) * side) + (i / 3)] = (byte)((sums[i] + (area / 2)) / area);
            }
        }
    }

    /// <summary>The weighted sums of one row of the source, three colours for each column of the result.</summary>
    private static void SumColumns(ReadOnlySpan<byte> source, int crop, int side, Span<long> line)
    {
        for (int column = 0; column < side; column++)
        {
            long red = 0;
            long green = 0;
            long blue = 0;
            int last = Last(column, crop, side);
            for (int x = First(column, crop, side); x <= last; x++)
            {
                long weight = Overlap(column, x, crop, side);
                red += weight * source[3 * x];
                green += weight * source[(3 * x) + 1];
                blue += weight * source[(3 * x) + 2];
            }

            line[3 * column] = red;
            line[(3 * column) + 1] = green;
            line[(3 * column) + 2] = blue;
        }
    }

    private static int First(int i, int crop, int side) => (int)((long)i * crop / side);

    private static int Last(int i, int crop, int side) => (int)((((long)i + 1) * crop - 1) / side);

    private static long Overlap(int i, int j, int crop, int side) =>
        Math.Min(((long)i + 1) * crop, ((long)j + 1) * side) - Math.Max((long)i * crop, (long)j * side);
}
