using Xunit;

namespace Exponential.Nn.Tests;

public sealed class ImageSetTests
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 60).Select(i => (byte)i)];

    [Fact]
    public void GivesImagesAndSlices()
    {
        ImageSet set = new("numbers", 1, 3, 4, Bytes);
        Assert.Equal(5, set.Count);
        Assert.Equal(12, set.BytesPerImage);
        Assert.Equal(Bytes[24..36], set[2].ToArray());

        ImageSet slice = set.Slice(1, 3, "part");
        Assert.Equal("part", slice.Name);
        Assert.Equal(Bytes[12..48], slice.Pixels.ToArray());
        Assert.True(slice[0] == set[1], "a slice shares its memory");
        Assert.Equal(Bytes[..24], set.Take(2).Pixels.ToArray());
        Assert.Equal("numbers", set.Take(2).Name);
        Assert.Equal(0, set.Take(0).Count);
    }

    [Fact]
    public void BecomesATensor()
    {
        Tensor tensor = new ImageSet("numbers", 1, 3, 4, Bytes).Take(2).ToTensor();
        Assert.Equal([2, 1, 3, 4], tensor.Shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), tensor.ToArray<float>());
    }

    [Fact]
    public void NamesWhatIsWrong()
    {
        ImageSet set = new("numbers", 1, 3, 4, Bytes);
        Assert.StartsWith(
            "ImageSet: pixels of 'odd' must be a multiple of 12 bytes (one image [1, 3, 4]); got 59",
            Assert.Throws<ArgumentException>(() => new ImageSet("odd", 1, 3, 4, Bytes.AsMemory(..^1))).Message);
        Assert.StartsWith(
            "ImageSet: an image needs dimensions of at least 1 and fewer than 2^31 bytes; got [1, 0, 4]",
            Assert.Throws<ArgumentOutOfRangeException>(() => new ImageSet("flat", 1, 0, 4, Bytes)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageSet("vast", 65536, 65536, 4, Bytes));
        Assert.StartsWith(
            "ImageSet: index must lie in 0..4 ('numbers' has 5 images); got 5",
            Assert.Throws<ArgumentOutOfRangeException>(() => set[5].Length).Message);
        Assert.StartsWith(
            "ImageSet: take must be 0..5 ('numbers' has 5 images); got 6",
            Assert.Throws<ArgumentOutOfRangeException>(() => set.Take(6)).Message);
        Assert.StartsWith(
            "ImageSet: slice must lie in the 5 images of 'numbers'; got start 3, count 3",
            Assert.Throws<ArgumentOutOfRangeException>(() => set.Slice(3, 3)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Slice(int.MaxValue, int.MaxValue));
    }

    [Fact]
    public void DatasetNeedsOneImageSize()
    {
        ImageSet set = new("numbers", 1, 3, 4, Bytes);
        ImageSet turned = new("turned", 1, 4, 3, Bytes);
        Assert.Equal(
            "ImageDataset: 'mixed' needs images of one size; 'numbers' has [1, 3, 4], 'turned' [1, 4, 3]",
            Assert.Throws<ArgumentException>(() => new ImageDataset("mixed", set, set, turned)).Message);
    }

    [Fact]
    public void DatasetTakesFromEachSplit()
    {
        ImageSet set = new("numbers", 1, 3, 4, Bytes);
        ImageDataset whole = new("numbers", set, set, set, Augmentation.Shift);
        ImageDataset part = whole.Take(train: 3, test: 1);
        Assert.Equal((3, 5, 1), (part.Train.Count, part.Validation.Count, part.Test.Count));
        Assert.Same(Augmentation.Shift, part.Augmentation);
    }
}
