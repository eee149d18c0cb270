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
            Assert.Throws<IOException>(() => AtomicFile.Write(Target, _ => { }));
        });
        Assert.Equal("first", File.ReadAllText(Target));
    }

    [Fact]
    public void A_missing_folder_is_an_error()
    {
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Write(Path.Combine(_folder, "absent", "file"), _ => { }));
    }
}
