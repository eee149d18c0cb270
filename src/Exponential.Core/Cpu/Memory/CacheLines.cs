using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Exponential;

/// <summary>
/// Fetching memory ahead of its use, where a kernel's way through it is one that the processor does not foresee: lines a channel's plane apart.
/// Of no effect on results, free to name memory that is not there, and nothing at all where there is no instruction for it.
/// </summary>
internal static unsafe class CacheLines
{
    /// <summary>Bytes of a line.</summary>
    public const int Size = 64;

    /// <summary>Begins to fetch the line of an address into the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }
}
