using Xunit;

namespace Exponential.Nn.Tests;

public sealed class SquareScalingTests
{
    /// <summary>Against the mean over the area, computed on a grid so fine that both pixel grids lie on it.</summary>
    [Theory]
    [InlineData(6, 6, 3)]
    [InlineData(7, 7, 3)]
    [InlineData(9, 5, 4)]
    [InlineData(4, 11, 3)]
    [InlineData(3, 3, 7)]
    [InlineData(1, 2, 5)]
    [InlineData(8, 8, 1)]
    public void EachPixelIsTheMeanOfItsArea(int width, int height, int side)
    {
        byte[] pixels = new byte[3 * width * height];
        new Random(width + (31 * height)).NextBytes(pixels);
        byte[] planes = new byte[3 * side * side];
        SquareScaling.Write(new RgbImage(width, height, pixels), side, planes);

        int crop = Math.Min(width, height);
        for (int i = 0; i < planes.Length; i++)
        {
            (int channel, int row, int column) = (i / (side * side), i / side % side, i % side);
            long sum = 0;
            for (int y = row * crop; y < (row + 1) * crop; y++)
            {
                for (int x = column * crop; x < (column + 1) * crop; x++)
                {
                    int sourceRow = ((height - crop) / 2) + (y / side);
                    int sourceColumn = ((width - crop) / 2) + (x / side);
                    sum += pixels[(3 * ((sourceRow * width) + sourceColumn)) + channel];
                }
            }

            Assert.Equal((byte)Math.Floor(((double)sum / (crop * crop)) + 0.5), planes[i]);
        }
    }

    [Fact]
    public void KeepsAPictureOfTheRightSize()
    {
        byte[] pixels = new byte[3 * 8 * 8];
        new Random(1).NextBytes(pixels);
        byte[] planes = new byte[pixels.Length];
        SquareScaling.Write(new RgbImage(8, 8, pixels), 8, planes);
        Assert.Equal(pixels, Enumerable.Range(0, pixels.Length).Select(i => planes[(i % 3 * 64) + (i / 3)]));
    }

    /// <summary>255 over 8,000 x 8,000 pixels, the most that a file may have, needs more than 32 bits.</summary>
    [Fact]
    public void LargestSumFits()
    {
        byte[] pixels = new byte[3 * 8000 * 8000];
        Array.Fill(pixels, (byte)255);
        byte[] planes = new byte[3];
        SquareScaling.Write(new RgbImage(8000, 8000, pixels), 1, planes);
        Assert.Equal([255, 255, 255], planes);
    }
}
