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

    /// <summary>byte = clamp(floor(v 255/256 + 1/2), 0, 255), in either element type; every value of a byte keeps its own.</summary>
    [Fact]
    public void RoundsValuesAsTheOriginal()
    {
        float[] values = [0, 0.501f, 0.503f, 127.9f, 255, 255.7f, 256, 300, -5, float.NaN, float.PositiveInfinity, float.NegativeInfinity];
        byte[] expected = [0, 0, 1, 127, 254, 255, 255, 255, 0, 0, 255, 0];
        Tensor images = Tensor.FromArray(values, [12, 1, 1, 1]);
        foreach (Tensor tensor in new[] { images, images.To(DType.Float64) })
        {
            RgbImage grid = ImageGrid.FromTensor(tensor, 12, 0);
            Assert.Equal(expected, grid.Pixels.Where((_, i) => i % 3 == 0));
        }

        byte[] all = ImageGrid.FromTensor(Tensor.Arange(256).Reshape([256, 1, 1, 1]), 256, 0).Pixels;
        for (int v = 0; v < 256; v++)
        {
            Assert.Equal((byte)Math.Floor((v * 255 / 256.0) + 0.5), all[3 * v]);
        }
    }

    [Fact]
    public void TensorsAndBytesAreLaidOutAlike()
    {
        ImageSet set = BuiltInImages.Create(seed: 6, 5, 0, 0).Train;
        Tensor values = set.ToTensor(DType.Float64) * (256.0 / 255.0);
        Assert.Equal(ImageGrid.FromSet(set, 5, 3).Pixels, ImageGrid.FromTensor(values, 3).Pixels);
    }

    /// <summary>Three images of one pixel, two a row: originals, reconstructions, differences, then the same for the third.</summary>
    [Fact]
    public void ComparesInThreeRows()
    {
        Tensor originals = Tensor.FromArray([100.0, 200.0, 50.0], [3, 1, 1, 1]);
        Tensor reconstructions = Tensor.FromArray([100.5, 199.9, double.NaN], [3, 1, 1, 1]);
        RgbImage picture = ImageGrid.Comparison(originals, reconstructions, amplification: 100, perRow: 2, padding: 0);
        Assert.Equal((2, 6), (picture.Width, picture.Height));
        byte[] expected = [100, 199, 100, 199, 50, 10, 50, 0, 0, 0, 255, 0];
        Assert.Equal(expected, picture.Pixels.Where((_, i) => i % 3 == 0));
    }

    [Theory]
    [InlineData(0.5, 100)]
    [InlineData(2.56e-5, 1e7)]
    [InlineData(2.57e-5, 1e6)]
    [InlineData(90, 1)]
    [InlineData(0, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    public void AmplifiesByAPowerOfTen(double difference, double expected)
    {
        Tensor originals = Tensor.Zeros([1, 3, 1, 1], DType.Float64);
        Tensor reconstructions = Tensor.FromArray([0, -difference, 0], [1, 3, 1, 1]);
        double factor = ImageGrid.AmplificationFor(originals, reconstructions);
        Assert.Equal(expected, factor);
        Assert.Equal(
            ImageGrid.Comparison(originals, reconstructions, factor).Pixels, ImageGrid.Comparison(originals, reconstructions).Pixels);
    }

    [Fact]
    public void NamesWhatIsWrongWithTensors()
    {
        Tensor images = Tensor.Zeros([2, 3, 4, 5]);
        Assert.StartsWith(
            "ImageGrid: images must be [B, 1 or 3, H, W] with at least one image; got [2, 12, 4, 5]",
            Assert.Throws<ArgumentException>(() => ImageGrid.FromTensor(Tensor.Zeros([2, 12, 4, 5]))).Message);
        Assert.Throws<ArgumentException>(() => ImageGrid.FromTensor(Tensor.Zeros([0, 3, 4, 5])));
        Assert.Throws<ArgumentException>(() => ImageGrid.FromTensor(Tensor.Zeros([3, 4, 5])));
        Assert.StartsWith(
            "ImageGrid: reconstructions must have the originals' shape [2, 3, 4, 5]; got [1, 3, 4, 5]",
            Assert.Throws<ArgumentException>(() => ImageGrid.Comparison(images, Tensor.Zeros([1, 3, 4, 5]))).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageGrid.Comparison(images, images, perRow: 0));
    }
}
