using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

public class PhiloxTests
{
    private const ulong Seed = 0x1234_5678_9ABC_DEF0;

    // The known answers of Random123, file kat_vectors.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(
        0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu,
        0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_gives_the_known_answers_of_Random123(
        uint c0, uint c1, uint c2, uint c3, uint key0, uint key1, uint r0, uint r1, uint r2, uint r3)
    {
        Assert.Equal((r0, r1, r2, r3), Philox.Block(c0, c1, c2, c3, key0, key1));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(3UL)]
    [InlineData(0x3_FFFF_FFF5UL)] // the block's counter carries into its second word
    [InlineData(ulong.MaxValue - 40)]
    public void Words_are_the_blocks_in_order(ulong offset)
    {
        uint[] words = new uint[97];
        Philox.Words(Seed, offset, words);
        for (int j = 0; j < words.Length; j++)
        {
            Assert.Equal(Word(Seed, offset + (ulong)j), words[j]);
        }
    }

    [Property(MaxTest = 300)]
    public void Any_part_of_a_range_has_the_bits_of_the_whole(ulong seed, uint offset, ushort skip, ushort length)
    {
        int start = skip % 200;
        int count = length % 100;
        uint[] whole = new uint[300];
        Philox.Words(seed, offset, whole);
        uint[] part = new uint[count];
        Philox.Words(seed, (ulong)offset + (ulong)start, part);
        Assert.Equal(whole[start..(start + count)], part);

        float[] wholeFloats = new float[300];
        float[] partFloats = new float[count];
        Philox.FillUniform(seed, offset, wholeFloats.AsSpan());
        Philox.FillUniform(seed, (ulong)offset + (ulong)start, partFloats.AsSpan());
        Assert.Equal(wholeFloats[start..(start + count)], partFloats);

        double[] wholeDoubles = new double[300];
        double[] partDoubles = new double[count];
        Philox.FillUniform(seed, offset, wholeDoubles.AsSpan());
        Philox.FillUniform(seed, (ulong)offset + 2 * (ulong)start, partDoubles.AsSpan());
        Assert.Equal(wholeDoubles[start..(start + count)], partDoubles);
    }

    [Property(MaxTest = 100)]
    public void Normals_cut_at_an_even_element_have_the_bits_of_the_whole(ulong seed, uint offset, ushort skip, ushort length)
    {
        int start = skip % 1000 * 2;
        int count = length % 1001;
        float[] wholeFloats = new float[3000];
        float[] partFloats = new float[count];
        Philox.FillNormal(seed, offset, wholeFloats.AsSpan());
        Philox.FillNormal(seed, (ulong)offset + (ulong)start, partFloats.AsSpan());
        Assert.Equal(wholeFloats[start..(start + count)], partFloats);

        double[] wholeDoubles = new double[3000];
        double[] partDoubles = new double[count];
        Philox.FillNormal(seed, offset, wholeDoubles.AsSpan());
        Philox.FillNormal(seed, (ulong)offset + 2 * (ulong)start, partDoubles.AsSpan());
        Assert.Equal(wholeDoubles[start..(start + count)], partDoubles);
    }

    [Fact]
    public void Uniforms_are_the_upper_bits_of_the_words()
    {
        float[] floats = new float[71];
        double[] doubles = new double[71];
        Philox.FillUniform(Seed, 5, floats.AsSpan());
        Philox.FillUniform(Seed, 5, doubles.AsSpan());
        for (int j = 0; j < floats.Length; j++)
        {
            ulong i = (ulong)j;
            Assert.Equal((Word(Seed, 5 + i) >> 8) / 16777216f, floats[j]);
            Assert.Equal(((ulong)Word(Seed, 6 + 2 * i) << 21 | Word(Seed, 5 + 2 * i) >> 11) / (double)(1L << 53), doubles[j]);
        }
    }

