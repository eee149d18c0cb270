using System.Runtime.CompilerServices;
using Xunit;

namespace Exponential.Core.Tests;

[Collection(GlobalState.Name)]
public sealed class BufferPoolTests
{
    [Fact]
    public void ALostTensorComesBackOnce()
    {
        // An odd size, so that the buffers are new: handle, storage and buffer then die in one collection, and whoever of them has
        // a finaliser runs it.
        const int Count = 12_345;
        BufferPool.CollectUnreachable(2);
        BufferPool.Trim();
        long before = BufferPool.InUse;
        Lose(20, Count);
        BufferPool.CollectUnreachable(2);
        BufferPool.CollectUnreachable(2);
        Assert.Equal(before, BufferPool.InUse);
        AssertDistinct(40, Count);
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
