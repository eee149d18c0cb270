using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

/// <summary>Winograd's convolution at every width, for sizes that do and do not divide into tiles, panels and blocks of channels.</summary>
public sealed unsafe class WinogradTests
{
    [Fact]
    public void MatchesNaiveInFloat32() => CheckAll<float>();

    /// <summary>The points and the transforms are right to the last digits; float64 is never computed so otherwise.</summary>
    [Fact]
    public void MatchesNaiveInFloat64() => CheckAll<double>();

    /// <summary>The promise of <see cref="ArithmeticAccuracy.Fast"/>, at the shapes of the mixing flow's networks.</summary>
    [Theory]
    [InlineData(64, 32, 16)]
    [InlineData(160, 32, 8)]
    [InlineData(12, 64, 8)]
    [InlineData(32, 160, 16)]
    public void ErrorsStayBelowFiveMillionths(int inputs, int outputs, int side)
    {
        var g = new ConvolutionGeometry(2, inputs, side, side, outputs, side, side, 3, 3, 1, 1, 1, 1);
        var random = new Random(inputs);
        GuardedBuffer<float> x = GuardedBuffer<float>.Random(g.Batch * inputs * g.InputPlane, random);
        GuardedBuffer<float> kernel = GuardedBuffer<float>.Random(outputs * g.Depth, random);
        GuardedBuffer<float> yBar = GuardedBuffer<float>.Random(g.Batch * outputs * g.OutputPlane, random);
        double[] xValues = x.ToDoubles(), weights = kernel.ToDoubles(), yBarValues = yBar.ToDoubles();
        double[] xAbsolute = Naive.Absolute(xValues), weightsAbsolute = Naive.Absolute(weights), yBarAbsolute = Naive.Absolute(yBarValues);
        double[] y = Naive.Forward(g, xValues, weights, null), yScale = Naive.Forward(g, xAbsolute, weightsAbsolute, null);
        double[] xBar = Naive.InputGradient(g, yBarValues, weights), xBarScale = Naive.InputGradient(g, yBarAbsolute, weightsAbsolute);
        double[] kernelBar = Naive.KernelGradient(g, xValues, yBarValues), kernelBarScale = Naive.KernelGradient(g, xAbsolute, yBarAbsolute);
        foreach ((SimdWidth width, ContractionKernels<float> kernels) in KernelWidths.Kernels<float>())
        {
            var result = new GuardedBuffer<float>(y.Length);
            kernels.Forward(g, ConvolutionMethod.Winograd, x.Pointer, kernel.Pointer, null, result.Pointer);
            AssertFast(result, y, yScale, $"forward {width}");
            result = new GuardedBuffer<float>(xBar.Length);
            kernels.InputGradient(g, ConvolutionMethod.Winograd, yBar.Pointer, kernel.Pointer, result.Pointer);
            AssertFast(result, xBar, xBarScale, $"input gradient {width}");
            result = new GuardedBuffer<float>(kernelBar.Length);
            kernels.KernelGradient(g, ConvolutionMethod.Winograd, x.Pointer, yBar.Pointer, result.Pointer);
            AssertFast(result, kernelBar, kernelBarScale, $"kernel gradient {width}");
        }
    }

