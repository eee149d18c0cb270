using StbImageSharp;
using StbImageWriteSharp;

namespace Exponential.Nn;

/// <summary>Picture files. The image codec is used here and nowhere else.</summary>
public static class ImageFile
{
    /// <summary>The most pixels <see cref="Read"/> decodes unless told otherwise: 64 million (192 MB).</summary>
    public const long DefaultPixelLimit = 64_000_000;

    /// <summary>Writes a PNG file. It appears under its name only when it is whole; a file that was there is replaced.</summary>
    /// <param name="path">Where to write.</param>
    /// <param name="image">What to write.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WritePng(string path, RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(image);
        using MemoryStream png = new();
        new ImageWriter().WritePng(image.Pixels, image.Width, image.Height, StbImageWriteSharp.ColorComponents.RedGreenBlue, png);
        AtomicFile.Write(path, png.WriteTo);
    }

    /// <summary>Reads a picture (PNG, JPEG, BMP, TGA, GIF's first frame, PSD) as red, green and blue: grey is spread to the three, 16 bits become 8, and
    /// what is transparent is laid on white. An orientation noted beside the pixels (EXIF) is not applied.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixelLimit">The most pixels W H to decode: a larger picture is refused from its header.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">It is no picture that can be read, is damaged, or is larger than the limit.</exception>
    public static RgbImage Read(string path, long pixelLimit = DefaultPixelLimit)
    {
        ArgumentNullException.ThrowIfNull(path);
        using FileStream file = File.OpenRead(path);
        bool isPng = PngHeader.TryReadSize(file, out long width, out long height);
        if (!isPng && JpegMarkers.IsJpeg(file) && !JpegMarkers.IsWhole(file))
        {
            throw new InvalidDataException($"ImageFile: '{path}' ends before its picture does; write or download it again");
        }

        if (!isPng)
        {
            (width, height) = Try(path, () => ReadSize(file)) ?? throw new InvalidDataException(
                $"ImageFile: '{path}' is not a picture of a known format; PNG, JPEG, BMP, TGA, GIF or PSD expected");
        }

        if (width < 1 || height < 1 || (Int128)width * height > pixelLimit)
        {
            throw new InvalidDataException(
                $"ImageFile: '{path}' claims {width} x {height} pixels; 1 to {pixelLimit} pixels expected; "
                + "scale it down, or raise the limit if the file is to be trusted");
        }

        if (isPng && !Try(path, () => PngHeader.UnpacksWithin(file, width, height)))
        {
            throw new InvalidDataException(
                $"ImageFile: '{path}' unpacks to more than its {width} x {height} pixels take; write or download it again");
        }

        return Try(path, () => Decode(file));
    }

    private static (long Width, long Height)? ReadSize(FileStream file)
    {
        file.Position = 0;
        return ImageInfo.FromStream(file) is ImageInfo header ? (header.Width, header.Height) : null;
    }

    private static RgbImage Decode(FileStream file)
    {
        file.Position = 0;
        ImageResult result = ImageResult.FromStream(file, StbImageSharp.ColorComponents.RedGreenBlueAlpha);
        return new RgbImage(result.Width, result.Height, OnWhite(result.Data));
    }

    /// <summary>Colours over white: c a + 255 (1 - a), rounded. What lies under a transparent pixel is often not meant to be seen.</summary>
    private static byte[] OnWhite(ReadOnlySpan<byte> colors)
    {
        byte[] pixels = new byte[colors.Length / 4 * 3];
        int target = 0;
        for (int i = 0; i < colors.Length; i += 4)
        {
            int alpha = colors[i + 3];
            for (int channel = 0; channel < 3; channel++)
            {
                pixels[target++] = (byte)(((colors[i + channel] * alpha) + (255 * (255 - alpha)) + 127) / 255);
            }
        }

        return pixels;
    }

    private static T Try<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception damaged) when (damaged is not (IOException or OutOfMemoryException))
        {
            // The codec throws whatever its port of a C program comes upon: mostly InvalidOperationException, at times others.
            throw new InvalidDataException($"ImageFile: '{path}' is damaged ({damaged.Message.Trim()}); write or download it again", damaged);
        }
    }
}
