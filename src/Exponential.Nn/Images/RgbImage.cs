namespace Exponential.Nn;

/// <summary>A picture of 8-bit colours: H x W pixels of red, green and blue, row by row.</summary>
public sealed class RgbImage
{
    /// <summary>Wraps pixels; the array is not copied.</summary>
    /// <param name="width">W in pixels, at least 1.</param>
    /// <param name="height">H in pixels, at least 1.</param>
    /// <param name="pixels">3 W H bytes.</param>
    /// <exception cref="ArgumentException">A side is below 1, or the bytes are not 3 W H.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (width < 1 || height < 1 || pixels.Length != 3L * width * height)
        {
            throw new ArgumentException(
                $"RgbImage: pixels must hold 3 x {width} x {height} bytes, both sides at least 1; got {pixels.Length}", nameof(pixels));
        }

        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>W in pixels.</summary>
    public int Width { get; }

    /// <summary>H in pixels.</summary>
    public int Height { get; }

    /// <summary>3 W H bytes: red, green and blue of the first pixel, then of the one to its right.</summary>
    public byte[] Pixels { get; }
}
