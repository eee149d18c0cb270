using System.Numerics;

namespace Exponential;

/// <summary>
/// A batch cut into at most 16 blocks of consecutive items, for sums over the batch: each block has a partial sum, and the
/// partial sums are added in the order of the blocks, so that the result depends on the sizes alone and not on the threads.
/// </summary>
/// <param name="items">The number of items of the batch.</param>
/// <param name="size">The number of values of the sum.</param>
internal readonly struct BatchPartition(int items, int size)
{
    private const int MostBlocks = 16;

    /// <summary>The most values of all partial sums together, where there are several.</summary>
    private const int MostValues = 1 << 23;

    /// <summary>The number of blocks; at least 1.</summary>
    public int Blocks { get; } = Math.Clamp(items, 1, Math.Clamp(MostValues / size, 1, MostBlocks));

    /// <summary>The first item of a block.</summary>
    public int Start(int block) => (int)((long)items * block / Blocks);

    /// <summary>destination = scale times the sum of the blocks' partial sums [Blocks, size].</summary>
    public unsafe void Reduce<T>(T* partial, T scale, T* destination)
        where T : unmanaged, INumberBase<T>
    {
        const int Piece = 1 << 14;
        int blocks = Blocks;
        int count = size;
        KernelWork.For((long)count * blocks, (count + Piece - 1) / Piece, piece =>
        {
            int end = Math.Min(count, (piece + 1) * Piece);
            for (int i = piece * Piece; i < end; i++)
            {
                T sum = partial[i];
                for (int block = 1; block < blocks; block++)
                {
                    sum += partial[(nint)block * count + i];
                }

                destination[i] = scale * sum;
            }
        });
    }
}
