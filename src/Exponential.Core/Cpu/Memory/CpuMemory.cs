namespace Exponential;

/// <summary>The pool that tensors take their memory from, in bytes, for all threads together.</summary>
public static class CpuMemory
{
    /// <summary>What tensors hold, those included that are no longer reachable and that no garbage collection has found yet.</summary>
    public static long InUse => BufferPool.InUse;

    /// <summary>What is free and kept for the next tensors.</summary>
    public static long Free => BufferPool.Pooled;

    /// <summary>The most that tensors have held at once since the start, or since <see cref="ResetPeak"/>.</summary>
    public static long Peak => BufferPool.Peak;

    /// <summary>Lets <see cref="Peak"/> begin again at <see cref="InUse"/>.</summary>
    public static void ResetPeak() => BufferPool.ResetPeak();

    /// <summary>Gives all free memory back to the runtime; the next tensors allocate anew.</summary>
    public static void Trim() => BufferPool.Trim();
}
