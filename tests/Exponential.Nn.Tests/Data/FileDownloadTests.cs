using System.Security.Cryptography;
using Xunit;

namespace Exponential.Nn.Tests;

public sealed class FileDownloadTests : IDisposable
{
    private const int Length = 700_000;

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _content = new byte[Length];
    private readonly FileServer _server;

    public FileDownloadTests()
    {
        new Random(3).NextBytes(_content);
        _server = new FileServer(_content);
    }

    private string Target => _folder.File("deep", "archive.tar.gz");

    private string Part => Target + ".part";

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DownloadsAFile(bool announcesLength)
    {
        _server.AnnouncesLength = announcesLength;
        var reports = new Reported<DataProgress>();
        await Download().RunAsync(reports, CancellationToken.None);
        RequireWhole();
        long[] done = [.. reports.All.Cast<BytesDownloaded>().Select(report => report.Done)];
        Assert.Equal(0, done[0]);
        Assert.Equal(Length, done[^1]);
        Assert.Equal(done.Order(), done);
        Assert.All(reports.All, report => Assert.Equal((_server.Address, Length), (((BytesDownloaded)report).Address, ((BytesDownloaded)report).Total)));

        // It is there: nobody asks again.
        await Download().RunAsync(null, CancellationToken.None);
        Assert.Equal([null], _server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GoesOnWhereItBrokeOff(bool announcesLength)
    {
        _server.CutAfter = 300_000;
        _server.AnnouncesLength = announcesLength;
        IOException broken = await Assert.ThrowsAsync<IOException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.StartsWith($"download: {_server.Address} broke off after 300000 of {Length} bytes (", broken.Message);
        Assert.EndsWith("); try again, it goes on from there", broken.Message);
        Assert.Equal(_content[..300_000], File.ReadAllBytes(Part));
        Assert.False(File.Exists(Target));

        _server.CutAfter = null;
        var reports = new Reported<DataProgress>();
        await Download().RunAsync(reports, CancellationToken.None);
        RequireWhole();
        Assert.Equal([null, "300000-"], _server.Requests);
        Assert.Equal(300_000, ((BytesDownloaded)reports.All[0]).Done);
    }

    [Fact]
    public async Task StartsAgainWithAServerThatKnowsNoRanges()
    {
        WritePart(_content[..1000]);
        _server.KnowsRanges = false;
        await Download().RunAsync(null, CancellationToken.None);
        RequireWhole();
        Assert.Equal(["1000-"], _server.Requests);
    }

    /// <summary>The server's file has become shorter than the part at hand, or the part is longer than the file is known to be.</summary>
    [Fact]
    public async Task APartThatCannotBeContinuedIsDropped()
    {
        WritePart(new byte[Length + 1]);
        await Download().RunAsync(null, CancellationToken.None);
        RequireWhole();
        Assert.Equal([null], _server.Requests);

        File.Delete(Target);
        WritePart(_content[..1000]);
        _server.Content = _content[..1000];
        Assert.Contains(
            "sends not the 700000 bytes expected",
            (await Assert.ThrowsAsync<InvalidDataException>(() => Download().RunAsync(null, CancellationToken.None))).Message);
        Assert.Equal([null, "1000-", null], _server.Requests);
    }

    [Fact]
    public async Task APartThatIsWholeIsNotAskedFor()
    {
        WritePart(_content);
        await Download().RunAsync(null, CancellationToken.None);
        RequireWhole();
        Assert.Empty(_server.Requests);
    }

    /// <summary>Damage in what comes, and damage in what an earlier attempt left.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task AWrongChecksumDeletesTheFile(int before)
    {
        byte[] damaged = [.. _content];
        damaged[500] ^= 1;
        WritePart(damaged[..before]);
        _server.Content = damaged;
        InvalidDataException wrong = await Assert.ThrowsAsync<InvalidDataException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.Equal(
            $"download: {_server.Address} sent a file whose SHA-256 is not {Sha256()}; it was deleted. Try again; "
            + "if that does not help, the file there is another one",
            wrong.Message);
        Assert.Empty(Directory.GetFiles(_folder.Root, "*", SearchOption.AllDirectories));

        _server.Content = _content;
        await Download().RunAsync(null, CancellationToken.None);
        RequireWhole();
    }

    [Fact]
    public async Task AFileThatIsThereButDamagedIsReplaced()
    {
        Directory.CreateDirectory(_folder.File("deep"));
        File.WriteAllText(Target, "no archive");
        await Download().RunAsync(null, CancellationToken.None);
        RequireWhole();
    }

    [Theory]
    [InlineData("404 Not Found")]
    [InlineData("503 Service Unavailable")]
    public async Task SaysWhatTheServerAnswers(string status)
    {
        _server.Status = status;
        IOException refused = await Assert.ThrowsAsync<IOException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.Equal($"download: {_server.Address} answered {status}; is the file still there?", refused.Message);
        Assert.False(File.Exists(Target));

        // What an earlier attempt left is not lost.
        WritePart(_content[..1000]);
        await Assert.ThrowsAsync<IOException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.Equal(_content[..1000], File.ReadAllBytes(Part));
    }

    [Fact]
    public async Task SaysThatTheConnectionWasReset()
    {
        _server.CutAfter = 300_000;
        _server.ResetsInstead = true;
        IOException reset = await Assert.ThrowsAsync<IOException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.Matches($@"^download: {_server.Address} broke off after \d+ of {Length} bytes \(.+\); try again, it goes on from there$", reset.Message);
    }

    [Fact]
    public async Task TwoDownloadsAreNotMixed()
    {
        WritePart(_content[..1000]);
        using FileStream other = new(Part, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        IOException held = await Assert.ThrowsAsync<IOException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.StartsWith($"download: {Part} cannot be opened (", held.Message);
        Assert.EndsWith("); if another download of it is at work, wait for its end", held.Message);
        Assert.Empty(_server.Requests);
    }

    [Theory]
    [InlineData(true, 700_001, "not")]
    [InlineData(true, 600_000, "not")]
    [InlineData(false, 5_000_000, "more")]
    public async Task RefusesAFileOfAnotherLength(bool announcesLength, int length, string how)
    {
        _server.Content = new byte[length];
        _server.AnnouncesLength = announcesLength;
        InvalidDataException other = await Assert.ThrowsAsync<InvalidDataException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.Equal(
            $"download: {_server.Address} sends {how} the {Length} bytes expected; what came was deleted. The file there is another one",
            other.Message);
        Assert.Empty(Directory.GetFiles(_folder.Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task FollowsARedirection()
    {
        var source = new KnownFile(_server.Redirecting, Length, Sha256());
        var download = new FileDownload(source, _folder.Root);
        await download.RunAsync(null, CancellationToken.None);
        Assert.Equal(_folder.File("elsewhere"), download.Target);
        Assert.Equal(_content, File.ReadAllBytes(download.Target));
    }

    [Fact]
    public async Task GivesUpOnASilentServer()
    {
        _server.CutAfter = 1234;
        _server.HangsInstead = true;
        IOException silent = await Assert.ThrowsAsync<IOException>(
            () => Download(TimeSpan.FromSeconds(0.5)).RunAsync(null, CancellationToken.None));
        Assert.Equal(
            $"download: {_server.Address} broke off after 1234 of {Length} bytes (nothing came for 0.5 s); try again, it goes on from there", silent.Message);
    }

    [Fact]
    public async Task SaysThatNobodyAnswers()
    {
        Uri address;
        using (var gone = new FileServer([]))
        {
            address = gone.Address;
        }

        IOException nobody = await Assert.ThrowsAsync<IOException>(
            () => new FileDownload(new KnownFile(address, Length, Sha256()), _folder.Root).RunAsync(null, CancellationToken.None));
        Assert.StartsWith($"download: {address} cannot be reached (", nobody.Message);
    }

    [Fact]
    public async Task CancellingKeepsWhatHasCome()
    {
        _server.CutAfter = 200_000;
        _server.HangsInstead = true;
        using var stop = new CancellationTokenSource();
        var reports = new Reported<DataProgress>(report =>
        {
            if (((BytesDownloaded)report).Done == 200_000)
            {
                stop.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Download().RunAsync(reports, stop.Token));
        Assert.Equal(_content[..200_000], File.ReadAllBytes(Part));
    }

    [Fact]
    public async Task AFileInTheFoldersPlaceIsNamed()
    {
        File.WriteAllText(_folder.File("deep"), "words");
        IOException e = await Assert.ThrowsAsync<IOException>(() => Download().RunAsync(null, CancellationToken.None));
        Assert.Equal($"download: '{_folder.File("deep")}' is a file; name the folder for the files", e.Message);
        Assert.Empty(_server.Requests);
    }

    private FileDownload Download(TimeSpan? patience = null) =>
        new(new KnownFile(_server.Address, Length, Sha256()), _folder.File("deep")) { Patience = patience ?? TimeSpan.FromMinutes(1) };

    private string Sha256() => Convert.ToHexStringLower(SHA256.HashData(_content));

    private void WritePart(byte[] bytes)
    {
        Directory.CreateDirectory(_folder.File("deep"));
        File.WriteAllBytes(Part, bytes);
    }

    private void RequireWhole()
    {
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.False(File.Exists(Part));
    }
}
