using Xunit;

namespace Exponential.Nn.Tests;

public sealed class AugmentationTests
{
    private const int Channels = 2;
    private const int Height = 5;
    private const int Width = 7;
    private static readonly byte[] Image = [.. Enumerable.Range(0, Channels * Height * Width).Select(i => (byte)(3 * i))];

    [Fact]
    public void NoneCopies()
    {
        byte[] result = new byte[Image.Length];
        Augmentation.None.Apply(Image, result, Channels, Height, Width, new Generator(0));
        Assert.Equal(Image, result);
    }

    /// <summary>
    /// All outcomes of the original's chain, carried out literally (flip, pad by the edge, shift, crop, flip), with their probabilities,
    /// against how often they come: each within five standard deviations over 40,000 draws, and no other image ever.
    /// </summary>
    [Theory]
    [InlineData(true, 18)]
    [InlineData(false, 9)]
    public void HasTheOriginalsDistribution(bool flips, int outcomes)
    {
        const int Draws = 40_000;
        Dictionary<string, double> expected = LiteralDistribution(flips);
        Assert.Equal(outcomes, expected.Count);
        Assert.Equal(1, expected.Values.Sum(), 12);

        Augmentation augmentation = flips ? Augmentation.FlipAndShift : Augmentation.Shift;
        Dictionary<string, int> seen = expected.Keys.ToDictionary(key => key, _ => 0);
        Generator generator = new(11);
        byte[] result = new byte[Image.Length];
        for (int i = 0; i < Draws; i++)
        {
            augmentation.Apply(Image, result, Channels, Height, Width, generator);
            seen[Convert.ToHexString(result)]++;
        }

        Assert.Equal(expected.Count, seen.Count);
        foreach ((string key, double probability) in expected)
        {
            double deviation = Math.Sqrt(Draws * probability * (1 - probability));
            Assert.InRange(seen[key], (Draws * probability) - (5 * deviation), (Draws * probability) + (5 * deviation));
        }
    }

    [Fact]
    public void StaysWithOnePixelOfShiftForAnImageOfOnePixel()
    {
        byte[] result = new byte[2];
        for (ulong seed = 0; seed < 20; seed++)
        {
            Augmentation.FlipAndShift.Apply([7, 9], result, 2, 1, 1, new Generator(seed));
            Assert.Equal([7, 9], result);
        }
    }

    private static Dictionary<string, double> LiteralDistribution(bool flips)
    {
        // round(u), u uniform in (-1.44, 1.44): 0 for |u| < 1/2.
        double still = 0.5 / 1.44;
        double[] flipOdds = flips ? [0.5, 0.5] : [1, 0];
        Dictionary<string, double> result = [];
        for (int first = 0; first < 2; first++)
        {
            for (int down = -1; down <= 1; down++)
            {
                for (int right = -1; right <= 1; right++)
                {
                    for (int second = 0; second < 2; second++)
                    {
                        double probability = flipOdds[first] * flipOdds[second]
                            * (down == 0 ? still : (1 - still) / 2) * (right == 0 ? still : (1 - still) / 2);
                        if (probability > 0)
                        {
                            string key = Convert.ToHexString(Literal(first == 1, down, right, second == 1));
                            result[key] = result.GetValueOrDefault(key) + probability;
                        }
                    }
                }
            }
        }

        return result;
    }

    private static byte[] Literal(bool flipFirst, int down, int right, bool flipSecond)
    {
        byte[] image = flipFirst ? Flip(Image) : Image;
        byte[] result = new byte[image.Length];
        for (int channel = 0; channel < Channels; channel++)
        {
            byte[,] padded = new byte[Height + 4, Width + 4];
            byte[,] shifted = new byte[Height + 4, Width + 4];
            for (int y = 0; y < Height + 4; y++)
            {
                for (int x = 0; x < Width + 4; x++)
                {
                    int row = Math.Clamp(y - 2, 0, Height - 1);
                    int column = Math.Clamp(x - 2, 0, Width - 1);
                    padded[y, x] = image[(((channel * Height) + row) * Width) + column];
                }
            }

            // What a shift uncovers is black, and cropped.
            for (int y = Math.Max(0, down); y < Height + 4 + Math.Min(0, down); y++)
            {
                for (int x = Math.Max(0, right); x < Width + 4 + Math.Min(0, right); x++)
                {
                    shifted[y, x] = padded[y - down, x - right];
                }
            }

            for (int y = 0; y < Height; y++)
            {
                for (int x = 0; x < Width; x++)
                {
                    result[(((channel * Height) + y) * Width) + x] = shifted[y + 2, x + 2];
                }
            }
        }

        return flipSecond ? Flip(result) : result;
    }

    private static byte[] Flip(byte[] image) => [.. image.Chunk(Width).SelectMany(row => row.Reverse())];
}
