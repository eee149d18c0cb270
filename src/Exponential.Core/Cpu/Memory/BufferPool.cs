using System.Runtime.InteropServices;

namespace Exponential;

/// <summary>A pinned array of bytes with a start aligned to 64. It has no finaliser: <see cref="CpuStorage"/> gives it back, and only once.</summary>
internal sealed unsafe class PinnedBuffer
{
    private readonly byte[] _array;

    public PinnedBuffer(int sizeClass, long capacity)
    {
        SizeClass = sizeClass;
        Capacity = capacity;
        _array = GC.AllocateUninitializedArray<byte>(checked((int)(capacity + BufferPool.Alignment)), pinned: true);
        nint address = (nint)Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0);
        Start = (void*)((address + BufferPool.Alignment - 1) & ~(nint)(BufferPool.Alignment - 1));
    }

    public int SizeClass { get; }

    public long Capacity { get; }

    public void* Start { get; }

    public Span<byte> Bytes => new(Start, (int)Capacity);
}

/// <summary>
/// Free pinned buffers by size class (four classes an octave). Steady-state training rents every buffer here and allocates none.
/// </summary>
/// <remarks>
/// A tensor that is no longer reachable holds its buffer until its finaliser has run. So a rent that would pass the high-water mark
/// first collects generation 0 and waits for finalisers, then 1, then 2; the mark then moves to one and a quarter times what is really
/// in use. Collections of generation 2 happen there only when memory has truly grown.
/// </remarks>
internal static class BufferPool
{
    public const int Alignment = 64;

    /// <summary>How many size classes above its own a rent may be served from: two are at most half as large again, from 256 bytes on.</summary>
    private const int MostWider = 2;
    private const long InitialHighWater = 32L << 20;
    private const long LargestBuffer = int.MaxValue - 128;

    /// <summary>Nine tenths of the machine's memory, or of the container's or the collector's limit: beyond it the system would end the process without a word.</summary>
    private static readonly long MemoryLimit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 9;

    private static readonly Lock Gate = new();
    private static readonly Stack<PinnedBuffer>[] Free = CreateStacks();
    private static long _highWater = InitialHighWater;
    private static long _inUse;
    private static long _pooled;
    private static long _peak;

    /// <summary>Whether returned buffers are filled with NaN patterns, so that a use after release shows. For tests.</summary>
    public static bool PoisonReturned { get; set; }

    /// <summary>Bytes rented and not returned.</summary>
    public static long InUse => Volatile.Read(ref _inUse);

    /// <summary>Bytes kept for reuse.</summary>
    public static long Pooled => Volatile.Read(ref _pooled);

    /// <summary>The most bytes that were rented at once since the last <see cref="ResetPeak"/>.</summary>
    public static long Peak => Volatile.Read(ref _peak);

    public static void ResetPeak()
    {
        lock (Gate)
        {
            _peak = _inUse;
        }
    }

    public static PinnedBuffer Rent(long bytes)
    {
        if (bytes > LargestBuffer)
        {
            throw new OutOfMemoryException($"Allocate: {bytes:N0} bytes asked for one tensor; the most is {LargestBuffer:N0}");
        }

        int sizeClass = SizeClassOf(bytes, out long capacity);

        if (Volatile.Read(ref _inUse) + capacity > Volatile.Read(ref _highWater))
        {
            Reclaim(capacity);
        }

        return TryTake(sizeClass) ?? Create(sizeClass, capacity);
    }

    public static void Return(PinnedBuffer buffer)
    {
        if (PoisonReturned)
        {
            buffer.Bytes.Fill(0xFF);
        }

        lock (Gate)
        {
            _inUse -= buffer.Capacity;
            _pooled += buffer.Capacity;
            Free[buffer.SizeClass].Push(buffer);
        }
    }

    /// <summary>Leaves a rented buffer to the garbage collector, because a span of it may live on.</summary>
    public static void Forget(PinnedBuffer buffer)
    {
        lock (Gate)
        {
            _inUse -= buffer.Capacity;
        }
    }

