using System.Runtime.CompilerServices;
using Xunit;

namespace Exponential.Core.Tests;

[Collection(GlobalState.Name)]
public sealed unsafe class BufferPoolTests
{
    public BufferPoolTests() => GlobalState.EmptyPool();

    [Fact]
    public void ALostTensorComesBackOnce()
    {
        // New buffers, so that handle, storage and buffer die in one collection and whoever of them has a finaliser runs it.
        const int Count = 12_345;
        long before = BufferPool.InUse;
        Lose(20, Count);
        BufferPool.CollectUnreachable(2);
        BufferPool.CollectUnreachable(2);
        Assert.Equal(before, BufferPool.InUse);
        AssertDistinct(40, Count);
    }

    [Fact]
    public void NewBuffersAreAlignedAndAtMostAQuarterLonger()
    {
        foreach (long bytes in Enumerable.Range(0, 400).Select(step => (long)Math.Pow(2, step / 16.0) + step).Append(0).Append(1).Append(64).Append(65))
        {
            PinnedBuffer buffer = BufferPool.Rent(bytes);
            Assert.Equal(0, (long)buffer.Start % BufferPool.Alignment);
            Assert.InRange(buffer.Capacity, bytes, (bytes * 5 / 4) + 64);
            Assert.Equal(buffer.Capacity, buffer.Bytes.Length);
            BufferPool.Forget(buffer);
        }
    }

    [Fact]
    public void AFreeBufferServesRentsOfUpToTwoThirdsOfIt()
    {
        PinnedBuffer first = BufferPool.Rent(7 << 20);
        BufferPool.Return(first);
        PinnedBuffer smaller = BufferPool.Rent(5 << 20);
        Assert.Same(first, smaller);
        BufferPool.Return(smaller);
        PinnedBuffer half = BufferPool.Rent(7 << 19);
        Assert.NotSame(first, half);
        BufferPool.Return(half);
    }

    [Fact]
    public void AReturnedBufferIsRentedAgain()
    {
        PinnedBuffer first = BufferPool.Rent(100_000);
        (long inUse, long pooled) = (BufferPool.InUse, BufferPool.Pooled);
        BufferPool.Return(first);
        Assert.Equal(inUse - first.Capacity, BufferPool.InUse);
        Assert.Equal(pooled + first.Capacity, BufferPool.Pooled);
        PinnedBuffer second = BufferPool.Rent(first.Capacity - 63);
        Assert.Same(first, second);
        Assert.Equal(inUse, BufferPool.InUse);
        Assert.Equal(pooled, BufferPool.Pooled);
        BufferPool.Return(second);
    }

    [Fact]
    public void CountersFollowATensor()
    {
        Tensor.Zeros([1000]).Release();
        CpuMemory.Trim();
        Assert.Equal(0, CpuMemory.Free);
        CpuMemory.ResetPeak();
        long before = CpuMemory.InUse;
        Assert.Equal(before, CpuMemory.Peak);
        Tensor tensor = Tensor.Zeros([1000, 1000]);
        long held = CpuMemory.InUse - before;
        Assert.InRange(held, 4_000_000, 5_000_064);
        tensor.Release();
        Assert.Equal(before, CpuMemory.InUse);
        Assert.Equal(held, CpuMemory.Free);
        Assert.Equal(before + held, CpuMemory.Peak);
    }

    [Fact]
    public void PoisonShowsAUseAfterRelease()
    {
        BufferPool.PoisonReturned = true;
        try
        {
            var storage = new CpuStorage(DType.Float32, 1000);
            Span<float> stale = storage.Span<float>();
            stale.Fill(1);
            storage.Release();
            foreach (float value in stale)
            {
                Assert.Equal(float.NaN, value);
            }
        }
        finally
        {
            BufferPool.PoisonReturned = false;
        }
    }

    [Fact]
    public void ThePeakIsTheMostInUseAtOnce()
    {
        BufferPool.ResetPeak();
        long before = BufferPool.InUse;
        PinnedBuffer first = BufferPool.Rent(1 << 20);
        PinnedBuffer second = BufferPool.Rent(1 << 20);
        BufferPool.Return(first);
        BufferPool.Return(second);
        Assert.Equal(before + first.Capacity + second.Capacity, BufferPool.Peak);
    }

    [Theory]
    [InlineData(600_000_000, DType.Float32, "Allocate: 2,400,000,000 bytes asked for one tensor; the most is 2,147,483,519")]
    [InlineData(int.MaxValue, DType.Float64, "Allocate: 17,179,869,176 bytes asked for one tensor; the most is 2,147,483,519")]
    public void AnAbsurdTensorIsRefusedBeforeAnythingIsAllocated(int count, DType dtype, string message)
    {
        (long inUse, long pooled, long managed) = (BufferPool.InUse, BufferPool.Pooled, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(message, Assert.Throws<OutOfMemoryException>(() => Tensor.Zeros([count], dtype)).Message);
        Assert.Equal(message, Assert.Throws<OutOfMemoryException>(() => new Generator(1).Normal([count], dtype)).Message);
        Assert.StartsWith("Allocate: ", Assert.Throws<OutOfMemoryException>(() => Tensor.Arange(count, dtype)).Message, StringComparison.Ordinal);
        Assert.Throws<OutOfMemoryException>(() => Tensor.Ones([1], dtype).Expand([count]).Contiguous());
        Assert.InRange(BufferPool.InUse, 0, inUse + 1024);
        Assert.InRange(BufferPool.Pooled, 0, pooled + 1024);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - managed, 0, 1 << 20);
    }

    [Fact]
    public void AnAbsurdIdentityIsRefusedByItsShape()
    {
        long managed = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(
            "Shape: [100000, 100000] has more than 2147483647 elements, the most a tensor can hold", Assert.Throws<ArgumentException>(() => Tensor.Eye(100_000)).Message);
        Assert.Equal("Eye: expects a size of 0 or more; got -1 (Parameter 'n')", Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Eye(-1)).Message);
        Assert.Equal("Arange: expects a count of 0 or more; got -1 (Parameter 'count')", Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Arange(-1)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - managed, 0, 8 << 20);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Lose(int tensors, int count)
    {
        for (int index = 0; index < tensors; index++)
        {
            GC.KeepAlive(Tensor.Zeros([count]));
        }
    }

    /// <summary>No two tensors share memory: each keeps the number written to it.</summary>
    private static void AssertDistinct(int tensors, int count)
    {
        Tensor[] made = [.. Enumerable.Range(0, tensors).Select(index => Tensor.Full([count], index))];
        for (int index = 0; index < tensors; index++)
        {
            Assert.All(made[index].ToArray<float>(), value => Assert.Equal(index, value));
        }
    }
}
