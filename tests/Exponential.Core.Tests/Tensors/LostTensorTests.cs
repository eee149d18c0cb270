using System.Runtime.CompilerServices;
using Xunit;

namespace Exponential.Core.Tests.Tensors;

public sealed class LostTensorTests
{
    /// <summary>
    /// A lost tensor, its storage and its buffer become unreachable at the same time. Were the buffer given back once by each, two later
    /// tensors would share it.
    /// </summary>
    [Fact]
    public void NoTwoTensorsShareABufferThatWasLost()
    {
        const int Count = 64;
        const int Elements = 70_001;
        for (int round = 0; round < 3; round++)
        {
            Lose(Count, Elements);
            GC.Collect();
            GC.WaitForPendingFinalizers();

            Tensor[] tensors = [.. Enumerable.Range(0, 2 * Count).Select(i => Tensor.Full([Elements], i))];
            for (int i = 0; i < tensors.Length; i++)
            {
                Assert.Equal(i, tensors[i].Narrow(0, Elements - 1, 1).ToScalar());
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Lose(int count, int elements)
    {
        for (int i = 0; i < count; i++)
        {
            _ = Tensor.Ones([elements]) * 2;
        }
    }
}
