using Xunit;

namespace Exponential.Nn.Tests;

public sealed class ImageGridTests
{
    /// <summary>Ten images of 2 x 3: eight in the first row, two in the second, two black pixels all around.</summary>
    [Fact]
    public void LaysImagesOutAsTheOriginal()
    {
        byte[] pixels = [.. Enumerable.Range(1, 10 * 3 * 2 * 3).Select(i => (byte)i)];
        RgbImage grid = ImageGrid.FromBytes(pixels, 3, 2, 3);
        Assert.Equal((2 + (8 * 5), 2 + (2 * 4)), (grid.Width, grid.Height));
        byte[] expected = new byte[grid.Pixels.Length];
        for (int i = 0; i < 10; i++)
        {
            for (int c = 0; c < 3; c++)
            {
                for (int y = 0; y < 2; y++)
                {
                    for (int x = 0; x < 3; x++)
                    {
                        int row = 2 + (i / 8 * 4) + y;
                        int column = 2 + (i % 8 * 5) + x;
                        expected[(((row * grid.Width) + column) * 3) + c] = pixels[(((((i * 3) + c) * 2) + y) * 3) + x];
                    }
                }
            }
        }

        Assert.Equal(expected, grid.Pixels);
    }

    [Fact]
    public void FewImagesMakeANarrowGridAndGreyOnesAreGrey()
    {
        RgbImage grid = ImageGrid.FromBytes([10, 20, 30], 1, 1, 1, perRow: 8, padding: 0);
        Assert.Equal((3, 1), (grid.Width, grid.Height));
        Assert.Equal([10, 10, 10, 20, 20, 20, 30, 30, 30], grid.Pixels);
    }

    [Fact]
    public void ShowsTheFirstOfASet()
    {
        ImageSet set = BuiltInImages.Create(seed: 6, 5, 0, 0).Train;
        Assert.Equal(
            ImageGrid.FromBytes(set.Take(4).Pixels, 3, 32, 32, 2).Pixels, ImageGrid.FromSet(set, 4, 2).Pixels);
    }

    [Fact]
    public void NamesWhatIsWrong()
    {
        Assert.Equal(
            "ImageGrid: pixels must hold one or more images [1 or 3, H, W]; got 7 bytes for [3, 2, 1]",
            Assert.Throws<ArgumentException>(() => ImageGrid.FromBytes(new byte[7], 3, 2, 1)).Message);
        Assert.Throws<ArgumentException>(() => ImageGrid.FromBytes(new byte[8], 2, 2, 2));
        Assert.Throws<ArgumentException>(() => ImageGrid.FromBytes([], 3, 2, 2));
        Assert.StartsWith(
            "ImageGrid: perRow must be at least 1 and padding at least 0; got 0 and 2",
            Assert.Throws<ArgumentOutOfRangeException>(() => ImageGrid.FromBytes(new byte[3], 3, 1, 1, 0)).Message);
    }
}
