using System.Buffers.Binary;
using System.IO.Compression;

namespace Exponential.Nn;

/// <summary>
/// What a PNG file says of itself before it is decoded (PNG specification, 3rd edition, sections 5 and 11). The codec checks neither the
/// size that a picture unpacks to, so that a megabyte of zeros becomes gigabytes, nor its checksum: this does.
/// </summary>
internal static class PngHeader
{
    private const uint DataChunk = 0x49444154; // "IDAT"
    private const uint EndChunk = 0x49454E44; // "IEND"
    private const int SignatureLength = 8;
    private const int ChunkFrame = 12; // length, type and checksum around a chunk's content

    // Signature, then the length and type of the first chunk; width and height follow.
    private static ReadOnlySpan<byte> Start =>
        [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R'];

    /// <summary>Width and height, when the file is a PNG.</summary>
    public static bool TryReadSize(Stream file, out long width, out long height)
    {
        Span<byte> start = stackalloc byte[24];
        file.Position = 0;
        bool isPng = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.StartsWith(Start);
        (width, height) = isPng
            ? (BinaryPrimitives.ReadUInt32BigEndian(start[16..]), BinaryPrimitives.ReadUInt32BigEndian(start[20..]))
            : (0, 0);
        return isPng;
    }

    /// <summary>Whether the pixels unpack whole, to no more than pixels of the largest kind take: four times 16 bits, and a filter byte a row.</summary>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static bool UnpacksWithin(Stream file, long width, long height)
    {
        // An interlaced picture has its rows in up to seven parts.
        Int128 most = ((Int128)8 * width * height) + (8 * height) + 8;
        using MemoryStream packed = ReadData(file);
        using ZLibStream unpacked = new(packed, CompressionMode.Decompress);
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        int read;
        while ((read = unpacked.Read(buffer)) > 0 && total <= most)
        {
            total += read;
        }

        return total <= most;
    }

    /// <summary>The content of all data chunks, which make up one stream.</summary>
    private static MemoryStream ReadData(Stream file)
    {
        MemoryStream data = new();
        Span<byte> frame = stackalloc byte[8];
        long position = SignatureLength;
        while (position <= file.Length - ChunkFrame)
        {
            file.Position = position;
            file.ReadExactly(frame);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(frame);
            uint type = BinaryPrimitives.ReadUInt32BigEndian(frame[4..]);
            position += ChunkFrame + length;
            if (type == EndChunk)
            {
                break;
            }

            if (position > file.Length)
            {
                throw new InvalidDataException("a chunk goes on after the end of the file");
            }

            if (type == DataChunk)
            {
                int before = (int)data.Length;
                data.SetLength(before + length);
                file.ReadExactly(data.GetBuffer().AsSpan(before, (int)length));
            }
        }

        return data;
    }
}
