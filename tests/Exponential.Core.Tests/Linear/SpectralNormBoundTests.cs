using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

public class SpectralNormBoundTests
{
    // Sizes where a bound within 5 % is promised: few channels, so that on small images a direction can be kept as it is.
    [Property(MaxTest = 120)]
    public void The_bound_lies_between_the_norm_and_five_percent_more(
        ulong seed, byte outputs, byte inputs, byte kernelHeight, byte kernelWidth, byte height, byte width)
    {
        CheckRandom(
            seed, 1 + outputs % 4, 1 + inputs % 4, 1 + 2 * (kernelHeight % 3), 1 + 2 * (kernelWidth % 3), 1 + height % 10, 1 + width % 10, 1.05);
    }

    [Theory]
    [InlineData(12, 12, 3, 16, 16)]
    [InlineData(12, 12, 3, 8, 8)]
    [InlineData(3, 3, 3, 32, 32)]
    [InlineData(1, 1, 3, 28, 28)]
    [InlineData(1, 1, 5, 1, 30)]
    [InlineData(24, 24, 3, 8, 8)]
    [InlineData(6, 12, 3, 10, 8)]
    [InlineData(12, 6, 3, 6, 7)]
    [InlineData(13, 13, 1, 4, 4)]
    [InlineData(40, 2, 3, 9, 9)]
    public void The_sizes_of_flows_too(int outputs, int inputs, int kernel, int height, int width)
    {
        CheckRandom(3, outputs, inputs, kernel, kernel, height, width, 1.05);
    }

    // Many channels and large kernels on small images, where nothing better than the periodic bound is affordable: it still is a bound.
    [Theory]
    [InlineData(24, 5, 5, 1.3)]
    [InlineData(12, 7, 8, 1.2)]
    [InlineData(48, 3, 3, 1.2)]
    public void Where_exactness_is_not_affordable_it_is_a_bound_all_the_same(int channels, int kernel, int size, double factor)
    {
        CheckRandom(4, channels, channels, kernel, kernel, size, size, factor);
    }

    // What a training step can afford: looser on images that are hardly larger than the kernel, and a bound all the same.
    [Property(MaxTest = 120)]
    public void A_quick_bound_is_a_bound(ulong seed, byte outputs, byte inputs, byte kernelHeight, byte kernelWidth, byte height, byte width)
    {
        CheckRandom(
            seed, 1 + outputs % 6, 1 + inputs % 6, 1 + 2 * (kernelHeight % 3), 1 + 2 * (kernelWidth % 3), 1 + height % 10, 1 + width % 10, 2.5, BoundEffort.Quick);
    }

    [Theory]
    [InlineData(12, 16, 1.05)]
    [InlineData(24, 8, 1.1)]
    [InlineData(3, 32, 1.05)]
    [InlineData(12, 4, 1.25)]
    [InlineData(24, 4, 1.25)]
    [InlineData(48, 4, 1.25)]
    [InlineData(48, 2, 1.7)]
    public void A_quick_bound_is_not_far_off(int channels, int size, double factor)
    {
        for (ulong seed = 0; seed < 4; seed++)
        {
            CheckRandom(seed, channels, channels, 3, 3, size, size, factor, BoundEffort.Quick);
        }
    }

