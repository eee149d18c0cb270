using System.Security.Cryptography;
using Xunit;

namespace Exponential.Nn.Tests;

public sealed class BuiltInImagesTests
{
    /// <summary>
    /// The bytes are the same on every machine and runtime, so they are pinned. A change of the drawing changes every trained model's data:
    /// it must be meant.
    /// </summary>
    [Fact]
    public void BytesArePinned()
    {
        ImageDataset images = BuiltInImages.Create(seed: 0, 64, 16, 16);
        Assert.Equal("9409525F52782F16EF628D6406F84553365626374E6F1D847FF62B2E56EF6070", Hash(images.Train));
        Assert.Equal("8E16D9A9279BED7C825F2AF7BF292FD3FA376D8C2BC5623BBC3767651D675C63", Hash(images.Validation));
        Assert.Equal("79CB2A463A7C61AD4E1A0B83767DDAB80C4EF717E8130051488C75FB9500050F", Hash(images.Test));

        static string Hash(ImageSet set) => Convert.ToHexString(SHA256.HashData(set.Pixels));
    }

    /// <summary>Not by the neighbours, the size of the split, or the block and thread that drew it.</summary>
    [Fact]
    public void AnImageIsFixedBySeedSplitAndIndexAlone()
    {
        ImageDataset few = BuiltInImages.Create(seed: 7, 3, 2, 1);
        ImageDataset many = BuiltInImages.Create(seed: 7, 131, 60, 2);
        Assert.True(many.Train.Take(3).Pixels.SequenceEqual(few.Train.Pixels));
        Assert.True(many.Validation.Take(2).Pixels.SequenceEqual(few.Validation.Pixels));
        Assert.True(many.Test.Take(1).Pixels.SequenceEqual(few.Test.Pixels));

        byte[] alone = new byte[ScenePainter.ByteCount];
        ScenePainter painter = new();
        Generator train = new Generator(7).Fork(0x534841504553).Fork(0);
        foreach (int i in new[] { 130, 0, 77 })
        {
            painter.Paint(train.Fork((ulong)i), alone);
            Assert.True(many.Train[i].SequenceEqual(alone), $"image {i}");
        }
    }

    [Fact]
    public void NoTwoImagesAreAlike()
    {
        ImageDataset images = BuiltInImages.Create(seed: 1, 300, 300, 300);
        ImageDataset other = BuiltInImages.Create(seed: 2, 300, 0, 0);
        HashSet<string> seen = [];
        foreach (ImageSet set in new[] { images.Train, images.Validation, images.Test, other.Train })
        {
            for (int i = 0; i < set.Count; i++)
            {
                Assert.True(seen.Add(Convert.ToHexString(SHA256.HashData(set[i]))), $"{set.Name} {i} was drawn before");
            }
        }
    }

    /// <summary>Colours spread over the range, each image shows something, neighbouring pixels go together as in photographs.</summary>
    [Fact]
    public void LooksLikePictures()
    {
        ImageSet set = BuiltInImages.Create(seed: 3, 400, 0, 0).Train;
        for (int channel = 0; channel < 3; channel++)
        {
            double sum = 0;
            double squares = 0;
            double steps = 0;
            for (int i = 0; i < set.Count; i++)
            {
                ReadOnlySpan<byte> plane = set[i].Slice(channel * 1024, 1024);
                for (int p = 0; p < 1024; p++)
                {
                    sum += plane[p];
                    squares += plane[p] * plane[p];
                    double step = p % 32 == 31 ? 0 : plane[p + 1] - plane[p];
                    steps += step * step;
                }
            }

            double mean = sum / (set.Count * 1024);
            double variance = (squares / (set.Count * 1024)) - (mean * mean);
            double correlation = 1 - (steps / (set.Count * 992) / (2 * variance));
            Assert.InRange(mean, 90, 165);
            Assert.InRange(Math.Sqrt(variance), 40, 80);
            Assert.InRange(correlation, 0.9, 0.99);
        }

        for (int i = 0; i < set.Count; i++)
        {
            Assert.True(Contrast(set[i]) > 20, $"image {i} shows next to nothing");
        }

        static int Contrast(ReadOnlySpan<byte> image)
        {
            int widest = 0;
            for (int channel = 0; channel < 3; channel++)
            {
                byte[] sorted = image.Slice(channel * 1024, 1024).ToArray();
                Array.Sort(sorted);
                widest = Math.Max(widest, sorted[^21] - sorted[20]);
            }

            return widest;
        }
    }

    [Fact]
    public void RefusesCountsOutOfRange()
    {
        Assert.StartsWith(
            "BuiltInImages: train count must lie in 0..699050; got -1",
            Assert.Throws<ArgumentOutOfRangeException>(() => BuiltInImages.Create(0, -1)).Message);
        Assert.StartsWith(
            "BuiltInImages: test count must lie in 0..699050; got 2000000000",
            Assert.Throws<ArgumentOutOfRangeException>(() => BuiltInImages.Create(0, 1, 1, 2_000_000_000)).Message);
    }
}
