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

    private static T[] All<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(4);
        var results = new List<GuardedBuffer<T>>();

        GuardedBuffer<T> a = GuardedBuffer<T>.Random(400 * 300, random);
        GuardedBuffer<T> b = GuardedBuffer<T>.Random(300 * 400, random);
        Gemm.Multiply(400, 400, 300, a.Pointer, 300, 1, b.Pointer, 400, 1, Result(400 * 400), 400, false);
        nint[] offsets = [.. Enumerable.Range(0, 200).Select(i => (nint)(600 * i))];
        Gemm.MultiplyBatched(20, 20, 30, a.Pointer, offsets, 30, 1, b.Pointer, offsets, 20, 1, Result(200 * 400), 400);

        foreach (int kernelSide in (int[])[1, 3])
        {
            foreach (int stride in (int[])[1, 2])
            {
                int side = (16 - 1) / stride + 1;
                var g = new ConvolutionGeometry(19, 12, 16, 16, 20, side, side, kernelSide, kernelSide, stride, stride, kernelSide / 2, kernelSide / 2);
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

        var exponential = new ConvolutionExponentialGeometry(19, 12, 16, 16, 3, 3);
        int size = 19 * 12 * 256;
        GuardedBuffer<T> kernel = GuardedBuffer<T>.Random(12 * 12 * 9, random, 0.01);
        ConvolutionExponentialKernels.Apply(exponential, a.Pointer, kernel.Pointer, 1, 6, 1, false, Result(size));
        ConvolutionExponentialKernels.Gradient(exponential, a.Pointer, kernel.Pointer, 1, 6, 2, b.Pointer, Result(size), Result(12 * 12 * 9));
        return [.. results.SelectMany(result => result.ToArray())];

        T* Result(int count)
        {
            results.Add(new GuardedBuffer<T>(count));
            return results[^1].Pointer;
        }
    }
}