    [Fact]
    public void Normals_are_Box_and_Mullers_pairs()
    {
        double[] normals = new double[2001];
        float[] floats = new float[2001];
        Philox.FillNormal(Seed, 3, normals.AsSpan());
        Philox.FillNormal(Seed, 3, floats.AsSpan());
        for (int j = 0; j < normals.Length; j++)
        {
            ulong pair = (ulong)j / 2;
            AssertClose(BoxMuller(Uniform(3 + 4 * pair), Uniform(5 + 4 * pair), j), normals[j], 1e-15);
            const double Unit = 1.0 / (1L << 32);
            AssertClose(BoxMuller(Word(Seed, 3 + 2 * pair) * Unit, Word(Seed, 4 + 2 * pair) * Unit, j), floats[j], 6e-8);
        }

        static double Uniform(ulong word) => ((ulong)Word(Seed, word + 1) << 21 | Word(Seed, word) >> 11) / (double)(1L << 53);

        static double BoxMuller(double u, double v, int j)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - u));
            return radius * (j % 2 == 0 ? Math.Cos(Math.Tau * v) : Math.Sin(Math.Tau * v));
        }

        // The angle is rounded to about 1e-15 and multiplied by a radius of at most 8.6.
        static void AssertClose(double expected, double actual, double epsilon) =>
            Assert.True(Math.Abs(expected - actual) <= 10 * epsilon, $"expected {expected:R}, got {actual:R}");
    }

    [Fact]
    public void Normals_have_the_same_bits_on_every_processor()
    {
        double[] doubles = new double[1000];
        float[] floats = new float[1000];
        Philox.FillNormal(Seed, 0, doubles.AsSpan());
        Philox.FillNormal(Seed, 0, floats.AsSpan());
        string bits = Convert.ToHexString(SHA256.HashData(
            [.. MemoryMarshal.AsBytes(doubles.AsSpan()), .. MemoryMarshal.AsBytes(floats.AsSpan())]));
        Assert.Equal("3AD51A5D411B60A8", bits[..16]);
    }

    // Fixed seeds: the thresholds are 5 standard errors, and the 0.1 % point 1.95 of Kolmogorov and Smirnov's statistic.
    [Theory]
    [InlineData(1UL, true)]
    [InlineData(2UL, false)]
    [InlineData(ulong.MaxValue, true)]
    public void Distributions_are_right(ulong seed, bool isDouble)
    {
        const int Count = 1 << 18;
        double[] uniform = new double[Count];
        double[] normal = new double[Count];
        if (isDouble)
        {
            Philox.FillUniform(seed, 0, uniform.AsSpan());
            Philox.FillNormal(seed, 0, normal.AsSpan());
        }
        else
        {
            float[] floats = new float[Count];
            Philox.FillUniform(seed, 0, floats.AsSpan());
            floats.Select(x => (double)x).ToArray().CopyTo(uniform, 0);
            Philox.FillNormal(seed, 0, floats.AsSpan());
            floats.Select(x => (double)x).ToArray().CopyTo(normal, 0);
        }

        Assert.All(uniform, u => Assert.InRange(u, 0, 1 - 1.0 / (1L << 53)));
        Assert.InRange(uniform.Average(), 0.5 - 5 / Math.Sqrt(12.0 * Count), 0.5 + 5 / Math.Sqrt(12.0 * Count));
        AssertKolmogorovSmirnov(uniform, u => u);

        Assert.All(normal, z => Assert.True(double.IsFinite(z)));
        Assert.InRange(Math.Abs(normal.Average()), 0, 5 / Math.Sqrt(Count));
        Assert.InRange(normal.Average(z => z * z) - 1, -5 * Math.Sqrt(2.0 / Count), 5 * Math.Sqrt(2.0 / Count));
        Assert.InRange(normal.Average(z => z * z * z * z) - 3, -5 * Math.Sqrt(96.0 / Count), 5 * Math.Sqrt(96.0 / Count));
        double pairs = Enumerable.Range(0, Count / 2).Average(p => normal[2 * p] * normal[2 * p + 1]);
        Assert.InRange(Math.Abs(pairs), 0, 5 / Math.Sqrt(Count / 2));
        AssertKolmogorovSmirnov(normal, NormalDistribution);
    }

    [Fact]
    public void Extreme_words_give_finite_normals()
    {
        // The largest radius of float normals is that of the word 2^32 - 1: the first of its kind in this stream is far away, so the
        // bound itself is checked: 1 - u is at least 2^-32, and 2^-53 for doubles.
        Assert.InRange(Math.Sqrt(-2 * Math.Log(Math.Pow(2, -32))), 6.6, 6.7);
        Assert.InRange(Math.Sqrt(-2 * Math.Log(Math.Pow(2, -53))), 8.5, 8.6);
        float[] normals = new float[1 << 20];
        Philox.FillNormal(7, 0, normals.AsSpan());
        Assert.InRange(normals.Max(), 4, 6.7f);
        Assert.InRange(normals.Min(), -6.7f, -4);
    }

    [Theory]
    [InlineData(0, 0UL, 0UL)]
    [InlineData(1, 2UL, 4UL)]
    [InlineData(2, 2UL, 4UL)]
    [InlineData(7, 8UL, 16UL)]
    public void Normals_use_up_whole_pairs(int count, ulong floats, ulong doubles)
    {
        Assert.Equal(floats, Philox.NormalWords(count, isDouble: false));
        Assert.Equal(doubles, Philox.NormalWords(count, isDouble: true));
    }

    private static uint Word(ulong seed, ulong index)
    {
        ulong block = index / 4;
        (uint r0, uint r1, uint r2, uint r3) = Philox.Block((uint)block, (uint)(block >> 32), 0, 0, (uint)seed, (uint)(seed >> 32));
        return (index % 4) switch { 0 => r0, 1 => r1, 2 => r2, _ => r3 };
    }

    private static void AssertKolmogorovSmirnov(double[] samples, Func<double, double> distribution)
    {
        double[] sorted = [.. samples.Order()];
        double worst = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            double expected = distribution(sorted[i]);
            worst = Math.Max(worst, Math.Max(Math.Abs(expected - (double)i / sorted.Length), Math.Abs(expected - (i + 1.0) / sorted.Length)));
        }

        Assert.InRange(worst * Math.Sqrt(sorted.Length), 0, 1.95);
    }

    // The normal distribution function by Marsaglia's series phi(x) (x + x^3/3 + x^5/15 + ...), to 1e-15 for |x| < 7.
    private static double NormalDistribution(double x)
    {
        double term = x;
        double sum = x;
        for (int i = 3; Math.Abs(term) > 1e-17 * Math.Abs(sum); i += 2)
        {
            term *= x * x / i;
            sum += term;
        }

        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(Math.Tau);
    }
}
