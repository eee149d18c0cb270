using StbImageWriteSharp;
using Xunit;

namespace Exponential.Nn.Tests;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Pictures => _folder.File("pictures");

    private string Cache => _folder.File("cache");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ScalesEveryPictureToOneSize()
    {
        Flat("train/a.png", 40, 30, 10);
        Flat("train/deep/er/b.JPG", 30, 50, 20);
        Flat("train/c.jpeg", 8, 8, 30);
        Flat("valid/d.png", 9, 8, 40);
        Flat("test/e.png", 1, 1, 50);
        ImageDataset data = Load(side: 8);
        Assert.Equal("folder", data.Name);
        Assert.Equal((3, 8, 8), (data.Channels, data.Height, data.Width));
        Assert.Equal([10, 30, 20], Levels(data.Train));
        Assert.Equal([40], Levels(data.Validation));
        Assert.Equal([50], Levels(data.Test));
        Assert.Equal("folder/validation", data.Validation.Name);
        Assert.Same(Augmentation.None, data.Augmentation);
    }

    /// <summary>A tenth each by the hash of the name: a picture more or less moves at most one from a split to another.</summary>
    [Fact]
    public void SplitsByNamesAlone()
    {
        for (int i = 0; i < 40; i++)
        {
            Flat($"{i}.png", 2, 2, i);
        }

        ImageDataset data = Load();
        Assert.Equal((32, 4, 4), (data.Train.Count, data.Validation.Count, data.Test.Count));
        Assert.Equal(Enumerable.Range(0, 40), AllLevels(data).Order());

        // The same pictures elsewhere.
        Directory.Move(Pictures, _folder.File("moved"));
        ImageDataset moved = ImageFolder.Load(_folder.File("moved"), 2, Cache);
        Assert.Equal(AllLevels(data), AllLevels(moved));

        Directory.Move(_folder.File("moved"), Pictures);
        Flat("one more.png", 2, 2, 99);
        int[] before = [.. Levels(data.Validation)];
        Assert.InRange(Levels(Load().Validation).Intersect(before).Count(), 3, 4);
    }

    [Theory]
    [InlineData("validation")]
    [InlineData("valid")]
    [InlineData("Val")]
    public void ASubfolderIsItsSplit(string name)
    {
        for (int i = 0; i < 20; i++)
        {
            Flat($"{i}.png", 2, 2, i);
        }

        Flat($"{name}/x.png", 2, 2, 77);
        ImageDataset data = Load();
        Assert.Equal([77], Levels(data.Validation));
        Assert.Equal((18, 2), (data.Train.Count, data.Test.Count));
    }

    [Fact]
    public void LeavesOutWhatIsHiddenOrNoPicture()
    {
        Three();
        Flat(".hidden.png", 2, 2, 1);
        Flat(".thumbs/t.png", 2, 2, 1);
        File.WriteAllText(Path.Combine(Pictures, "notes.txt"), "words");
        ImageDataset data = Load();
        Assert.Equal([50, 100, 150], AllLevels(data).Order());
    }

    [Fact]
    public void FollowsNoLinkToAFolder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Three();
        Directory.CreateSymbolicLink(Path.Combine(Pictures, "round"), Pictures);
        File.CreateSymbolicLink(Path.Combine(Pictures, "again.png"), Path.Combine(Pictures, "a.png"));
        ImageDataset data = Load();
        Assert.Equal(4, data.Train.Count + data.Validation.Count + data.Test.Count);
    }

    [Fact]
    public void SecondTimeComesFromTheCache()
    {
        Three();
        var first = new Reported<DataProgress>();
        ImageDataset decoded = Load(progress: first);
        Assert.Equal([new ImagesDecoded(1, 3), new ImagesDecoded(2, 3), new ImagesDecoded(3, 3)], first.All);
        Assert.Equal(CacheFile(), Assert.Single(Directory.GetFiles(Cache)));
        Assert.Equal([Cache, Pictures], Directory.GetDirectories(_folder.Root).Order());

        var second = new Reported<DataProgress>();
        Assert.Equal(AllLevels(decoded), AllLevels(Load(progress: second)));
        Assert.Empty(second.All);
    }

    /// <summary>Another time, another length, another name, one more, one less, another side: each is decoded anew.</summary>
    [Fact]
    public void AStaleCacheIsRebuilt()
    {
        Three();
        Load();
        string a = Path.Combine(Pictures, "a.png");
        Action[] changes =
        [
            () => File.SetLastWriteTimeUtc(a, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc)),
            () => Flat("a.png", 5, 5, 55),
            () => File.Move(a, Path.Combine(Pictures, "a2.png")),
            () => Flat("d.png", 2, 2, 200),
            () => File.Delete(Path.Combine(Pictures, "d.png")),
        ];
        foreach (Action change in changes)
        {
            change();
            Assert.True(IsDecoded());
            Assert.False(IsDecoded());
            Assert.Single(Directory.GetFiles(Cache));
        }

        Load(side: 4);
        Assert.Equal(2, Directory.GetFiles(Cache).Length);
    }

    /// <summary>Every byte of the file counts: one changed anywhere, or the file cut anywhere, and the pictures are decoded anew.</summary>
    [Fact]
    public void ADamagedCacheIsRebuilt()
    {
        Three();
        int[] levels = [.. AllLevels(Load())];
        byte[] whole = File.ReadAllBytes(CacheFile());
        for (int position = 0; position < whole.Length; position += 7)
        {
            byte[] damaged = [.. whole];
            damaged[position] ^= 1;
            File.WriteAllBytes(CacheFile(), damaged);
            Assert.True(IsDecoded());
            File.WriteAllBytes(CacheFile(), whole[..position]);
            Assert.True(IsDecoded());
        }

        Assert.Equal(levels, AllLevels(Load()));
        Assert.Equal(whole, File.ReadAllBytes(CacheFile()));
    }

    /// <summary>The link stays as it is; the picture behind it changes.</summary>
    [Fact]
    public void APictureBehindALinkIsWatched()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Three();
        string elsewhere = _folder.File("elsewhere.png");
        File.Move(Path.Combine(Pictures, "a.png"), elsewhere);
        File.CreateSymbolicLink(Path.Combine(Pictures, "a.png"), elsewhere);
        Assert.True(IsDecoded());
        Assert.False(IsDecoded());
        ImageFile.WritePng(elsewhere, new RgbImage(1, 1, [60, 60, 60]));
        Assert.Equal([60, 100, 150], AllLevels(Load()).Order());

        File.CreateSymbolicLink(Path.Combine(Pictures, "round.png"), "round.png");
        Assert.Equal([60, 100, 150], AllLevels(Load()).Order());
    }

    /// <summary>A pipe that nobody writes to would be waited for; like an empty file, it is left out.</summary>
    [Fact]
    public async Task WaitsForNoPipe()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "pipes are no files there");
        Flat("train/a.png", 2, 2, 50);
        Flat("valid/b.png", 2, 2, 100);
        Flat("test/c.png", 2, 2, 150);
        File.WriteAllBytes(Path.Combine(Pictures, "train", "empty.png"), []);
        using (System.Diagnostics.Process make = System.Diagnostics.Process.Start("mkfifo", Path.Combine(Pictures, "train", "pipe.png")))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, make.ExitCode);
        }

        var reports = new Reported<DataProgress>();
        Task<ImageDataset> loading = Task.Run(() => Load(progress: reports), TestContext.Current.CancellationToken);
        Assert.Equal([50, 100, 150], AllLevels(await loading.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)));
        ImagesSkipped skipped = Assert.IsType<ImagesSkipped>(reports.All[^1]);
        Assert.Equal((2, 5), (skipped.Count, skipped.Total));
        Assert.EndsWith(".png' is empty", skipped.FirstReason);
    }

    [Fact]
    public void ACacheThatCannotBeWrittenIsNoReasonToFail()
    {
        Three();
        File.WriteAllText(Cache, "a file where the folder should be");
        var reports = new Reported<DataProgress>();
        Assert.Equal(3, AllLevels(Load(progress: reports)).Count());
        Assert.IsType<CacheNotWritten>(reports.All[^1]);
    }

    [Fact]
    public void SkipsWhatCannotBeReadAndSaysSo()
    {
        for (int i = 0; i < 30; i++)
        {
            Flat($"{i:D2}.png", 2, 2, i);
        }

        string notes = Path.Combine(Pictures, "31.png");
        File.WriteAllText(notes, "words");
        string bomb = Bomb("32.png");
        foreach (int round in new[] { 1, 2 })
        {
            // The second time from the cache: the notice is not lost.
            var reports = new Reported<DataProgress>();
            Assert.Equal(Enumerable.Range(0, 30), AllLevels(Load(progress: reports)).Order());
            ImagesSkipped skipped = Assert.IsType<ImagesSkipped>(reports.All[^1]);
            Assert.Equal((2, 32), (skipped.Count, skipped.Total));
            Assert.True(skipped.FirstReason.Contains(notes, StringComparison.Ordinal) || skipped.FirstReason.Contains(bomb, StringComparison.Ordinal));
            Assert.Equal(round == 2, reports.All.Count == 1);
        }
    }

    /// <summary>A link that leads nowhere.</summary>
    [Fact]
    public void WhatCannotBeOpenedIsTriedAgainAndTheRestComesFromTheCache()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Three();
        string elsewhere = _folder.File("elsewhere.png");
        File.CreateSymbolicLink(Path.Combine(Pictures, "d.png"), elsewhere);
        var first = new Reported<DataProgress>();
        Assert.Equal([50, 100, 150], AllLevels(Load(progress: first)).Order());
        Assert.Equal((1, 4), (Assert.IsType<ImagesSkipped>(first.All[^1]).Count, ((ImagesSkipped)first.All[^1]).Total));
        var second = new Reported<DataProgress>();
        Assert.Equal([50, 100, 150], AllLevels(Load(progress: second)).Order());
        Assert.Equal(first.All[^1], Assert.Single(second.All));
        ImageFile.WritePng(elsewhere, new RgbImage(1, 1, [60, 60, 60]));
        Assert.Equal([50, 60, 100, 150], AllLevels(Load()).Order());
    }

    /// <summary>Nothing of name, size and time changes when a permission does.</summary>
    [Fact]
    public void ACacheWithoutAPictureThatCanBeOpenedNowIsStale()
    {
        Three();
        List<PictureFile> files = PictureFiles.Find(Pictures);
        var cache = new PictureCache(Cache, Pictures, 1, files);
        cache.Write(new ScaledPictures([1, 1, 1], [2, 2, 2], [3, 3, 3], 1, "closed", ["none.png"]));
        Assert.Equal(["none.png"], cache.TryRead()!.Closed);
        cache.Write(new ScaledPictures([1, 1, 1], [2, 2, 2], [3, 3, 3], 1, "closed", ["a.png"]));
        Assert.Null(cache.TryRead());
    }

    [Theory]
    [InlineData("/x", "/home/me", "/x/exponential/pictures")]
    [InlineData("x", "/home/me", "/home/me/.cache/exponential/pictures")]
    [InlineData(null, "/home/me", "/home/me/.cache/exponential/pictures")]
    [InlineData("x", "", null)]
    [InlineData(null, "me", null)]
    public void TheCacheLiesInTheHomeFolderIfThereIsOne(string? given, string home, string? expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "paths of Unix");
        Assert.Equal(expected, CacheFolder.Find("pictures", given, home));
    }

    [Fact]
    public void RefusesPicturesThatClaimToBeHugeWhenNoneIsLeft()
    {
        string[] bombs = [Bomb("train/a.png"), Bomb("test/b.png"), Bomb("valid/c.png")];
        long before = GC.GetTotalAllocatedBytes();
        Assert.Equal(
            $"ImageFolder: no image in '{Pictures}' can be read; 3 of 3 cannot, the first: ImageFile: '{bombs[0]}' claims 60000 x 60000 pixels; "
            + "1 to 64000000 pixels expected; scale it down, or raise the limit if the file is to be trusted",
            Assert.Throws<InvalidDataException>(() => Load()).Message);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 2_000_000_000); // other tests allocate meanwhile, one of them 192 MB; 10.8 GB would show
        Assert.False(Directory.Exists(Cache));
    }

    /// <summary>Of twelve pictures in one folder, one is drawn for each split: whichever name the damaged one has, the others are a data set.</summary>
    [Fact]
    public void OneDamagedPictureDoesNotSpoilASmallFolder()
    {
        for (int damaged = 0; damaged < 12; damaged++)
        {
            for (int i = 0; i < 12; i++)
            {
                if (i == damaged)
                {
                    Bomb($"{i}.png");
                }
                else
                {
                    Flat($"{i}.png", 2, 2, (byte)i);
                }
            }

            var reports = new Reported<DataProgress>();
            ImageDataset data = Load(progress: reports);
            Assert.Equal((9, 1, 1), (data.Train.Count, data.Validation.Count, data.Test.Count));
            Assert.Equal(1, Assert.Single(reports.All.OfType<ImagesSkipped>()).Count);
            byte[] all = [.. data.Train.Pixels, .. data.Validation.Pixels, .. data.Test.Pixels];
            Assert.Equal(Enumerable.Range(0, 12).Where(i => i != damaged).Select(i => (byte)i), all.Distinct().Order());
            Assert.Equal(data.Test.Pixels.ToArray(), Load().Test.Pixels.ToArray());
        }
    }

    /// <summary>Two pictures for two splits, and one of them damaged: that is what is wrong with the folder.</summary>
    [Fact]
    public void NamesTheDamagedPictureWhereTooFewAreLeft()
    {
        Flat("test/a.png", 2, 2, 1);
        Flat("b.png", 2, 2, 2);
        Bomb("c.png");
        Assert.Matches(
            "^ImageFolder: no image of the (training|validation) split in '.*' can be read; 1 of 3 cannot, the first: ImageFile: '.*c.png' claims",
            Assert.Throws<InvalidDataException>(() => Load()).Message);
    }

    [Fact]
    public void NamesASplitOfWhichNothingIsLeft()
    {
        Flat("train/a.png", 2, 2, 1);
        Flat("test/b.png", 2, 2, 2);
        Bomb("valid/c.png");
        Assert.StartsWith(
            $"ImageFolder: no image of the validation split in '{Pictures}' can be read; 1 of 3 cannot, the first: ImageFile: ",
            Assert.Throws<InvalidDataException>(() => Load()).Message);
    }

    [Fact]
    public void SaysWhatIsWrongWithAFolder()
    {
        Assert.Equal(
            $"ImageFolder: there is no folder '{Pictures}'; name the folder of the pictures (--data DIR on the command line)",
            Assert.Throws<DirectoryNotFoundException>(() => Load()).Message);
        File.WriteAllText(Pictures, "words");
        Assert.Equal(
            $"ImageFolder: '{Pictures}' is a file; name the folder of the pictures",
            Assert.Throws<DirectoryNotFoundException>(() => Load()).Message);
        File.Delete(Pictures);
        Directory.CreateDirectory(Path.Combine(Pictures, "empty.png"));
        File.WriteAllText(Path.Combine(Pictures, "notes.txt"), "words");
        Assert.Equal(
            $"ImageFolder: '{Pictures}' and its sub-folders hold no image (.png, .jpg, .jpeg expected); name the folder of the pictures",
            Assert.Throws<FileNotFoundException>(() => Load()).Message);
        Flat("a.png", 2, 2, 1);
        Flat("b.png", 2, 2, 1);
        Assert.Equal(
            $"ImageFolder: '{Pictures}' must hold at least one image each for training, validation and test; it has 2 in all; add images",
            Assert.Throws<InvalidDataException>(() => Load()).Message);
        Assert.StartsWith(
            "ImageFolder: side must lie in 1..1024; got 1025", Assert.Throws<ArgumentOutOfRangeException>(() => Load(side: 1025)).Message);
    }

    [Fact]
    public void CanBeCancelled()
    {
        Three();
        using var stop = new CancellationTokenSource();
        var reports = new Reported<DataProgress>(_ => stop.Cancel());
        Assert.Throws<OperationCanceledException>(() => ImageFolder.Load(Pictures, 2, Cache, reports, stop.Token));
        Assert.Single(reports.All);
        Assert.False(Directory.Exists(Cache));
    }

    [Fact]
    public void OpensByName()
    {
        Three();
        Assert.Equal([3, 16, 16], Datasets.Open("folder", Pictures, imageSize: 16).ImageShape.ToArray());
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(UserCache.Root, "exponential", "pictures")));
        Assert.StartsWith(
            "Datasets: folder needs a folder of PNG or JPEG images; none was given; name it (--data DIR on the command line)",
            Assert.Throws<ArgumentException>(() => Datasets.Open("folder")).Message);
    }

    private ImageDataset Load(int side = 2, IProgress<DataProgress>? progress = null) => ImageFolder.Load(Pictures, side, Cache, progress);

    private bool IsDecoded()
    {
        var reports = new Reported<DataProgress>();
        Load(progress: reports);
        return reports.All.Count > 0;
    }

    private string CacheFile() => Directory.GetFiles(Cache)[0];

    private void Three()
    {
        Flat("a.png", 2, 2, 50);
        Flat("b.png", 2, 2, 100);
        Flat("c.png", 2, 2, 150);
    }

    /// <summary>A picture of one grey level.</summary>
    private string Flat(string name, int width, int height, int level)
    {
        string path = Path.Combine([Pictures, .. name.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] pixels = new byte[3 * width * height];
        Array.Fill(pixels, (byte)level);
        if (name.EndsWith("png", StringComparison.Ordinal))
        {
            ImageFile.WritePng(path, new RgbImage(width, height, pixels));
        }
        else
        {
            using FileStream file = File.Create(path);
            new ImageWriter().WriteJpg(pixels, width, height, ColorComponents.RedGreenBlue, file, 100);
        }

        return path;
    }

    private string Bomb(string name)
    {
        string path = Flat(name, 2, 2, 1);
        byte[] bytes = File.ReadAllBytes(path);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), 60_000);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(20), 60_000);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>The level of each picture, which all its bytes have.</summary>
    private static IEnumerable<int> Levels(ImageSet set)
    {
        for (int i = 0; i < set.Count; i++)
        {
            Assert.Single(set[i].ToArray().Distinct());
            yield return set[i][0];
        }
    }

    private static IEnumerable<int> AllLevels(ImageDataset data) => [.. Levels(data.Train), .. Levels(data.Validation), .. Levels(data.Test)];
}
