using Xunit;

namespace Exponential.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("exponential-").FullName;

    private string Target => Path.Combine(_folder, "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void A_failure_at_any_point_leaves_the_old_file_and_no_other(int written)
    {
        File.WriteAllText(Target, "old");
        IOException failure = new("disk full");
        Assert.Same(failure, Assert.Throws<IOException>(() => AtomicFile.Write(Target, stream =>
        {
            stream.Write(new byte[written]);
            throw failure;
        })));
        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Until_the_content_is_complete_the_old_file_is_there()
    {
        File.WriteAllText(Target, "old");
        AtomicFile.Write(Target, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(Target));
        });
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_a_kill_left_behind_is_overwritten()
    {
        File.WriteAllText(Target + ".tmp", "a longer half of a file");
        AtomicFile.Write(Target, stream => stream.Write("whole"u8));
        Assert.Equal("whole", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_second_writer_is_refused_and_the_first_completes()
    {
        AtomicFile.Write(Target, stream =>
        {
            stream.Write("first"u8);
            string message = Assert.Throws<IOException>(() => AtomicFile.Write(Target, _ => { })).Message;
            Assert.Contains($"'{Target}'", message);
            Assert.DoesNotContain(".tmp", message);
        });
        Assert.Equal("first", File.ReadAllText(Target));
    }

    [Fact]
    public void A_missing_folder_is_an_error()
    {
        string absent = Path.Combine(_folder, "absent");
        Assert.Equal(
            $"there is no folder '{absent}' in which to write '{Path.Combine(absent, "file")}'",
            Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Write(Path.Combine(absent, "file"), _ => { })).Message);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("old")]
    public void A_link_stays_and_the_file_behind_it_is_written(string? old)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "elsewhere")).FullName;
        string file = Path.Combine(folder, "behind");
        if (old is not null)
        {
            File.WriteAllText(file, old);
        }

        string link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, Path.Combine("elsewhere", "behind"));
        File.CreateSymbolicLink(Target, link);
        AtomicFile.Write(Target, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(folder));
        Assert.Equal((link, Path.Combine("elsewhere", "behind")), (new FileInfo(Target).LinkTarget, new FileInfo(link).LinkTarget));
    }

    [Fact]
    public void A_folder_is_left_alone()
    {
        Directory.CreateDirectory(Target);
        Assert.Equal(
            $"'{Target}' is a folder; the name of a file expected",
            Assert.Throws<IOException>(() => AtomicFile.Write(Target, _ => { })).Message);
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pipe_is_left_alone(bool behindALink)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "pipes are no files there");
        string pipe = Path.Combine(_folder, "pipe");
        using (System.Diagnostics.Process make = System.Diagnostics.Process.Start("mkfifo", pipe))
        {
            make.WaitForExit();
            Assert.Equal(0, make.ExitCode);
        }

        string path = behindALink ? Target : pipe;
        if (behindALink)
        {
            File.CreateSymbolicLink(Target, pipe);
        }

        string[] before = Directory.GetFileSystemEntries(_folder);
        Assert.Equal(
            $"'{path}' is a device or a pipe; the name of a file expected",
            Assert.Throws<IOException>(() => AtomicFile.Write(path, _ => { })).Message);
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder));
    }
}
