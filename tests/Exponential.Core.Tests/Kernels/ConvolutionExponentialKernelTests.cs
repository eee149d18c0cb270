using System.Numerics;
using System.Runtime.Intrinsics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

public sealed unsafe class ConvolutionExponentialKernelTests
{
    private static readonly ConvolutionExponentialGeometry[] LargeGeometries = [new(1, 100, 5, 5, 3, 3), new(1, 100, 8, 8, 3, 3)];

    [Fact]
    public void MatchesNaiveInFloat32() => CheckAll<float>();

    [Fact]
    public void MatchesNaiveInFloat64() => CheckAll<double>();

    /// <summary>
    /// The gradients against central differences, which know nothing of Horner's form or of the recursion of the adjoint.
    /// </summary>
    [Fact]
    public void GradientMatchesFiniteDifferences()
    {
        var g = new ConvolutionExponentialGeometry(2, 2, 3, 4, 3, 3);
        var random = new Random(3);
        GuardedBuffer<double> x = GuardedBuffer<double>.Random(48, random);
        GuardedBuffer<double> kernel = GuardedBuffer<double>.Random(36, random, 0.3);
        GuardedBuffer<double> yBar = GuardedBuffer<double>.Random(48, random);
        var xBar = new GuardedBuffer<double>(48);
        var kernelBar = new GuardedBuffer<double>(36);
        ConvolutionExponentialKernels.Gradient(g, x.Pointer, kernel.Pointer, 0.7, 8, 3, yBar.Pointer, xBar.Pointer, kernelBar.Pointer);

        AssertDifferences(x, xBar);
        AssertDifferences(kernel, kernelBar);

        void AssertDifferences(GuardedBuffer<double> variable, GuardedBuffer<double> gradient)
        {
            const double Step = 1e-5;
            for (int i = 0; i < variable.Count; i++)
            {
                double kept = variable.Pointer[i];
                variable.Pointer[i] = kept + Step;
                double above = Value();
                variable.Pointer[i] = kept - Step;
                double below = Value();
                variable.Pointer[i] = kept;

                // Truncation Step^2 and rounding eps / Step, times third derivatives and values below 100.
                Assert.Equal((above - below) / (2 * Step), gradient.Pointer[i], 100 * (Step * Step + 2.3e-16 / Step));
            }
        }

        double Value()
        {
            var y = new GuardedBuffer<double>(48);
            ConvolutionExponentialKernels.Apply(g, x.Pointer, kernel.Pointer, 0.7, 8, 3, false, y.Pointer);
            return y.ToDoubles().Zip(yBar.ToDoubles(), (a, b) => a * b).Sum();
        }
    }

    /// <summary>With few registers the large cases sum in parts, with an addend and a factor; those that stop doing so no longer test it.</summary>
    [Fact]
    public void TheLargeCasesAreSummedInParts()
    {
        Check<float, float, SimdScalar<float>>();
        Check<double, double, SimdScalar<double>>();
        Check<float, Vector128<float>, Simd128<float>>();
        Check<double, Vector128<double>, Simd128<double>>();
        Check<float, Vector256<float>, Simd256<float>>();
        Check<double, Vector256<double>, Simd256<double>>();

        static void Check<T, TVector, TSimd>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
            where TSimd : struct, ISimd<T, TVector>
        {
            foreach (ConvolutionExponentialGeometry g in LargeGeometries)
            {
                int channels = ShiftedProduct<T, TVector, TSimd>.PartChannels(g.Product);
                Assert.True(TSimd.TileVectors == 4 ? channels == g.Channels : channels < g.Channels, $"{typeof(TSimd)} {g}: {channels}");
            }
        }
    }

    private static IEnumerable<(ConvolutionExponentialGeometry Geometry, int Terms, int Steps)> Cases()
    {
        int[] sides = [1, 3, 5, 7, 8, 9, 13, 16, 17, 28, 32];
        int next = 0;
        for (int channels = 1; channels <= 13; channels++)
        {
            int side = sides[next++ % sides.Length];
            yield return (new(1 + next % 3, channels, side, sides[(next * 5) % 9], 3, 3), next % 4, 1 + next % 2);
        }

        foreach (int side in sides)
        {
            yield return (new(2, 2, side, side, 3, 3), 3, 1);
            yield return (new(2, 3, side, 9, 5, 5), 2, 2);
            yield return (new(1, 2, side, side, 1, 1), 3, 2);
            yield return (new(1, 1, 7, side, 7, 7), 2, 1);
        }

        yield return (new(5, 4, 8, 8, 3, 3), 6, 1);
        yield return (new(19, 2, 4, 4, 3, 3), 3, 1);
        yield return (new(3, 2, 6, 5, 1, 5), 3, 2);
        yield return (new(3, 2, 6, 5, 7, 3), 3, 2);
        yield return (new(2, 31, 5, 5, 3, 3), 2, 2);
        yield return (LargeGeometries[0], 2, 2);
        yield return (LargeGeometries[1], 2, 2);
        yield return (new(2, 3, 4, 4, 3, 3), 0, 3);
        yield return (new(2, 3, 4, 4, 3, 3), 13, 3);
    }

