namespace Exponential;

/// <summary>Sharing out a kernel's work: small work stays on the calling thread.</summary>
internal static class KernelWork
{
    /// <summary>Multiply-adds that take about ten times as long as waking a thread.</summary>
    public const long WorthSharing = 1 << 19;

    /// <summary>Calls <paramref name="body"/> for every block, on several threads where the work is worth it.</summary>
    public static void For(long multiplyAdds, int blocks, Action<int> body)
    {
        if (multiplyAdds >= WorthSharing)
        {
            Workers.For(blocks, body);
            return;
        }

        for (int block = 0; block < blocks; block++)
        {
            body(block);
        }
    }
}
