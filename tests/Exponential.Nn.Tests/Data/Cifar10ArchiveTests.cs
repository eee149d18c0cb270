using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Xunit;

namespace Exponential.Nn.Tests;

public sealed class Cifar10ArchiveTests : IDisposable
{
    private const int Records = 2;
    private const int FileLength = Records * 3073;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task DownloadsAndUnpacksWhatCanBeRead()
    {
        byte[] archive = Pack([.. Names().Select(name => ("cifar-10-batches-bin/" + name, FileLength)), ("cifar-10-batches-bin/readme.html", 88)]);
        using var server = new FileServer(archive);
        var source = new KnownFile(server.Address, archive.Length, Convert.ToHexStringLower(SHA256.HashData(archive)));
        await Cifar10Archive.FetchAsync(_folder.Root, source, Records, null, CancellationToken.None);
        ImageDataset data = Cifar10.Load(_folder.Root, Records);
        Assert.Equal((8, 2, 2), (data.Train.Count, data.Validation.Count, data.Test.Count));
        Assert.Equal((1, 6), (data.Train[0][0], data.Test[1][0]));
        Assert.Equal(Names().Order(), Files());

        // The files are there: nobody asks again.
        await Cifar10Archive.FetchAsync(_folder.Root, source, Records, null, CancellationToken.None);
        Assert.Single(server.Requests);

        // One is missing, as after a kill: the archive is fetched again.
        File.Delete(_folder.File("cifar-10-batches-bin", "test_batch.bin"));
        await Cifar10Archive.FetchAsync(_folder.Root, source, Records, null, CancellationToken.None);
        Assert.Equal(Names().Order(), Files());

        // One was cut short, another stands beside the folder and would be found first: the archive is fetched again, and what is whole is read.
        using (FileStream cut = File.OpenWrite(_folder.File("cifar-10-batches-bin", "test_batch.bin")))
        {
            cut.SetLength(FileLength - 1);
        }

        File.WriteAllBytes(_folder.File("data_batch_1.bin"), []);
        await Cifar10Archive.FetchAsync(_folder.Root, source, Records, null, CancellationToken.None);
        Assert.Equal(3, server.Requests.Count);
        Assert.Equal(8, Cifar10.Load(_folder.Root, Records).Train.Count);
    }

    /// <summary>Paths that lead out of the folder, absolute ones and links: what has one of the six names lands in the folder, the rest nowhere.</summary>
    [Fact]
    public void WritesNothingOutsideItsFolder()
    {
        string[] names = [.. Names()];
        string archive = Write(Pack(
        [
            ("../../../evil.txt", 10),
            ("/tmp/exponential-evil.txt", 10),
            ($"../../{names[0]}", FileLength),
            ($"/{names[1]}", FileLength),
            .. names[2..].Select(name => (name, FileLength)),
        ]));
        string target = _folder.File("in", "here");
        Cifar10Archive.Unpack(archive, target, Records);
        string[] all = Directory.GetFiles(_folder.Root, "*", SearchOption.AllDirectories);
        Assert.Equal(names.Select(name => Path.Combine(target, name)).Append(archive).Order(), all.Order());
        Assert.False(File.Exists("/tmp/exponential-evil.txt"));
    }

    [Fact]
    public void FollowsNoLink()
    {
        string outside = _folder.File("outside.bin");
        File.WriteAllText(outside, "mine");
        using var tar = new MemoryStream();
        using (var gzip = new GZipStream(tar, CompressionLevel.Fastest, leaveOpen: true))
        using (var writer = new TarWriter(gzip))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "test_batch.bin") { LinkName = outside });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "data_batch_1.bin"));
        }

        string archive = Write(tar.ToArray());
        Assert.Equal(
            $"Cifar10: '{archive}' lacks data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin; "
            + "it is another archive",
            Assert.Throws<InvalidDataException>(() => Cifar10Archive.Unpack(archive, _folder.File("in"), Records)).Message);
        Assert.Equal("mine", File.ReadAllText(outside));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("in")));
    }

    [Fact]
    public void RefusesAnArchiveThatUnpacksToTooMuch()
    {
        string archive = Write(Pack([("zeros", 20_000_000), .. Names().Select(name => (name, FileLength))]));
        Assert.InRange(new FileInfo(archive).Length, 0, 500_000);
        Assert.Equal(
            $"Cifar10: '{archive}' unpacks to more than CIFAR-10 takes; it is another archive",
            Assert.Throws<InvalidDataException>(() => Cifar10Archive.Unpack(archive, _folder.File("in"), Records)).Message);
    }

    [Fact]
    public void RefusesAFileOfAnotherLength()
    {
        string archive = Write(Pack([("data_batch_1.bin", FileLength + 1)]));
        Assert.Equal(
            $"Cifar10: 'data_batch_1.bin' in '{archive}' must hold {FileLength} bytes; it holds {FileLength + 1}",
            Assert.Throws<InvalidDataException>(() => Cifar10Archive.Unpack(archive, _folder.File("in"), Records)).Message);
    }

    [Fact]
    public void TheHomePagesArchiveIsTheOneOfCifar10()
    {
        Assert.Equal("cifar-10-binary.tar.gz", Cifar10Archive.HomePage.Name);
        Assert.Equal(64, Cifar10Archive.HomePage.Sha256.Length);
        Assert.Null(Cifar10.FindDownloaded());
    }

    private static IEnumerable<string> Names() => Cifar10.Stems.Select(stem => stem + ".bin");

    private IEnumerable<string> Files() =>
        Directory.GetFiles(_folder.Root, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_folder.File("cifar-10-batches-bin"), path)).Order();

    private string Write(byte[] archive)
    {
        string path = _folder.File("archive.tar.gz");
        File.WriteAllBytes(path, archive);
        return path;
    }

    /// <summary>A tar.gz of files; file i of a batch's length holds labels 0 and pixels i + 1.</summary>
    private static byte[] Pack((string Name, int Length)[] files)
    {
        using var tar = new MemoryStream();
        using (var gzip = new GZipStream(tar, CompressionLevel.Fastest, leaveOpen: true))
        using (var writer = new TarWriter(gzip))
        {
            for (int i = 0; i < files.Length; i++)
            {
                byte[] content = new byte[files[i].Length];
                if (content.Length == FileLength)
                {
                    Array.Fill(content, (byte)(i + 1));
                    content[0] = content[3073] = 0;
                }

                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, files[i].Name) { DataStream = new MemoryStream(content) });
            }
        }

        return tar.ToArray();
    }
}
