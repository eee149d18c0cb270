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
}
