using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

public class GeneratorTests
{
    [Property(MaxTest = 100)]
    public void Words_come_one_after_another_from_any_offset(ulong seed, ulong offset)
    {
        uint[] words = new uint[50];
        Philox.Words(seed, offset, words);
        Generator generator = new(seed, offset);
        foreach (uint word in words)
        {
            Assert.Equal(word, generator.NextUInt32());
        }

        Assert.Equal(unchecked(offset + 50), generator.Offset);
    }

    [Fact]
    public void Setting_the_offset_back_repeats_the_numbers()
    {
        Generator generator = new(3);
        generator.NextUInt32();
        ulong offset = generator.Offset;
        double[] first = Draw(generator);
        Generator clone = generator.Clone();
        clone.Offset = offset;
        generator.Offset = offset;
        Assert.Equal(first, Draw(generator));
        Assert.Equal(first, Draw(clone));
        Assert.Equal(first, Draw(new Generator(3, offset)));

        static double[] Draw(Generator g) => [g.NextDouble(), g.NextDouble(), g.NextInt32(1000), g.NextUInt64()];
    }

    [Fact]
    public void Doubles_match_the_bulk_fill()
    {
        double[] expected = new double[9];
        Philox.FillUniform(11, 2, expected.AsSpan());
        Generator generator = new(11, 2);
        Assert.Equal(expected, Enumerable.Range(0, 9).Select(_ => generator.NextDouble()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public void Integers_are_equally_likely(int exclusiveMax)
    {
        const int PerValue = 2000;
        Generator generator = new(5);
        int[] counts = new int[exclusiveMax];
        for (int i = 0; i < PerValue * exclusiveMax; i++)
        {
            counts[generator.NextInt32(exclusiveMax)]++;
        }

        // Chi squared with k - 1 degrees of freedom: within 5 standard deviations sqrt(2 (k - 1)) of its mean.
        double chi = counts.Sum(c => (c - PerValue) * (double)(c - PerValue) / PerValue);
        Assert.InRange(Math.Abs(chi - (exclusiveMax - 1)), 0, 5 * Math.Sqrt(2.0 * (exclusiveMax - 1)));
    }

    [Fact]
    public void A_range_that_does_not_divide_the_words_is_unbiased()
    {
        // Without rejection a range of 3 * 2^29 (three eighths of the words) would favour some remainders modulo 3 by a half.
        const int Range = 3 << 29;
        Generator generator = new(6);
        int[] counts = new int[3];
        for (int i = 0; i < 30000; i++)
        {
            counts[generator.NextInt32(Range) % 3]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 10000 - 500, 10000 + 500));
        Assert.True(generator.Offset > 30000, "a rejected word is used up");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void An_empty_range_is_refused(int exclusiveMax)
    {
        ArgumentOutOfRangeException exception =
            Assert.Throws<ArgumentOutOfRangeException>(() => new Generator(0).NextInt32(exclusiveMax));
        Assert.StartsWith($"NextInt32: exclusiveMax must be at least 1; it is {exclusiveMax}", exception.Message);
    }

    [Fact]
    public void Shuffle_gives_each_order_equally_often()
    {
        const int PerOrder = 500;
        Generator generator = new(8);
        Dictionary<string, int> counts = [];
        for (int i = 0; i < 24 * PerOrder; i++)
        {
            char[] items = ['a', 'b', 'c', 'd'];
            generator.Shuffle<char>(items);
            string order = new(items);
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        double chi = counts.Values.Sum(c => (c - PerOrder) * (double)(c - PerOrder) / PerOrder);
        Assert.InRange(Math.Abs(chi - 23), 0, 5 * Math.Sqrt(2 * 23));
    }

    [Fact]
    public void Forks_depend_on_seed_and_stream_alone()
    {
        Generator moved = new(9);
        moved.NextUInt64();
        Assert.Equal(new Generator(9).Fork(4).Seed, moved.Fork(4).Seed);
        Assert.Equal(0UL, moved.Fork(4).Offset);

        HashSet<ulong> seeds = [9];
        for (ulong seed = 9; seed < 19; seed++)
        {
            for (ulong stream = 0; stream < 100; stream++)
            {
                Assert.True(seeds.Add(new Generator(seed).Fork(stream).Seed));
            }
        }
    }
}
