namespace Exponential.Nn;

/// <summary>
/// The markers of a JPEG file (ITU-T T.81, annex B). Where a file was cut off the codec makes up the rest, or looks for its size without end: these tell beforehand.
/// </summary>
internal static class JpegMarkers
{
    private const int Prefix = 0xFF;
    private const int StartOfImage = 0xD8;
    private const int EndOfImage = 0xD9;

    /// <summary>Whether the file is a JPEG.</summary>
    public static bool IsJpeg(Stream file)
    {
        file.Position = 0;
        return file.ReadByte() == Prefix && file.ReadByte() == StartOfImage && file.ReadByte() == Prefix;
    }

    /// <summary>Whether a JPEG goes on to the end of its picture; what follows that does not matter.</summary>
    public static bool IsWhole(Stream file)
    {
        file.Position = 2;
        int marker;
        while ((marker = NextMarker(file)) >= 0 && marker != EndOfImage)
        {
            // A segment begins with its length, the two bytes of the length included. A preview of the picture, with an end of its own, lies inside one.
            int high = file.ReadByte();
            int low = file.ReadByte();
            file.Position += Math.Max(0, ((high << 8) | low) - 2);
        }

        return marker == EndOfImage;
    }

    /// <summary>The next marker of a segment or of the end, behind any packed pixels; -1 at the end of the file.</summary>
    private static int NextMarker(Stream file)
    {
        bool isPrefixed = false;
        int read;
        while ((read = file.ReadByte()) >= 0)
        {
            // Among packed pixels a byte of ones has a zero behind it, and the marks of a restart (0xD0 to 0xD7) stand alone.
            if (isPrefixed && read is not (0 or Prefix or (>= 0xD0 and <= 0xD7)))
            {
                return read;
            }

            isPrefixed = read == Prefix;
        }

        return -1;
    }
}