    /// <summary>Runs the finalisers of unreachable tensors, so that their buffers come back: cheap when they are young.</summary>
    public static void CollectUnreachable(int generation = 0)
    {
        GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
    }

    /// <summary>Lets go of every free buffer.</summary>
    public static void Trim()
    {
        lock (Gate)
        {
            foreach (Stack<PinnedBuffer> stack in Free)
            {
                stack.Clear();
            }

            _pooled = 0;
        }
    }

    private static PinnedBuffer? TryTake(int sizeClass)
    {
        lock (Gate)
        {
            for (int wider = 0; wider <= MostWider; wider++)
            {
                if (Free[sizeClass + wider].TryPop(out PinnedBuffer? buffer))
                {
                    _pooled -= buffer.Capacity;
                    CountIn(buffer.Capacity);
                    return buffer;
                }
            }

            return null;
        }
    }

    private static PinnedBuffer Create(int sizeClass, long capacity)
    {
        // Free buffers of other sizes do not serve this rent. Where all together would pass twice the mark, they go: the sizes have
        // changed. (At once the mark, steady training lost its buffers step by step: 5 collections of generation 2 in 15 steps.)
        if (Pooled + InUse + capacity > 2 * Volatile.Read(ref _highWater))
        {
            Trim();
        }

        if (InUse + Pooled + capacity > MemoryLimit)
        {
            Trim();
            CollectUnreachable(2);
            if (InUse + capacity > MemoryLimit)
            {
                throw OutOfMemory(capacity, null);
            }
        }

        PinnedBuffer buffer;
        try
        {
            buffer = new PinnedBuffer(sizeClass, capacity);
        }
        catch (OutOfMemoryException)
        {
            Trim();
            CollectUnreachable(2);
            try
            {
                buffer = new PinnedBuffer(sizeClass, capacity);
            }
            catch (OutOfMemoryException inner)
            {
                throw OutOfMemory(capacity, inner);
            }
        }

        lock (Gate)
        {
            CountIn(capacity);
        }

        return buffer;
    }

    private static OutOfMemoryException OutOfMemory(long capacity, Exception? inner) => new(
        $"Allocate: no memory for {capacity:N0} bytes; {InUse:N0} are in use by tensors and graphs, of {MemoryLimit:N0} that this machine lends. Use a smaller batch, or NoGrad where no gradient is needed",
        inner);

    private static void CountIn(long capacity)
    {
        _inUse += capacity;
        _peak = Math.Max(_peak, _inUse);
    }

    private static void Reclaim(long capacity)
    {
        for (int generation = 0; generation <= 2 && InUse + capacity > Volatile.Read(ref _highWater); generation++)
        {
            CollectUnreachable(generation);
        }

        lock (Gate)
        {
            _highWater = Math.Max(_highWater, (_inUse + capacity) * 5 / 4);
        }
    }

    /// <summary>Rounds up to 4, 5, 6 or 7 times a power of two, from 64 bytes on: at most a quarter is wasted.</summary>
    private static int SizeClassOf(long bytes, out long capacity)
    {
        long units = Math.Max(1, (bytes + Alignment - 1) / Alignment);
        if (units <= 4)
        {
            capacity = units * Alignment;
            return (int)units;
        }

        int shift = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)units) - 2;
        long mantissa = (units + (1L << shift) - 1) >> shift;
        if (mantissa == 8)
        {
            mantissa = 4;
            shift++;
        }

        capacity = Math.Min((mantissa << shift) * Alignment, LargestBuffer);
        return (shift * 4) + (int)mantissa;
    }

    private static Stack<PinnedBuffer>[] CreateStacks()
    {
        var stacks = new Stack<PinnedBuffer>[256];
        for (int index = 0; index < stacks.Length; index++)
        {
            stacks[index] = new Stack<PinnedBuffer>();
        }

        return stacks;
    }
}
