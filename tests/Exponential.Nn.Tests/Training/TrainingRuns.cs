using Xunit;

namespace Exponential.Tests;

/// <summary>Runs set the process's number of threads and count its collections: their tests run one at a time, beside no others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TrainingRuns
{
    public const string Name = "Training runs";
}