    [Theory]
    [InlineData(24, 8)]
    [InlineData(48, 8)]
    public void ErrorsOfTheExponentialStayBelowFiveMillionths(int channels, int side)
    {
        const int Terms = 6;
        var g = new ConvolutionExponentialGeometry(2, channels, side, side, 3, 3);
        var random = new Random(channels);
        int size = g.Batch * channels * side * side;
        GuardedBuffer<float> x = GuardedBuffer<float>.Random(size, random), yBar = GuardedBuffer<float>.Random(size, random);
        GuardedBuffer<float> kernel = GuardedBuffer<float>.Random(channels * channels * 9, random, 0.5 / channels);
        double[] xValues = x.ToDoubles(), weights = kernel.ToDoubles(), yBarValues = yBar.ToDoubles();
        double[] xAbsolute = Naive.Absolute(xValues), weightsAbsolute = Naive.Absolute(weights), yBarAbsolute = Naive.Absolute(yBarValues);
        double[] y = Naive.Exponential(g, xValues, weights, 1, Terms, 1, false);
        double[] yScale = Naive.Exponential(g, xAbsolute, weightsAbsolute, 1, Terms, 1, false);
        (double[] xBar, double[] kernelBar) = Naive.ExponentialGradient(g, xValues, weights, 1, Terms, 1, yBarValues);
        (double[] xBarScale, double[] kernelBarScale) = Naive.ExponentialGradient(g, xAbsolute, weightsAbsolute, 1, Terms, 1, yBarAbsolute);
        foreach ((SimdWidth width, ContractionKernels<float> kernels) in KernelWidths.Kernels<float>())
        {
            var result = new GuardedBuffer<float>(size);
            kernels.Exponential(g, ConvolutionMethod.Winograd, x.Pointer, kernel.Pointer, 1, Terms, 1, false, result.Pointer);
            AssertFast(result, y, yScale, $"forward {width}");
            var kernelResult = new GuardedBuffer<float>(kernel.Count);
            kernels.ExponentialGradient(
                g, ConvolutionMethod.Winograd, x.Pointer, kernel.Pointer, 1, Terms, 1, yBar.Pointer, result.Pointer, kernelResult.Pointer);
            AssertFast(result, xBar, xBarScale, $"input gradient {width}");
            AssertFast(kernelResult, kernelBar, kernelBarScale, $"kernel gradient {width}");
        }
    }

