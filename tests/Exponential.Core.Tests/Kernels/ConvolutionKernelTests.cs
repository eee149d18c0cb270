using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

public sealed unsafe class ConvolutionKernelTests
{
    [Fact]
    public void MatchNaiveInFloat32() => CheckAll<float>();

    [Fact]
    public void MatchNaiveInFloat64() => CheckAll<double>();

    [Fact]
    public void AnImageDoesNotDependOnThoseBesideIt()
    {
        Check<float>();
        Check<double>();

        static void Check<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            var random = new Random(6);
            GuardedBuffer<T> input = GuardedBuffer<T>.Random(16 * 96 * 81, random);
            GuardedBuffer<T> kernel = GuardedBuffer<T>.Random(96 * 96 * 9, random);
            foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
            {
                T[] alone = First(1);
                foreach (int batch in (int[])[2, 3, 8, 16])
                {
                    Assert.True(alone.AsSpan().SequenceEqual(First(batch)), $"{width} {typeof(T).Name} batch {batch}");
                }

                T[] First(int batch)
                {
                    var output = new GuardedBuffer<T>(batch * 96 * 81);
                    kernels.Forward(
                        Make(batch, 96, 9, 9, 96, 3, 3, 1, 1, 1, 1), ConvolutionMethod.Direct, input.Pointer, kernel.Pointer, null, output.Pointer);
                    return output.ToArray()[..(96 * 81)];
                }
            }
        }
    }

    private static IEnumerable<ConvolutionGeometry> Geometries()
    {
        int[] sides = [1, 3, 5, 7, 8, 9, 13, 16, 17, 28, 32];
        int next = 0;

        // All channel counts 1..13 against one another's tails, all sides, kernels of 1 to 7.
        for (int channels = 1; channels <= 13; channels++)
        {
            foreach (int k in (int[])[1, 3, 5, 7])
            {
                if (k > 3 && channels % 4 != 1)
                {
                    continue;
                }

                int side = sides[next++ % sides.Length];
                yield return Make(1 + next % 3, channels, side, sides[(next * 3) % 8], 14 - channels, k, k, 1, 1, k / 2, k / 2);
            }
        }

        foreach (int side in sides)
        {
            yield return Make(2, 2, side, side, 7, 3, 3, 1, 1, 1, 1);
            yield return Make(3, 3, side, side, 5, 1, 1, 1, 1, 0, 0);
        }

        yield return Make(3, 70, 8, 8, 20, 3, 3, 1, 1, 1, 1);
        yield return Make(5, 6, 16, 16, 64, 3, 3, 1, 1, 1, 1);
        yield return Make(2, 300, 5, 4, 3, 1, 1, 1, 1, 0, 0);
        yield return Make(17, 4, 8, 8, 6, 3, 3, 1, 1, 1, 1);
        yield return Make(1, 300, 16, 32, 7, 1, 1, 1, 1, 0, 0); // more input than a pass over the positions takes
        yield return Make(20, 70, 16, 16, 9, 1, 1, 1, 1, 0, 0); // several blocks of images and of columns
        yield return Make(130, 3, 16, 16, 2, 1, 1, 1, 1, 0, 0); // more images than blocks take at once
        yield return Make(1, 5, 9, 9, 23, 3, 3, 1, 1, 1, 1);
        yield return Make(1, 9, 9, 9, 100, 3, 3, 1, 1, 1, 1); // with few registers the input's gradient is summed in parts

        // Strides, even kernels, paddings that are smaller or larger than the kernel, uneven in the two directions.
        yield return Make(2, 3, 8, 8, 4, 2, 2, 2, 2, 0, 0);
        yield return Make(2, 3, 9, 7, 4, 2, 2, 2, 2, 1, 1);
        yield return Make(2, 5, 9, 8, 6, 3, 3, 2, 2, 1, 1);
        yield return Make(1, 5, 9, 8, 6, 3, 3, 2, 1, 0, 2);
        yield return Make(2, 4, 8, 16, 5, 2, 2, 1, 1, 0, 0);
        yield return Make(2, 4, 8, 16, 5, 2, 2, 1, 1, 1, 1);
        yield return Make(2, 4, 7, 9, 5, 3, 3, 1, 1, 0, 0);
        yield return Make(2, 4, 7, 9, 5, 3, 3, 1, 1, 2, 2);
        yield return Make(2, 4, 7, 9, 5, 3, 3, 1, 1, 4, 3);
        yield return Make(2, 4, 7, 16, 5, 3, 5, 1, 1, 1, 0);
        yield return Make(2, 4, 16, 7, 5, 4, 1, 1, 1, 2, 0);
        yield return Make(1, 2, 3, 3, 2, 1, 1, 1, 1, 1, 1);
        yield return Make(1, 2, 7, 7, 3, 7, 7, 1, 1, 0, 0);
        yield return Make(1, 2, 5, 3, 3, 7, 5, 1, 1, 3, 2);
        yield return Make(4, 3, 5, 6, 2, 1, 1, 2, 3, 0, 0);
        // Strides along one axis alone, over images whose rows are whole vectors.
        yield return Make(2, 3, 4, 16, 5, 1, 1, 2, 1, 0, 0);
        yield return Make(2, 3, 16, 16, 5, 1, 1, 1, 2, 0, 0);
        yield return Make(2, 3, 9, 16, 4, 2, 1, 2, 1, 0, 0);
        yield return Make(2, 3, 9, 16, 4, 3, 1, 3, 1, 0, 0);
    }

    private static ConvolutionGeometry Make(
        int batch, int inputChannels, int height, int width, int outputChannels, int kernelHeight, int kernelWidth, int strideHeight,
        int strideWidth, int paddingHeight, int paddingWidth) =>
        new(
            batch, inputChannels, height, width, outputChannels,
            (height + 2 * paddingHeight - kernelHeight) / strideHeight + 1, (width + 2 * paddingWidth - kernelWidth) / strideWidth + 1,
            kernelHeight, kernelWidth, strideHeight, strideWidth, paddingHeight, paddingWidth);

    private static void CheckAll<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (ConvolutionGeometry g in Geometries())
        {
            Check<T>(g);
        }
    }

    private static void Check<T>(ConvolutionGeometry g)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(g.GetHashCode() & 1023);
        GuardedBuffer<T> input = GuardedBuffer<T>.Random(g.Batch * g.InputChannels * g.InputPlane, random);
        GuardedBuffer<T> kernel = GuardedBuffer<T>.Random(g.OutputChannels * g.Depth, random);
        GuardedBuffer<T> bias = GuardedBuffer<T>.Random(g.OutputChannels, random);
        GuardedBuffer<T> outputGradient = GuardedBuffer<T>.Random(g.Batch * g.OutputChannels * g.OutputPlane, random);
        double[] x = input.ToDoubles(), k = kernel.ToDoubles(), b = bias.ToDoubles(), d = outputGradient.ToDoubles();
        double[] xAbsolute = Naive.Absolute(x), kAbsolute = Naive.Absolute(k), bAbsolute = Naive.Absolute(b), dAbsolute = Naive.Absolute(d);
        double[] withBias = Naive.Forward(g, x, k, b), withBiasScale = Naive.Forward(g, xAbsolute, kAbsolute, bAbsolute);
        double[] without = Naive.Forward(g, x, k, null), withoutScale = Naive.Forward(g, xAbsolute, kAbsolute, null);
        double[] xBar = Naive.InputGradient(g, d, k), xBarScale = Naive.InputGradient(g, dAbsolute, kAbsolute);
        double[] kBar = Naive.KernelGradient(g, x, d), kBarScale = Naive.KernelGradient(g, xAbsolute, dAbsolute);

        foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
        {
            string what = $"{width} {g}";
            var output = new GuardedBuffer<T>(outputGradient.Count);
            kernels.Forward(g, ConvolutionMethod.Direct, input.Pointer, kernel.Pointer, bias.Pointer, output.Pointer);
            output.AssertClose(withBias, withBiasScale, g.Depth + 2, "forward with bias " + what);
            kernels.Forward(g, ConvolutionMethod.Direct, input.Pointer, kernel.Pointer, null, output.Pointer);
            output.AssertClose(without, withoutScale, g.Depth + 2, "forward " + what);

            var inputGradient = new GuardedBuffer<T>(input.Count);
            kernels.InputGradient(g, ConvolutionMethod.Direct, outputGradient.Pointer, kernel.Pointer, inputGradient.Pointer);
            inputGradient.AssertClose(xBar, xBarScale, g.OutputChannels * g.Taps + 2, "input gradient " + what);

            var kernelGradient = new GuardedBuffer<T>(kernel.Count);
            kernels.KernelGradient(g, ConvolutionMethod.Direct, input.Pointer, outputGradient.Pointer, kernelGradient.Pointer);
            kernelGradient.AssertClose(kBar, kBarScale, g.Batch * g.OutputPlane + 2, "kernel gradient " + what);
        }
    }
}
