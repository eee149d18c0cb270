using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

/// <summary>The same bits whatever the number of threads.</summary>
[Collection(GlobalState.Name)]
public sealed unsafe class ThreadCountTests
{
    [Fact]
    public void ResultsDoNotDependOnTheNumberOfThreads()
    {
        Check<float>();
        Check<double>();

        static void Check<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            int before = Workers.Count;
            try
            {
                Workers.Count = 1;
                T[] one = All<T>();
                for (int count = 2; count <= 3; count++)
                {
                    Workers.Count = count;
                    Assert.Equal(one, All<T>());
                }
            }
            finally
            {
                Workers.Count = before;
            }
        }
    }

    /// <summary>A caller who finds the workers busy computes alone, and the same.</summary>
    [Fact]
    public void CallersAtOnceDoNotDisturbOneAnother()
    {
        float[] alone = All<float>();
        var results = new float[3][];
        Thread[] callers = [.. Enumerable.Range(0, 3).Select(i => new Thread(() => results[i] = All<float>()))];
        Array.ForEach(callers, caller => caller.Start());
        Array.ForEach(callers, caller => caller.Join());
        Assert.All(results, result => Assert.Equal(alone, result));
    }

    /// <summary>Scratch memory is kept: what a call leaves to the collector is a few closures.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void RepeatedCallsLeaveNoGarbage(int threads)
    {
        int before = Workers.Count;
        try
        {
            Workers.Count = threads;
            var g = new ConvolutionGeometry(4, 12, 16, 16, 20, 16, 16, 3, 3, 1, 1, 1, 1);
            var square = new ConvolutionExponentialGeometry(4, 12, 16, 16, 3, 3);
            var random = new Random(5);
            GuardedBuffer<float> x = GuardedBuffer<float>.Random(4 * 20 * 256, random);
            GuardedBuffer<float> kernel = GuardedBuffer<float>.Random(20 * 12 * 9, random, 0.01);
            GuardedBuffer<float> y = new(4 * 20 * 256), xBar = new(4 * 20 * 256), kernelBar = new(20 * 12 * 9);
            Calls();
            long[] rounds = [.. Enumerable.Range(0, 20).Select(_ => Round())];

            // Several threads share out the buffers as they come: a round in which the caller first meets one more thread at work creates a buffer
            // (65,560 bytes once, in one run of twelve), which is kept. A buffer that is lost is created again in every round.
            Array.Sort(rounds);
            long most = threads == 1 ? rounds[^1] : rounds[rounds.Length * 3 / 4];

            // Without vectors more of the calls take Winograd's way, which has more closures: 4,936 bytes were measured.
            Assert.InRange(most, 0, ContractionKernels.BestWidth == SimdWidth.Scalar ? 5120 : 4096);

            long Round()
            {
                long start = GC.GetAllocatedBytesForCurrentThread();
                Calls();
                return GC.GetAllocatedBytesForCurrentThread() - start;
            }

            void Calls()
            {
                Gemm.Multiply(64, 64, 64, x.Pointer, 64, 1, x.Pointer, 64, 1, y.Pointer, 64, false);
                ConvolutionKernels.Forward(g, x.Pointer, kernel.Pointer, null, y.Pointer);
                ConvolutionKernels.InputGradient(g, x.Pointer, kernel.Pointer, xBar.Pointer);
                ConvolutionKernels.KernelGradient(g, x.Pointer, x.Pointer, kernelBar.Pointer);
                ConvolutionExponentialKernels.Apply(square, x.Pointer, kernel.Pointer, 1, 6, 1, false, y.Pointer);
                ConvolutionExponentialKernels.Gradient(
                    square, x.Pointer, kernel.Pointer, 1, 6, 1, x.Pointer, xBar.Pointer, kernelBar.Pointer);
            }
        }
        finally
        {
            Workers.Count = before;
        }
    }

    private static T[] All<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(4);
        var results = new List<GuardedBuffer<T>>();

        GuardedBuffer<T> a = GuardedBuffer<T>.Random(400 * 300, random);
        GuardedBuffer<T> b = GuardedBuffer<T>.Random(300 * 400, random);
        Gemm.Multiply(400, 400, 300, a.Pointer, 300, 1, b.Pointer, 400, 1, Result(400 * 400), 400, false);

        // Several slabs of B; then fewer tiles of rows than threads too.
        Gemm.Multiply(150, 150, 770, a.Pointer, 770, 1, b.Pointer, 150, 1, Result(150 * 150), 150, false);
        Gemm.Multiply(7, 150, 770, a.Pointer, 770, 1, b.Pointer, 150, 1, Result(7 * 150), 150, true);
        nint[] offsets = [.. Enumerable.Range(0, 200).Select(i => (nint)(600 * i))];
        Gemm.MultiplyBatched(20, 20, 30, a.Pointer, offsets, 30, 1, b.Pointer, offsets, 20, 1, Result(200 * 400), 400);

        foreach (int kernelSide in (int[])[1, 3])
        {
            foreach (int stride in (int[])[1, 2])
            {
                int side = (16 - 1) / stride + 1;
                var g = new ConvolutionGeometry(
                    19, 12, 16, 16, 20, side, side, kernelSide, kernelSide, stride, stride, kernelSide / 2, kernelSide / 2);
                ConvolutionKernels.Forward(g, a.Pointer, b.Pointer, b.Pointer, Result(g.Batch * g.OutputChannels * g.OutputPlane));
                ConvolutionKernels.InputGradient(g, a.Pointer, b.Pointer, Result(g.Batch * g.InputChannels * g.InputPlane));
                ConvolutionKernels.KernelGradient(g, a.Pointer, b.Pointer, Result(g.OutputChannels * g.Depth));
            }
        }

        // One image, which is shared out by channels.
        var single = new ConvolutionGeometry(1, 12, 9, 9, 23, 9, 9, 3, 3, 1, 1, 1, 1);
        ConvolutionKernels.Forward(single, a.Pointer, b.Pointer, b.Pointer, Result(single.OutputChannels * single.OutputPlane));
        single = new ConvolutionGeometry(1, 64, 32, 32, 64, 32, 32, 1, 1, 1, 1, 0, 0);
        ConvolutionKernels.Forward(single, a.Pointer, b.Pointer, b.Pointer, Result(single.OutputChannels * single.OutputPlane));

        // By Winograd, where T is float: panels to share out, and one panel, which is shared out by channels.
        var winograd = new ConvolutionGeometry(7, 24, 16, 16, 60, 16, 16, 3, 3, 1, 1, 1, 1);
        ConvolutionKernels.Forward(winograd, a.Pointer, b.Pointer, b.Pointer, Result(7 * 60 * 256));
        ConvolutionKernels.InputGradient(winograd, a.Pointer, b.Pointer, Result(7 * 24 * 256));
        ConvolutionKernels.KernelGradient(winograd, a.Pointer, b.Pointer, Result(60 * 24 * 9));
        winograd = new ConvolutionGeometry(1, 24, 16, 16, 60, 16, 16, 3, 3, 1, 1, 1, 1);
        ConvolutionKernels.Forward(winograd, a.Pointer, b.Pointer, b.Pointer, Result(60 * 256));

        var exponential = new ConvolutionExponentialGeometry(19, 12, 16, 16, 3, 3);
        int size = 19 * 12 * 256;
        GuardedBuffer<T> kernel = GuardedBuffer<T>.Random(12 * 12 * 9, random, 0.01);
        ConvolutionExponentialKernels.Apply(exponential, a.Pointer, kernel.Pointer, 1, 6, 1, false, Result(size));
        ConvolutionExponentialKernels.Gradient(
            exponential, a.Pointer, kernel.Pointer, 1, 6, 2, b.Pointer, Result(size), Result(12 * 12 * 9));

        GuardedBuffer<T> square = GuardedBuffer<T>.Random(12 * 12 * 4, random, 0.02);
        for (int channel = 0; channel < 12; channel++)
        {
            square.Pointer[(channel * 52) + 3] = T.One;
        }

        AutoregressiveKernels.Inverse(new(19, 12, 16, 16), a.Pointer, square.Pointer, Result(size));

        exponential = new ConvolutionExponentialGeometry(5, 24, 8, 8, 3, 3);
        kernel = GuardedBuffer<T>.Random(24 * 24 * 9, random, 0.01);
        ConvolutionExponentialKernels.Apply(exponential, a.Pointer, kernel.Pointer, 1, 6, 1, false, Result(5 * 24 * 64));
        ConvolutionExponentialKernels.Gradient(
            exponential, a.Pointer, kernel.Pointer, 1, 6, 2, b.Pointer, Result(5 * 24 * 64), Result(24 * 24 * 9));
        return [.. results.SelectMany(result => result.ToArray())];

        T* Result(int count)
        {
            results.Add(new GuardedBuffer<T>(count));
            return results[^1].Pointer;
        }
    }
}
