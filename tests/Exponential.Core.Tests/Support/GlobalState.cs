using Xunit;

namespace Exponential.Core.Tests;

/// <summary>
/// The collection of tests that measure or change what the whole process shares: the buffer pool, the number of threads, the garbage
/// collector's counts. They run after all others, one by one.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class GlobalState
{
    public const string Name = "Global state";

    /// <summary>
    /// Takes back the memory of what earlier tests lost, and lets go of it: else finalisers bring it back in the midst of a test that counts
    /// bytes, or a rent is served by a somewhat larger buffer than it asked for.
    /// </summary>
    public static void EmptyPool()
    {
        BufferPool.CollectUnreachable(2);
        BufferPool.Trim();
    }
}