    private static void CheckAll<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach ((ConvolutionExponentialGeometry g, int terms, int steps) in Cases())
        {
            Check<T>(g, ConvolutionMethod.Direct, terms, steps);
            if (g is { KernelHeight: 3, KernelWidth: 3 })
            {
                Check<T>(g, ConvolutionMethod.Winograd, terms, steps);
            }
        }
    }

    private static void Check<T>(ConvolutionExponentialGeometry g, ConvolutionMethod method, int terms, int steps)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const double Factor = 0.75;
        var random = new Random(g.GetHashCode() & 1023);
        int taps = g.KernelHeight * g.KernelWidth;
        int size = g.Batch * g.Channels * g.Height * g.Width;
        GuardedBuffer<T> x = GuardedBuffer<T>.Random(size, random);
        GuardedBuffer<T> yBar = GuardedBuffer<T>.Random(size, random);
        GuardedBuffer<T> kernel = GuardedBuffer<T>.Random(g.Channels * g.Channels * taps, random, 1.0 / (g.Channels * taps));
        double[] xValues = x.ToDoubles(), kernelValues = kernel.ToDoubles(), yBarValues = yBar.ToDoubles();
        foreach (bool adjoint in (bool[])[false, true])
        {
            double[] expected = Naive.Exponential(g, xValues, kernelValues, Factor, terms, steps, adjoint);
            double[] bounds = method == ConvolutionMethod.Direct
                ? DirectBounds(g, xValues, kernelValues, Factor, terms, steps, adjoint)
                : WinogradSeriesBounds.Exponential(g, xValues, kernelValues, Factor, terms, steps, adjoint);
            foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
            {
                var y = new GuardedBuffer<T>(size);
                kernels.Exponential(g, method, x.Pointer, kernel.Pointer, Factor, terms, steps, adjoint, y.Pointer);
                y.AssertClose(expected, bounds, 1, $"{method} adjoint {adjoint} {width} {g} {terms} terms {steps} steps");
            }
        }

        (double[] xBarExpected, double[] kernelBarExpected) =
            Naive.ExponentialGradient(g, xValues, kernelValues, Factor, terms, steps, yBarValues);
        (double[] xBarBounds, double[] kernelBarBounds) = method == ConvolutionMethod.Direct
            ? DirectGradientBounds(g, xValues, kernelValues, Factor, terms, steps, yBarValues)
            : WinogradSeriesBounds.Gradient(g, xValues, kernelValues, Factor, terms, steps, yBarValues);
        foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
        {
            string what = $"{method} {width} {g} {terms} terms {steps} steps";
            var xBar = new GuardedBuffer<T>(size);
            var kernelBar = new GuardedBuffer<T>(kernel.Count);
            kernels.ExponentialGradient(
                g, method, x.Pointer, kernel.Pointer, Factor, terms, steps, yBar.Pointer, xBar.Pointer, kernelBar.Pointer);
            xBar.AssertClose(xBarExpected, xBarBounds, 1, "xBar " + what);
            kernelBar.AssertClose(kernelBarExpected, kernelBarBounds, 1, "kernelBar " + what);

            // Each gradient alone: the same bits.
            var xBarAlone = new GuardedBuffer<T>(size);
            var kernelBarAlone = new GuardedBuffer<T>(kernel.Count);
            kernels.ExponentialGradient(g, method, x.Pointer, kernel.Pointer, Factor, terms, steps, yBar.Pointer, xBarAlone.Pointer, null);
            kernels.ExponentialGradient(g, method, x.Pointer, kernel.Pointer, Factor, terms, steps, yBar.Pointer, null, kernelBarAlone.Pointer);
            Assert.Equal(xBar.ToArray(), xBarAlone.ToArray());
            Assert.Equal(kernelBar.ToArray(), kernelBarAlone.ToArray());
        }
    }

    // Each term is a product of `depth` terms and two more roundings on top of the last one's.
    private static double DirectRoundings(ConvolutionExponentialGeometry g, int terms, int steps) =>
        (double)(g.Channels * g.KernelHeight * g.KernelWidth + 4) * (terms + 1) * steps;

    private static double[] DirectBounds(
        ConvolutionExponentialGeometry g, double[] x, double[] kernel, double factor, int terms, int steps, bool adjoint)
    {
        double[] scale = Naive.Exponential(g, Naive.Absolute(x), Naive.Absolute(kernel), factor, terms, steps, adjoint);
        return [.. scale.Select(value => value * DirectRoundings(g, terms, steps))];
    }

    private static (double[] XBar, double[] KernelBar) DirectGradientBounds(
        ConvolutionExponentialGeometry g, double[] x, double[] kernel, double factor, int terms, int steps, double[] yBar)
    {
        double roundings = DirectRoundings(g, terms, steps);
        double kernelRoundings = 2 * roundings + (double)g.Batch * g.Height * g.Width * Math.Max(terms, 1) + 16;
        (double[] xBar, double[] kernelBar) =
            Naive.ExponentialGradient(g, Naive.Absolute(x), Naive.Absolute(kernel), factor, terms, steps, Naive.Absolute(yBar));
        return ([.. xBar.Select(value => value * roundings)], [.. kernelBar.Select(value => value * kernelRoundings)]);
    }
}