    /// <summary>Training bounds the norm of a kernel in each layer and step: nothing of that may reach the heap of large objects.</summary>
    [Theory]
    [InlineData(12, 4)]
    [InlineData(96, 8)]
    public void A_bound_leaves_no_garbage_to_speak_of(int channels, int size)
    {
        double[] kernel = MatrixTesting.Normal<double>(9, channels * channels * 9);
        float[] single = Array.ConvertAll(kernel, x => (float)x);

        // The least of a few calls: a test beside this one may hold the pool's buffers in one of them.
        Assert.InRange(Enumerable.Range(0, 8).Min(_ => Bounds()), 0, 16 << 10);

        long Bounds()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            SpectralNormBound.Convolution(kernel, channels, channels, 3, 3, size, size, BoundEffort.Quick);
            SpectralNormBound.Convolution(single, channels, channels, 3, 3, size, size, BoundEffort.Quick);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Property(MaxTest = 60)]
    public void Structured_kernels(ulong seed, byte channels, byte size, byte kind)
    {
        int c = 1 + channels % 4;
        int n = 1 + size % 12;
        double[] kernel = MatrixTesting.Normal<double>(seed, c * c * 9);
        for (int o = 0; o < c; o++)
        {
            for (int i = 0; i < c; i++)
            {
                for (int t = 0; t < 9; t++)
                {
                    ref double value = ref kernel[(o * c + i) * 9 + t];
                    ref double mirror = ref kernel[(i * c + o) * 9 + 8 - t];
                    switch (kind % 6)
                    {
                        case 0: // skew-symmetric: every eigenvalue imaginary
                            mirror = -value;
                            value = (i, o, t) == (o, i, 4) && i == o ? 0 : value;
                            break;
                        case 1: // symmetric
                            mirror = value;
                            break;
                        case 2: // no negative number: the peak is at frequency zero
                            value = Math.Abs(value);
                            break;
                        case 3: // the peak is at the highest frequency
                            value = Math.Abs(value) * (t % 2 == 0 ? 1 : -1);
                            break;
                        case 4: // one tap in a corner
                            value = t == 0 ? value : 0;
                            break;
                        default: // rank one in the channels
                            value = (o + 1) * (i - 1.5) * Math.Sin(t + 1.0);
                            break;
                    }
                }
            }
        }

        Check(new NaiveConvolution(kernel, c, c, 3, 3, n, n), 1.06);
        Check(new NaiveConvolution(kernel, c, c, 3, 3, n, n), 2.5, BoundEffort.Quick);
    }

