namespace Exponential;

/// <summary>How many cores the CPU kernels use.</summary>
public static class CpuThreads
{
    /// <summary>
    /// The number of threads that compute at once, the caller included. The default is the number of logical processors; beyond four
    /// times that number more make no difference.
    /// Results do not depend on it, bit for bit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public static int Count
    {
        get => Workers.Count;
        set => Workers.Count = value;
    }
}
