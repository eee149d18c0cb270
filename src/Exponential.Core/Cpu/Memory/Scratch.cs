using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// Working memory of a kernel: 64-byte aligned, not cleared, given back by <see cref="Dispose"/>. Kept for the next call, so
/// that kernels leave no garbage.
/// </summary>
internal readonly unsafe struct Scratch<T> : IDisposable
    where T : unmanaged
{
    private readonly byte[] _buffer;

    /// <summary>Rents room for <paramref name="count"/> values.</summary>
    public Scratch(long count)
    {
        _buffer = ScratchPool.Rent(checked(count * sizeof(T)) + ScratchPool.Alignment);
        byte* start = (byte*)Unsafe.AsPointer(ref _buffer[0]); // pinned
        Pointer = (T*)(((nuint)start + ScratchPool.Alignment - 1) & ~(nuint)(ScratchPool.Alignment - 1));
    }

    /// <summary>The first value.</summary>
    public T* Pointer { get; }

    public void Dispose() => ScratchPool.Return(_buffer);
}

/// <summary>
/// Pinned buffers in sizes of powers of two, as many as were ever in use at once; and of each size that a cache holds, one more for every
/// thread: 4 MiB a thread at most.
/// </summary>
internal static class ScratchPool
{
    public const int Alignment = 64;
    private const int SmallestBits = 12;

    /// <summary>Larger buffers are left to the garbage collector.</summary>
    private const int LargestBits = 28;

    /// <summary>The largest size that a thread keeps for itself, 2 MiB: of a larger one little is left in a core's cache.</summary>
    private const int LargestOwnBits = 21;

    private static readonly Stack<byte[]>[] Free =
        [.. Enumerable.Range(0, LargestBits - SmallestBits + 1).Select(_ => new Stack<byte[]>())];

    /// <summary>For each size a buffer that this thread gave back, for its next call: no other core's cache holds it.</summary>
    [ThreadStatic]
    private static byte[]?[]? _own;

    public static byte[] Rent(long bytes)
    {
        int bits = Math.Max(SmallestBits, 64 - BitOperations.LeadingZeroCount((ulong)bytes - 1));
        if (bits <= LargestBits)
        {
            if (bits <= LargestOwnBits && _own is { } own && own[bits - SmallestBits] is { } mine)
            {
                own[bits - SmallestBits] = null;
                return mine;
            }

            Stack<byte[]> free = Free[bits - SmallestBits];
            lock (free)
            {
                if (free.TryPop(out byte[]? buffer))
                {
                    return buffer;
                }
            }

            bytes = 1L << bits;
        }

        if (bytes > Array.MaxLength)
        {
            throw new OutOfMemoryException(
                $"Scratch: a kernel's working memory of {bytes:N0} bytes is more than an array holds; use smaller images");
        }

        return GC.AllocateUninitializedArray<byte>((int)bytes, pinned: true);
    }

    public static void Return(byte[] buffer)
    {
        if (buffer.Length <= 1 << LargestBits)
        {
            int size = BitOperations.Log2((uint)buffer.Length) - SmallestBits;
            if (size <= LargestOwnBits - SmallestBits)
            {
                ref byte[]? own = ref (_own ??= new byte[]?[LargestOwnBits - SmallestBits + 1])[size];
                if (own is null)
                {
                    own = buffer;
                    return;
                }
            }

            Stack<byte[]> free = Free[size];
            lock (free)
            {
                free.Push(buffer);
            }
        }
    }
}