    // |M| = 2 cos(pi / (n + 1)): tridiagonal Toeplitz matrices have known eigenvalues.
    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(100)]
    [InlineData(1001)]
    public void Tridiagonal_matrices_of_known_norm(int n)
    {
        double known = 2 * Math.Cos(Math.PI / (n + 1));
        foreach (double sign in (double[])[-1, 1])
        {
            double across = SpectralNormBound.Convolution([sign, 0, 1], 1, 1, 1, 3, 1, n);
            double down = SpectralNormBound.Convolution([sign, 0, 1], 1, 1, 3, 1, n, 1);
            Assert.Equal(across, down);
            Assert.InRange(across, known, 1.011 * known);
        }
    }

    // The symbols of [1, 0, 1] and [-1, 0, 1] peak at 0 and pi, or at plus and minus pi/2. For odd n one of the two tori has its
    // frequencies half a step to both sides of all peaks, and there the symbol is the norm itself.
    [Theory]
    [InlineData(1, 999)]
    [InlineData(-1, 999)]
    [InlineData(1, 1001)]
    [InlineData(-1, 1001)]
    public void A_twist_makes_the_bound_tight_to_rounding_on_odd_lengths(double sign, int n)
    {
        double known = 2 * Math.Cos(Math.PI / (n + 1));
        double bound = SpectralNormBound.Convolution([sign, 0, 1], 1, 1, 1, 3, 1, n);
        Assert.InRange(bound, known, known * (1 + 1e-12));
    }

    // The outer product of two such lines: each direction needs its own phase and its own margin. On a torus smaller by one either way,
    // the bound would fall below the norm.
    [Theory]
    [InlineData(1, 1, 29, 31)]
    [InlineData(-1, 1, 29, 31)]
    [InlineData(1, -1, 33, 31)]
    [InlineData(-1, -1, 37, 33)]
    public void A_twist_in_both_directions(double signDown, double signAcross, int height, int width)
    {
        double known = 4 * Math.Cos(Math.PI / (height + 1)) * Math.Cos(Math.PI / (width + 1));
        double[] kernel = [signDown * signAcross, 0, signDown, 0, 0, 0, signAcross, 0, 1];
        double bound = SpectralNormBound.Convolution(kernel, 1, 1, 3, 3, height, width);
        Assert.InRange(bound, known, known * (1 + 1e-12));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(12, 3)]
    [InlineData(5, 5)]
    public void A_kernel_of_one_one_is_the_identity(int channels, int kernel)
    {
        double[] values = new double[channels * channels * kernel * kernel];
        for (int c = 0; c < channels; c++)
        {
            values[((c * channels + c) * kernel + kernel / 2) * kernel + kernel / 2] = 1;
        }

        Assert.InRange(SpectralNormBound.Convolution(values, channels, channels, kernel, kernel, 8, 8), 1, 1 + 1e-12);
        Assert.InRange(SpectralNormBound.Convolution(values, channels, channels, kernel, kernel, 40, 40), 1, 1 + 1e-12);
        Assert.InRange(SpectralNormBound.Convolution(values, channels, channels, kernel, kernel, 1, 1), 1, 1 + 1e-12);
    }

    [Fact]
    public void Zero_has_norm_zero()
    {
        Assert.Equal(0, SpectralNormBound.Convolution(new double[36], 2, 2, 3, 3, 8, 8));
        Assert.Equal(0, SpectralNormBound.Convolution(new float[9], 1, 1, 3, 3, 1, 1));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_kernel_that_is_not_finite_has_no_bound(double bad)
    {
        double[] kernel = new double[36];
        kernel[17] = bad;
        kernel[20] = 1;
        Assert.True(double.IsNaN(SpectralNormBound.Convolution(kernel, 2, 2, 3, 3, 8, 8)));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(20)]
    public void The_bound_scales_with_the_kernel_over_the_whole_range_of_numbers(int size)
    {
        double[] kernel = MatrixTesting.Normal<double>(5, 4 * 4 * 9);
        double bound = SpectralNormBound.Convolution(kernel, 4, 4, 3, 3, size, size);
        foreach (int power in (int[])[-900, -10, 1, 100, 1000])
        {
            double[] scaled = Array.ConvertAll(kernel, x => Math.ScaleB(x, power));
            Assert.Equal(Math.ScaleB(bound, power), SpectralNormBound.Convolution(scaled, 4, 4, 3, 3, size, size));
        }

        double[] tiny = Array.ConvertAll(kernel, x => Math.ScaleB(x, -1070));
        double tinyNorm = new NaiveConvolution(Array.ConvertAll(tiny, x => Math.ScaleB(x, 1070)), 4, 4, 3, 3, size, size).NormFromBelow();
        Assert.True(Math.ScaleB(SpectralNormBound.Convolution(tiny, 4, 4, 3, 3, size, size), 1070) >= tinyNorm);

        double[] huge = Array.ConvertAll(kernel, x => Math.ScaleB(x, 1022));
        Assert.Equal(double.PositiveInfinity, SpectralNormBound.Convolution(huge, 4, 4, 3, 3, size, size));
    }

    [Fact]
    public void Float32_is_taken_as_it_is()
    {
        float[] kernel = MatrixTesting.Normal<float>(6, 3 * 3 * 9);
        Assert.Equal(
            SpectralNormBound.Convolution(MatrixTesting.ToDoubles<float>(kernel), 3, 3, 3, 3, 16, 16),
            SpectralNormBound.Convolution(kernel, 3, 3, 3, 3, 16, 16));
    }

    [Fact]
    public void A_kernel_that_reaches_past_the_image_counts_only_where_it_meets_it()
    {
        double[] kernel = MatrixTesting.Normal<double>(7, 2 * 2 * 7 * 7);
        Check(new NaiveConvolution(kernel, 2, 2, 7, 7, 2, 3), 1.02);
        double[] middle = [kernel[24], kernel[49 + 24], kernel[98 + 24], kernel[147 + 24]];
        Assert.Equal(
            SpectralNormBound.Convolution(middle, 2, 2, 1, 1, 1, 1), SpectralNormBound.Convolution(kernel, 2, 2, 7, 7, 1, 1));
    }

    private static void CheckRandom(
        ulong seed, int outputs, int inputs, int kernelHeight, int kernelWidth, int height, int width, double factor,
        BoundEffort effort = BoundEffort.Tight)
    {
        double[] kernel = MatrixTesting.Normal<double>(seed, outputs * inputs * kernelHeight * kernelWidth);
        Check(new NaiveConvolution(kernel, outputs, inputs, kernelHeight, kernelWidth, height, width), factor, effort);
    }

    private static void Check(NaiveConvolution m, double factor, BoundEffort effort = BoundEffort.Tight)
    {
        double bound = SpectralNormBound.Convolution(m.Kernel, m.Outputs, m.Inputs, m.KernelHeight, m.KernelWidth, m.Height, m.Width, effort);
        double norm = m.NormFromBelow();

        // What is found from below is rounded itself: |M x| of unit x, to about the square root of its length in u.
        double below = norm * (1 - 1e-13);
        Assert.True(bound >= below && bound <= factor * norm, $"norm {norm:R}, bound {bound:R}, {bound / norm:F4} times it");
    }
}