    /// <summary>A choice that a test of values alone would not notice.</summary>
    [Fact]
    public void TheMethodFollowsShapeTypeAndAccuracy()
    {
        ConvolutionGeometry dense = Make(16, 64, 16, 16, 32);
        Assert.Equal(ConvolutionMethod.Winograd, ConvolutionMethods.Choose<float>(dense, ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Winograd, ConvolutionMethods.Choose<float>(Make(16, 160, 8, 8, 32), ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Winograd, ConvolutionMethods.Choose<float>(Make(16, 12, 8, 8, 64), ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.Choose<float>(dense, ArithmeticAccuracy.Tight));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.Choose<double>(dense, ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.Choose<float>(Make(16, 2, 16, 16, 2), ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.Choose<float>(Make(16, 64, 2, 2, 64), ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.Choose<float>(dense with { KernelHeight = 5, PaddingHeight = 2 }, ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.Choose<float>(dense with { PaddingWidth = 0, OutputWidth = 14 }, ArithmeticAccuracy.Fast));
        Assert.Equal(
            ConvolutionMethod.Direct,
            ConvolutionMethods.Choose<float>(dense with { StrideHeight = 2, OutputHeight = 8 }, ArithmeticAccuracy.Fast));
    }

    [Fact]
    public void TheMethodOfTheKernelsGradientFollowsShape()
    {
        Assert.Equal(ConvolutionMethod.Winograd, ConvolutionMethods.ChooseKernelGradient<float>(Make(16, 64, 16, 16, 32), ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Winograd, ConvolutionMethods.ChooseKernelGradient<float>(Make(16, 160, 8, 8, 32), ArithmeticAccuracy.Fast));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.ChooseKernelGradient<float>(Make(16, 64, 16, 16, 32), ArithmeticAccuracy.Tight));
        Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.ChooseKernelGradient<double>(Make(16, 64, 16, 16, 32), ArithmeticAccuracy.Fast));
        if (ContractionKernels.BestWidth >= SimdWidth.Width256)
        {
            Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.ChooseKernelGradient<float>(Make(1, 64, 4, 4, 64), ArithmeticAccuracy.Fast));
        }
    }

    [Fact]
    public void TheMethodOfAnExponentialFollowsShapeAndTerms()
    {
        Assert.Equal(
            ConvolutionMethod.Winograd,
            ConvolutionMethods.Choose<float>(new ConvolutionExponentialGeometry(16, 24, 8, 8, 3, 3), 6, ArithmeticAccuracy.Fast));
        Assert.Equal(
            ConvolutionMethod.Direct,
            ConvolutionMethods.Choose<float>(new ConvolutionExponentialGeometry(64, 3, 32, 32, 3, 3), 6, ArithmeticAccuracy.Fast));

        // A small image does not pay for the transform of the kernel once, but over the terms.
        var single = new ConvolutionExponentialGeometry(1, 24, 12, 12, 3, 3);
        if (ContractionKernels.BestWidth >= SimdWidth.Width256)
        {
            Assert.Equal(ConvolutionMethod.Direct, ConvolutionMethods.Choose<float>(single, 1, ArithmeticAccuracy.Fast));
        }

        Assert.Equal(ConvolutionMethod.Winograd, ConvolutionMethods.Choose<float>(single, 60, ArithmeticAccuracy.Fast));
    }

    [Fact]
    public void AnAccuracyThatDoesNotExistIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuArithmetic.Accuracy = (ArithmeticAccuracy)2);
        Assert.Equal(ArithmeticAccuracy.Fast, CpuArithmetic.Accuracy);
    }

    /// <summary>What is not finite stays in its image and its reach.</summary>
    [Fact]
    public void NonFiniteValuesStayInTheirImages()
    {
        var g = new ConvolutionGeometry(3, 2, 8, 8, 4, 8, 8, 3, 3, 1, 1, 1, 1);
        var random = new Random(2);
        GuardedBuffer<float> x = GuardedBuffer<float>.Random(3 * 2 * 64, random);
        GuardedBuffer<float> kernel = GuardedBuffer<float>.Random(4 * 18, random);
        new Span<float>(x.Pointer + 2 * 64, 2 * 64).Fill(float.NaN);
        foreach ((SimdWidth _, ContractionKernels<float> kernels) in KernelWidths.Kernels<float>())
        {
            var y = new GuardedBuffer<float>(3 * 4 * 64);
            kernels.Forward(g, ConvolutionMethod.Winograd, x.Pointer, kernel.Pointer, null, y.Pointer);
            float[] values = y.ToArray();
            Assert.All(values[..256], value => Assert.True(float.IsFinite(value)));
            Assert.All(values[256..512], value => Assert.True(float.IsNaN(value)));
            Assert.All(values[512..], value => Assert.True(float.IsFinite(value)));
        }
    }

    /// <summary>
    /// Four values of an axis lie in every sum of their tile of four results; the two beside them lie in one each, that of the tile's end.
    /// </summary>
    [Theory]
    [InlineData(float.NaN, 5, 6)]
    [InlineData(float.NaN, 4, 11)]
    [InlineData(float.PositiveInfinity, 0, 15)]
    [InlineData(float.NegativeInfinity, 7, 8)]
    public void ANonFiniteValueSpreadsOverItsTile(float value, int row, int column)
    {
        var g = new ConvolutionGeometry(3, 2, 16, 16, 4, 16, 16, 3, 3, 1, 1, 1, 1);
        var random = new Random(3);
        GuardedBuffer<float> x = GuardedBuffer<float>.Random(3 * 2 * 256, random);
        GuardedBuffer<float> kernel = GuardedBuffer<float>.Random(4 * 18, random);
        x.Pointer[(2 * 256) + (row * 16) + column] = value;
        foreach ((SimdWidth width, ContractionKernels<float> kernels) in KernelWidths.Kernels<float>())
        {
            var y = new GuardedBuffer<float>(3 * 4 * 256);
            kernels.Forward(g, ConvolutionMethod.Winograd, x.Pointer, kernel.Pointer, null, y.Pointer);
            float[] values = y.ToArray();
            for (int i = 0; i < values.Length; i++)
            {
                bool isReached = i / 1024 == 1 && Reads(i / 16 % 16, row) && Reads(i % 16, column);
                Assert.True(float.IsFinite(values[i]) != isReached, $"{width}: {values[i]} at {i}");
            }
        }

        static bool Reads(int result, int position) => result / 4 == position / 4 || Math.Abs(result - position) == 1;
    }

    private static IEnumerable<ConvolutionGeometry> Geometries()
    {
        int[] sides = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17];
        int next = 0;
        foreach (int outputs in (int[])[1, 2, 3, 4, 5, 8, 9, 12, 13, 16, 17, 20, 24, 25, 28, 36, 40, 48, 51])
        {
            int height = sides[next++ % sides.Length];
            yield return Make(1 + next % 4, 1 + (5 * next) % 13, height, sides[(next * 3) % sides.Length], outputs);
        }

        foreach (int side in sides)
        {
            yield return Make(2, 3, side, side, 5);
        }

        yield return Make(19, 2, 4, 4, 3);
        yield return Make(9, 5, 8, 8, 12);
        yield return Make(1, 4, 28, 28, 7);
        yield return Make(2, 3, 33, 70, 3); // rims of more than a vector
        yield return Make(1, 300, 6, 9, 2);
        yield return Make(0, 3, 8, 8, 4);
    }

    private static ConvolutionGeometry Make(int batch, int inputs, int height, int width, int outputs) =>
        new(batch, inputs, height, width, outputs, height, width, 3, 3, 1, 1, 1, 1);

    private static void CheckAll<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (ConvolutionGeometry g in Geometries())
        {
            var random = new Random(g.GetHashCode() & 1023);
            GuardedBuffer<T> x = GuardedBuffer<T>.Random(g.Batch * g.InputChannels * g.InputPlane, random);
            GuardedBuffer<T> kernel = GuardedBuffer<T>.Random(g.OutputChannels * g.Depth, random);
            GuardedBuffer<T> bias = GuardedBuffer<T>.Random(g.OutputChannels, random);
            GuardedBuffer<T> yBar = GuardedBuffer<T>.Random(g.Batch * g.OutputChannels * g.OutputPlane, random);
            double[] xValues = x.ToDoubles(), weights = kernel.ToDoubles(), yBarValues = yBar.ToDoubles();
            double[] expected = Naive.Forward(g, xValues, weights, bias.ToDoubles());
            double[] scale = WinogradScale.Forward(g, xValues, weights);
            double[] expectedWithout = Naive.Forward(g, xValues, weights, null);
            double[] xBarExpected = Naive.InputGradient(g, yBarValues, weights);
            double[] xBarScale = WinogradScale.InputGradient(g, yBarValues, weights);
            double[] kernelBarExpected = Naive.KernelGradient(g, xValues, yBarValues);
            double[] kernelBarScale = WinogradScale.KernelGradient(g, xValues, yBarValues);

            // A bias is one more addition to a value of that scale or of the bias's own, at most 1.
            double[] withBiasScale = [.. scale.Select(value => value + 1)];
            foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
            {
                string what = $"{width} {g}";
                var y = new GuardedBuffer<T>(yBar.Count);
                kernels.Forward(g, ConvolutionMethod.Winograd, x.Pointer, kernel.Pointer, bias.Pointer, y.Pointer);
                y.AssertClose(expected, withBiasScale, WinogradScale.Roundings(g.InputChannels), "forward with bias " + what);
                kernels.Forward(g, ConvolutionMethod.Winograd, x.Pointer, kernel.Pointer, null, y.Pointer);
                y.AssertClose(expectedWithout, scale, WinogradScale.Roundings(g.InputChannels), "forward " + what);

                var xBar = new GuardedBuffer<T>(x.Count);
                kernels.InputGradient(g, ConvolutionMethod.Winograd, yBar.Pointer, kernel.Pointer, xBar.Pointer);
                xBar.AssertClose(xBarExpected, xBarScale, WinogradScale.Roundings(g.OutputChannels), "input gradient " + what);

                var kernelBar = new GuardedBuffer<T>(kernel.Count);
                kernels.KernelGradient(g, ConvolutionMethod.Winograd, x.Pointer, yBar.Pointer, kernelBar.Pointer);
                kernelBar.AssertClose(kernelBarExpected, kernelBarScale, WinogradScale.KernelRoundings(g), "kernel gradient " + what);
            }
        }
    }

    private static void AssertFast(GuardedBuffer<float> result, double[] expected, double[] scale, string what)
    {
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < result.Count; i++)
        {
            double error = Math.Abs(result.Pointer[i] - expected[i]);
            Assert.True(error <= 5e-6 * Math.Min(largest, scale[i]), $"{what}: [{i}] is {result.Pointer[i]:R}, expected {expected[i]:R}");
        }
    }
}
