using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

/// <summary>The inverse of autoregressive convolutions at every vector width, with every kind of remainder, against substitution.</summary>
public sealed unsafe class AutoregressiveKernelTests
{
    [Fact]
    public void InverseIsTheSubstitutions()
    {
        CheckAll<float>();
        CheckAll<double>();
    }

    /// <summary>Above the diagonal of the last tap there may be anything.</summary>
    [Fact]
    public void TheUpperTriangleIsNotRead()
    {
        var random = new Random(1);
        var g = new AutoregressiveGeometry(2, 5, 4, 6);
        GuardedBuffer<double> y = GuardedBuffer<double>.Random(2 * 5 * 24, random);
        GuardedBuffer<double> kernel = Kernel<double>(5, random);
        GuardedBuffer<double> other = GuardedBuffer<double>.Of(kernel.ToDoubles());
        for (int row = 0; row < 5; row++)
        {
            for (int column = row + 1; column < 5; column++)
            {
                other.Pointer[(row * 20) + (column * 4) + 3] = double.NaN;
            }
        }

        GuardedBuffer<double> x = new(y.Count), otherX = new(y.Count);
        AutoregressiveKernels.Inverse(g, y.Pointer, kernel.Pointer, x.Pointer);
        AutoregressiveKernels.Inverse(g, y.Pointer, other.Pointer, otherX.Pointer);
        Assert.Equal(x.ToDoubles(), otherX.ToDoubles());
    }

    /// <summary>A pixel that is not a number spoils what hangs on it, below and to the right in its own image, and nothing else.</summary>
    [Fact]
    public void NotANumberSpreadsAlongTheDependencesOnly()
    {
        var random = new Random(2);
        var g = new AutoregressiveGeometry(5, 2, 6, 7);
        GuardedBuffer<float> y = GuardedBuffer<float>.Random(5 * 2 * 42, random);
        GuardedBuffer<float> kernel = Kernel<float>(2, random);
        GuardedBuffer<float> x = new(y.Count), spoilt = new(y.Count);
        AutoregressiveKernels.Inverse(g, y.Pointer, kernel.Pointer, x.Pointer);
        const int Image = 3, Row = 2, Column = 4;
        y.Pointer[(Image * 84) + (Row * 7) + Column] = float.NaN;
        AutoregressiveKernels.Inverse(g, y.Pointer, kernel.Pointer, spoilt.Pointer);
        for (int i = 0; i < y.Count; i++)
        {
            bool hangs = i / 84 == Image && i / 7 % 6 >= Row && i % 7 >= Column;
            Assert.Equal(hangs ? float.NaN : x.Pointer[i], spoilt.Pointer[i]);
        }
    }

    [Fact]
    public void AZeroOnTheDiagonalIsAnError()
    {
        GuardedBuffer<float> kernel = Kernel<float>(3, new Random(3)), image = GuardedBuffer<float>.Random(12, new Random(4)), x = new(12);
        kernel.Pointer[(1 * 12) + (1 * 4) + 3] = 0;
        var error = Assert.Throws<ArithmeticException>(() => AutoregressiveKernels.Inverse(new(1, 3, 2, 2), image.Pointer, kernel.Pointer, x.Pointer));
        Assert.Equal("AutoregressiveInverse: kernel[1, 1, 1, 1] is zero; the convolution has no inverse", error.Message);
    }

    private static void CheckAll<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int[] sides = [1, 2, 3, 5, 7, 8, 9, 16, 17, 31];
        for (int channels = 1; channels <= 13; channels++)
        {
            Check<T>(new(1 + (channels % 3), channels, sides[channels % 10], sides[channels * 3 % 10]));
        }

        foreach (int side in sides)
        {
            Check<T>(new(2, 2, side, side));
            Check<T>(new(1, 3, side, 4));
            Check<T>(new(3, 3, 4, side));
        }

        foreach (int batch in (int[])[4, 7, 16, 33, 65])
        {
            Check<T>(new(batch, 2, 3, 4));
            Check<T>(new(batch, 6, 8, 8));
        }

        Check<T>(new(2, 25, 4, 4));
    }

    private static void Check<T>(AutoregressiveGeometry g)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(g.GetHashCode() & 1023);
        int[] shape = [g.Batch, g.Channels, g.Height, g.Width];
        int size = g.Batch * g.Channels * g.Height * g.Width;
        GuardedBuffer<T> y = GuardedBuffer<T>.Random(size, random);
        GuardedBuffer<T> kernel = Kernel<T>(g.Channels, random);
        var images = new NaiveArray(shape, y.ToDoubles());
        var taps = new NaiveArray([g.Channels, g.Channels, 2, 2], kernel.ToDoubles());
        double[] expected = NaiveContractions.AutoregressiveInverse(images, taps).Values;
        double[] scale = NaiveContractions.AutoregressiveInverse(images, taps, bound: true).Values;

        // The 4 C roundings of a value, in a chain of at most C (H + W - 1) values that each pass theirs on as the bound is passed on.
        double roundings = (4.0 * g.Channels + 4) * g.Channels * (g.Height + g.Width - 1);
        foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
        {
            var x = new GuardedBuffer<T>(size);
            kernels.AutoregressiveInverse(g, y.Pointer, kernel.Pointer, x.Pointer);
            x.AssertClose(expected, scale, roundings, $"{width} {g}");
        }
    }

    /// <summary>A kernel whose values are at most 1/(3 C), with a diagonal of the last tap between 1/2 and 1 of both signs.</summary>
    private static GuardedBuffer<T> Kernel<T>(int channels, Random random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        GuardedBuffer<T> kernel = GuardedBuffer<T>.Random(channels * channels * 4, random, 1.0 / (3 * channels));
        for (int channel = 0; channel < channels; channel++)
        {
            double pivot = (0.5 + (0.5 * random.NextDouble())) * (random.Next(2) == 0 ? 1 : -1);
            kernel.Pointer[(((channel * channels) + channel) * 4) + 3] = T.CreateChecked(pivot);
        }

        return kernel;
    }
}
