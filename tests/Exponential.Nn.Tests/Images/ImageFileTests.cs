using Xunit;

namespace Exponential.Nn.Tests;

public sealed class ImageFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(40, 30)]
    [InlineData(3, 200)]
    public void RoundTrips(int width, int height)
    {
        byte[] pixels = new byte[3 * width * height];
        new Random(width).NextBytes(pixels);
        string path = _folder.File("picture.png");
        ImageFile.WritePng(path, new RgbImage(width, height, pixels));
        RgbImage back = ImageFile.Read(path);
        Assert.Equal((width, height), (back.Width, back.Height));
        Assert.Equal(pixels, back.Pixels);
    }

    [Fact]
    public void ReplacesAFileAndLeavesNoOther()
    {
        string path = Write(8, 8);
        ImageFile.WritePng(path, new RgbImage(2, 1, [1, 2, 3, 4, 5, 6]));
        Assert.Equal([1, 2, 3, 4, 5, 6], ImageFile.Read(path).Pixels);
        Assert.Equal([path], Directory.GetFiles(_folder.Root));
    }

    /// <summary>The header is all that is read: 60,000 x 60,000 pixels would be 10.8 GB, the largest that a header can claim 2^64.</summary>
    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(8001, 8000)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(0, 5)]
    public void RefusesAPictureThatClaimsToBeHuge(uint width, uint height)
    {
        string path = Write(8, 8);
        byte[] bytes = File.ReadAllBytes(path);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), width);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(20), height);
        File.WriteAllBytes(path, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(
            $"ImageFile: '{path}' claims {width} x {height} pixels; 1 to 64000000 pixels expected; "
            + "scale it down, or raise the limit if the file is to be trusted",
            Assert.Throws<InvalidDataException>(() => ImageFile.Read(path)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void RefusesMoreThanTheLimit()
    {
        string path = Write(8, 8);
        Assert.Equal(8, ImageFile.Read(path, pixelLimit: 64).Width);
        Assert.Contains("claims 8 x 8 pixels; 1 to 63", Assert.Throws<InvalidDataException>(() => ImageFile.Read(path, pixelLimit: 63)).Message);
    }

    [Fact]
    public void RefusesWhatIsNoPicture()
    {
        string path = _folder.File("notes.txt");
        foreach (string text in new[] { "", "x", "These are words and no picture, at some length." })
        {
            File.WriteAllText(path, text);
            Assert.Equal(
                $"ImageFile: '{path}' is not a picture of a known format; PNG, JPEG, BMP, TGA, GIF or PSD expected",
                Assert.Throws<InvalidDataException>(() => ImageFile.Read(path)).Message);
        }

        Assert.Throws<FileNotFoundException>(() => ImageFile.Read(_folder.File("none.png")));
    }

    /// <summary>Cut anywhere, it is refused by one kind of exception that names the file.</summary>
    [Fact]
    public void RefusesATruncatedPicture()
    {
        string path = Write(20, 20);
        byte[] bytes = File.ReadAllBytes(path);
        for (int length = 0; length < bytes.Length - 16; length += 41)
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.StartsWith($"ImageFile: '{path}' is ", Assert.Throws<InvalidDataException>(() => ImageFile.Read(path)).Message);
        }
    }

    /// <summary>A picture of one pixel with 30 KB of data that unpack to 30 MB.</summary>
    [Fact]
    public void RefusesAPictureThatUnpacksToMoreThanItsPixels()
    {
        string path = Write(1, 1);
        byte[] whole = File.ReadAllBytes(path);
        using MemoryStream bomb = new();
        bomb.Write(whole.AsSpan(0, 33));
        using MemoryStream data = new();
        using (System.IO.Compression.ZLibStream packer = new(data, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            packer.Write(new byte[30_000_000]);
        }

        byte[] length = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length, (int)data.Length);
        bomb.Write([.. length, .. "IDAT"u8, .. data.ToArray(), 0, 0, 0, 0]);
        bomb.Write(whole.AsSpan(whole.Length - 12));
        File.WriteAllBytes(path, bomb.ToArray());

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(
            $"ImageFile: '{path}' unpacks to more than its 1 x 1 pixels take; write or download it again",
            Assert.Throws<InvalidDataException>(() => ImageFile.Read(path)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    /// <summary>One byte of the pixels changed: the checksum of the packed stream tells.</summary>
    [Fact]
    public void RefusesADamagedPicture()
    {
        string path = Write(20, 20);
        byte[] whole = File.ReadAllBytes(path);
        int refused = 0;
        for (int position = 60; position < 1000; position += 19)
        {
            byte[] damaged = [.. whole];
            damaged[position] ^= 4;
            File.WriteAllBytes(path, damaged);
            refused += Record.Exception(() => ImageFile.Read(path)) is InvalidDataException error
                && error.Message.StartsWith($"ImageFile: '{path}' ", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.Equal(50, refused);
    }

    /// <summary>Cut anywhere, a JPEG is refused, where the codec would make up the rest or never return; what follows its end is not looked at.</summary>
    [Fact]
    public void RefusesATruncatedJpeg()
    {
        string path = _folder.File("picture.jpg");
        byte[] pixels = new byte[3 * 40 * 40];
        new Random(1).NextBytes(pixels);
        using MemoryStream jpeg = new();
        new StbImageWriteSharp.ImageWriter().WriteJpg(pixels, 40, 40, StbImageWriteSharp.ColorComponents.RedGreenBlue, jpeg, 90);
        byte[] bytes = jpeg.ToArray();
        for (int length = 0; length < bytes.Length; length += 1 + (length / 20))
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.StartsWith($"ImageFile: '{path}' ", Assert.Throws<InvalidDataException>(() => ImageFile.Read(path)).Message);
        }

        File.WriteAllBytes(path, bytes[..^2]);
        Assert.Equal(
            $"ImageFile: '{path}' ends before its picture does; write or download it again",
            Assert.Throws<InvalidDataException>(() => ImageFile.Read(path)).Message);
        File.WriteAllBytes(path, [.. bytes, 1, 2, 3]);
        Assert.Equal((40, 40), (ImageFile.Read(path).Width, ImageFile.Read(path).Height));
    }

    /// <summary>The size in a JPEG's frame header is all that is read of it.</summary>
    [Fact]
    public void RefusesAJpegThatClaimsToBeHuge()
    {
        string path = _folder.File("picture.jpg");
        using MemoryStream jpeg = new();
        new StbImageWriteSharp.ImageWriter().WriteJpg(new byte[3 * 64], 8, 8, StbImageWriteSharp.ColorComponents.RedGreenBlue, jpeg, 90);
        byte[] bytes = jpeg.ToArray();
        int frame = bytes.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(frame + 5), 60_000);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(frame + 7), 60_000);
        File.WriteAllBytes(path, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.StartsWith(
            $"ImageFile: '{path}' claims 60000 x 60000 pixels; 1 to 64000000 pixels expected",
            Assert.Throws<InvalidDataException>(() => ImageFile.Read(path)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    /// <summary>Half of black on white is grey; what is wholly transparent is white, whatever colour it hides.</summary>
    [Fact]
    public void LaysTransparencyOnWhite()
    {
        Assert.Equal(
            [10, 20, 30, 127, 127, 127, 255, 255, 255],
            Written([10, 20, 30, 255, 0, 0, 0, 128, 1, 2, 3, 0], StbImageWriteSharp.ColorComponents.RedGreenBlueAlpha, 3).Pixels);
        Assert.Equal([0, 0, 0, 255, 255, 255], Written([0, 255, 0, 0], StbImageWriteSharp.ColorComponents.GreyAlpha, 2).Pixels);
    }

    [Fact]
    public void SpreadsGreyToThreeColours() =>
        Assert.Equal([7, 7, 7, 200, 200, 200], Written([7, 200], StbImageWriteSharp.ColorComponents.Grey, 2).Pixels);

    [Fact]
    public void RgbImageNeedsItsBytes()
    {
        Assert.StartsWith(
            "RgbImage: pixels must hold 3 x 2 x 2 bytes, both sides at least 1; got 11",
            Assert.Throws<ArgumentException>(() => new RgbImage(2, 2, new byte[11])).Message);
        Assert.Throws<ArgumentException>(() => new RgbImage(0, 2, []));
    }

    private RgbImage Written(byte[] pixels, StbImageWriteSharp.ColorComponents components, int width)
    {
        string path = _folder.File("picture.png");
        using (FileStream file = File.Create(path))
        {
            new StbImageWriteSharp.ImageWriter().WritePng(pixels, width, 1, components, file);
        }

        return ImageFile.Read(path);
    }

    private string Write(int width, int height)
    {
        byte[] pixels = new byte[3 * width * height];
        new Random(1).NextBytes(pixels);
        string path = _folder.File("picture.png");
        ImageFile.WritePng(path, new RgbImage(width, height, pixels));
        return path;
    }
}
