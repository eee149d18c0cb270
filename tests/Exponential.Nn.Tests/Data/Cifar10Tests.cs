using System.IO.Compression;
using Xunit;

namespace Exponential.Nn.Tests;

public sealed class Cifar10Tests : IDisposable
{
    private const int Records = 3;
    private const int RecordBytes = 3073;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "")]
    [InlineData(false, "cifar-10-batches-bin")]
    [InlineData(true, "cifar-10-batches-bin")]
    public void ReadsTheSplitsInFileOrder(bool compressed, string subfolder)
    {
        WriteAll(compressed, subfolder);
        ImageDataset data = Cifar10.Load(_folder.Root, Records);
        Assert.Equal((12, 3, 3), (data.Train.Count, data.Validation.Count, data.Test.Count));
        Assert.Equal((3, 32, 32), (data.Channels, data.Height, data.Width));
        Assert.Equal("cifar10", data.Name);
        Assert.Same(Augmentation.FlipAndShift, data.Augmentation);
        for (int i = 0; i < 18; i++)
        {
            ImageSet set = i < 12 ? data.Train : i < 15 ? data.Validation : data.Test;
            ReadOnlySpan<byte> image = set[i < 12 ? i : i % Records];
            Assert.Equal(Record(i)[1..], image.ToArray());
        }
    }

    [Fact]
    public void PlainFilesWinOverCompressedOnes()
    {
        WriteAll(compressed: true);
        byte[] other = Content(0);
        other[1] ^= 0xFF;
        File.WriteAllBytes(_folder.File("data_batch_1.bin"), other);
        Assert.Equal(other[1], Cifar10.Load(_folder.Root, Records).Train[0][0]);
    }

    [Fact]
    public void SaysWhatToDoWithoutTheFolder()
    {
        string missing = _folder.File("nowhere");
        Assert.Equal(
            $"Cifar10: folder '{missing}' does not exist; "
            + "download https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz, unpack it and name the folder, or let --download on the command line do so",
            Assert.Throws<DirectoryNotFoundException>(() => Cifar10.Load(missing, Records)).Message);
        File.WriteAllText(missing, "words");
        Assert.Equal(
            $"Cifar10: '{missing}' is a file; name the folder of the files",
            Assert.Throws<DirectoryNotFoundException>(() => Cifar10.Load(missing, Records)).Message);
    }

    [Fact]
    public void NamesTheMissingFile()
    {
        WriteAll(compressed: true);
        File.Delete(_folder.File("data_batch_4.bin.gz"));
        FileNotFoundException error = Assert.Throws<FileNotFoundException>(() => Cifar10.Load(_folder.Root, Records));
        Assert.Equal(
            $"Cifar10: 'data_batch_4.bin' or 'data_batch_4.bin.gz' expected in '{_folder.Root}', neither is there; "
            + "download https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz (the binary version) and unpack it there, or let --download on the command line do so",
            error.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CountsTheBytesOfATruncatedFile(bool compressed)
    {
        WriteAll(compressed);
        string path = Write("data_batch_2", Content(1)[..5000], compressed);
        Assert.Equal(
            $"Cifar10: '{path}' must hold 9219 bytes (3 records of 3073); it ends after 5000; delete it and download it again",
            Assert.Throws<InvalidDataException>(() => Cifar10.Load(_folder.Root, Records)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RefusesALongerFile(bool compressed)
    {
        WriteAll(compressed);
        string path = Write("test_batch", [.. Content(5), 0], compressed);
        Assert.Equal(
            $"Cifar10: '{path}' must hold 9219 bytes (3 records of 3073); it goes on after them; "
            + "this is not the binary version of CIFAR-10",
            Assert.Throws<InvalidDataException>(() => Cifar10.Load(_folder.Root, Records)).Message);
    }

    [Fact]
    public void RefusesALabelAboveNine()
    {
        WriteAll(compressed: false);
        byte[] content = Content(2);
        content[2 * RecordBytes] = 10;
        string path = Write("data_batch_3", content, compressed: false);
        Assert.Equal(
            $"Cifar10: '{path}' record 2 has label 10, expected 0..9; this is not the binary version of CIFAR-10",
            Assert.Throws<InvalidDataException>(() => Cifar10.Load(_folder.Root, Records)).Message);
    }

    /// <summary>Not gzip at all, cut in the middle, damaged in the middle, and with a wrong checksum.</summary>
    [Fact]
    public void RefusesDamagedGzip()
    {
        WriteAll(compressed: true);
        string path = _folder.File("data_batch_5.bin.gz");
        byte[] whole = File.ReadAllBytes(path);
        byte[] inverted = [.. whole];
        for (int i = 200; i < 240; i++)
        {
            inverted[i] ^= 0xFF;
        }

        byte[] checksum = [.. whole];
        checksum[^8] ^= 1;
        foreach (byte[] damaged in new[] { Content(4), whole[..(whole.Length / 2)], inverted, checksum })
        {
            File.WriteAllBytes(path, damaged);
            string message = Assert.Throws<InvalidDataException>(() => Cifar10.Load(_folder.Root, Records)).Message;
            Assert.StartsWith($"Cifar10: '{path}' ", message);
            Assert.EndsWith("; delete it and download it again", message);
        }
    }

    /// <summary>A small file may unpack to gigabytes: one byte past the expected ones is all that is ever asked for.</summary>
    [Fact]
    public void ReadsOneByteTooManyAtMost()
    {
        EndlessStream zeros = new();
        byte[] pixels = new byte[200 * 3072];
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Cifar10.ReadRecords(zeros, "bomb", 200, pixels));
        Assert.Contains("it goes on after them", error.Message);
        Assert.Equal((200 * RecordBytes) + 1, zeros.Given);
    }

    /// <summary>Record i of the six files: its label and its pixels are its own.</summary>
    private static byte[] Record(int i)
    {
        byte[] record = new byte[RecordBytes];
        new Random(i).NextBytes(record);
        record[0] = (byte)(i % 10);
        return record;
    }

    private static byte[] Content(int file) => [.. Enumerable.Range(file * Records, Records).SelectMany(Record)];

    private void WriteAll(bool compressed, string subfolder = "")
    {
        Directory.CreateDirectory(_folder.File(subfolder));
        for (int i = 0; i < 6; i++)
        {
            Write(Path.Combine(subfolder, i < 5 ? $"data_batch_{i + 1}" : "test_batch"), Content(i), compressed);
        }
    }

    private string Write(string name, byte[] content, bool compressed)
    {
        string path = _folder.File(name + (compressed ? ".bin.gz" : ".bin"));
        using FileStream file = File.Create(path);
        if (compressed)
        {
            using GZipStream gzip = new(file, CompressionLevel.Fastest);
            gzip.Write(content);
        }
        else
        {
            file.Write(content);
        }

        return path;
    }

    private sealed class EndlessStream : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            Given += buffer.Length;
            buffer.Clear();
            return buffer.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
