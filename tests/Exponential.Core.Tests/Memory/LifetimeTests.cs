using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Memory without Dispose: what comes back when, and that nothing comes back early.</summary>
[Collection(GlobalState.Name)]
public sealed class LifetimeTests
{
    private const int Bytes = 1 << 18;

    public LifetimeTests() => GlobalState.EmptyPool();

    [Fact]
    public void HandlesAreNotFinalisedUnderTheirKernels()
    {
        // Each expression drops its operands' handles while kernels run on them; another thread collects all the time, and what comes
        // back too early is full of NaN.
        BufferPool.PoisonReturned = true;
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2.5));
        var collector = new Thread(() =>
        {
            for (int round = 0; !stop.IsCancellationRequested; round++)
            {
                GC.Collect(round % 16 == 0 ? 2 : round % 4 == 0 ? 1 : 0);
            }
        });
        collector.Start();
        try
        {
            Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
            {
                for (int round = 0; !stop.IsCancellationRequested; round++)
                {
                    CheckOnce(1 + ((thread + round) % 7));
                }
            });
        }
        finally
        {
            stop.Cancel();
            collector.Join();
            BufferPool.PoisonReturned = false;
        }
    }

    [Fact]
    public void HandlesSurviveCollections()
    {
        Tensor[] kept = [.. Enumerable.Range(0, 50).Select(index => Tensor.Full([100 + index], index))];
        for (int generation = 0; generation <= 2; generation++)
        {
            BufferPool.PoisonReturned = true;
            Lose(() => Tensor.Ones([123]) + 1);
            BufferPool.CollectUnreachable(generation);
            BufferPool.PoisonReturned = false;
        }

        for (int index = 0; index < kept.Length; index++)
        {
            Assert.All(kept[index].ToArray<float>(), value => Assert.Equal(index, value));
        }
    }

    [Fact]
    public void AGraphThatNeverRunsBackwardIsNoLeak()
    {
        var weight = new Parameter(Tensor.Ones([Bytes / sizeof(float)]));
        BufferPool.CollectUnreachable(2);
        long before = BufferPool.InUse;
        for (int step = 0; step < 10; step++)
        {
            Lose(() => Deep(weight, 8).Sum());
        }

        BufferPool.CollectUnreachable(2);
        Assert.Equal(before, BufferPool.InUse);
    }

    [Fact]
    public void GraphsThatNeverRunBackwardStayBelowTheHighWaterMark()
    {
        // 200 graphs of 2 MiB would be 400 MiB; the pool collects before it passes its mark.
        var weight = new Parameter(Tensor.Ones([Bytes / sizeof(float)]));
        BufferPool.CollectUnreachable(2);
        BufferPool.ResetPeak();
        for (int step = 0; step < 200; step++)
        {
            Lose(() => Deep(weight, 8).Sum());
        }

        Assert.InRange(BufferPool.Peak, 0, 300L << 20);
    }

    [Fact]
    public void ABackwardPassReleasesAsItGoes()
    {
        const int Depth = 40;
        var weight = new Parameter(Tensor.Ones([Bytes / sizeof(float)]));
        BufferPool.CollectUnreachable(2);
        long before = BufferPool.InUse;
        Tensor loss = Build(weight, Depth);
        BufferPool.CollectUnreachable(2);

        // The graph holds one saved value an operation (the sum none), and no handle.
        Assert.InRange(BufferPool.InUse - before, (Depth - 1) * Bytes, (Depth + 1) * Bytes);
        BufferPool.ResetPeak();
        Gradients gradients = loss.Backward();

        // Some cotangents at a time on top of the saved values, and afterwards the gradient alone; no collection has to help.
        Assert.InRange(BufferPool.Peak - before, 0, (Depth + 6) * Bytes);
        Assert.InRange(BufferPool.InUse - before, Bytes, 3 * Bytes);
        Assert.Equal(Bytes / sizeof(float), gradients[weight].ElementCount);
    }

    [Fact]
    public void RecomputingKeepsTheInputOnly()
    {
        const int Depth = 40;
        var weight = new Parameter(Tensor.Ones([Bytes / sizeof(float)]));
        BufferPool.CollectUnreachable(2);
        long before = BufferPool.InUse;
        Tensor loss = Recomputed(weight, Depth);
        BufferPool.CollectUnreachable(2);
        Assert.InRange(BufferPool.InUse - before, 0, 2 * Bytes);
        Assert.Equal(Deep(weight, Depth).Sum().Backward()[weight].ToArray<float>(), loss.Backward()[weight].ToArray<float>());
    }

    [Fact]
    public void AFailedOperationLeavesNothingBehind()
    {
        Tensor singular = Tensor.Ones([64, 64]);
        BufferPool.CollectUnreachable(2);
        long before = BufferPool.InUse;
        for (int attempt = 0; attempt < 20; attempt++)
        {
            Assert.Throws<ArithmeticException>(() => singular.Inverse());
        }

        BufferPool.CollectUnreachable(2);
        Assert.Equal(before, BufferPool.InUse);
        GC.KeepAlive(singular);
    }

    private static void CheckOnce(int size)
    {
        int n = 400 * size;
        Tensor x = Tensor.Full([n], 3);
        Tensor sum = ((x + 1).Square() - (x * x) - (x + x)).Contiguous().Sum();
        Assert.Equal(n, sum.ToScalar());

        Tensor matrix = (Tensor.Ones([20, n]) * 2).MatMul(Tensor.Ones([n, 20]).Transpose().Contiguous().Transpose());
        Assert.All(matrix.ToArray<float>(), value => Assert.Equal(2 * n, value));

        Tensor leaf = Tensor.Full([4, 3, 8, 8], 2).WithGradient();
        Tensor loss = leaf.Conv2d(Tensor.Ones([5, 3, 1, 1])).Relu().Reshape([4, 5 * 64]).Mean();
        Assert.All(loss.Backward().For(leaf)!.ToArray<float>(), value => Assert.Equal(1f / 256, value, 1e-7f));
        Assert.Equal(Enumerable.Repeat(2f * size, 6), Tensor.Cat([Tensor.Full([3], size), Tensor.Full([3], size)], 0).Flip(0).Split([2, 4], 0).SelectMany(part => (part + part).ToArray<float>()));
    }

    [Fact]
    public void ASpanOutlivesItsTensor()
    {
        ReadOnlyTensorSpan<float> span = SpanOfALostTensor();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Tensor[] later = [.. Enumerable.Range(0, 64).Select(value => Tensor.Full([1000], value))];
        float[] seen = new float[1000];
        span.FlattenTo(seen);
        Assert.All(seen, value => Assert.Equal(-1, value));
        GC.KeepAlive(later);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReadOnlyTensorSpan<float> SpanOfALostTensor() => Tensor.Full([1000], -1).AsTensorSpan<float>();

    private static Tensor Deep(Tensor x, int depth)
    {
        for (int layer = 0; layer < depth; layer++)
        {
            x = x.Relu();
        }

        return x;
    }

    /// <summary>A frame of its own, so that the handles of what is dropped are garbage when it returns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Lose(Func<Tensor> make) => GC.KeepAlive(make());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Tensor Build(Parameter weight, int depth) => Deep(weight, depth).Sum();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Tensor Recomputed(Parameter weight, int depth) => Autograd.Recompute(x => Deep(x, depth), weight).Sum();
}
