using System.Numerics;
using System.Numerics.Tensors;

namespace Exponential;

/// <summary>
/// A batch cut into at most 16 blocks of consecutive items, for sums over the batch: each block has a partial sum, and the
/// partial sums are added in the order of the blocks, so that the result depends on the sizes alone and not on the threads.
/// </summary>
/// <param name="items">The number of items of the batch.</param>
/// <param name="size">The number of values of the sum.</param>
/// <param name="mostBlocks">The most blocks, beside the 16.</param>
internal readonly struct BatchPartition(int items, int size, int mostBlocks = int.MaxValue)
{
    private const int MostBlocks = 16;

    /// <summary>The most values of all partial sums together, where there are several.</summary>
    private const int MostValues = 1 << 23;

    /// <summary>The number of blocks; at least 1.</summary>
    public int Blocks { get; } = Math.Clamp(items, 1, Math.Clamp(MostValues / size, 1, Math.Min(MostBlocks, mostBlocks)));

    /// <summary>The first item of a block.</summary>
    public int Start(int block) => (int)((long)items * block / Blocks);

    /// <summary>destination = scale times the sum of the blocks' partial sums [Blocks, size].</summary>
    public unsafe void Reduce<T>(T* partial, T scale, T* destination)
        where T : unmanaged, INumberBase<T>
    {
        const int Piece = 1 << 12;
        int blocks = Blocks;
        int count = size;
        KernelWork.For((long)count * blocks, (count + Piece - 1) / Piece, piece =>
        {
            int start = piece * Piece;
            var sum = new Span<T>(destination + start, Math.Min(Piece, count - start));
            new ReadOnlySpan<T>(partial + start, sum.Length).CopyTo(sum);
            for (int block = 1; block < blocks; block++)
            {
                TensorPrimitives.Add(sum, new ReadOnlySpan<T>(partial + ((nint)block * count + start), sum.Length), sum);
            }

            if (scale != T.One)
            {
                TensorPrimitives.Multiply(sum, scale, sum);
            }
        });
    }
}
