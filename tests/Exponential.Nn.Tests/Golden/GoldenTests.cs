using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Exponential.Nn.Tests;

/// <summary>
/// Parity with the original PyTorch code: values, log-determinants, losses, gradients, states after a step, inverses and optimizer steps,
/// each to 1e-9 of max(1, max|expected|). One case for each file of <see cref="GoldenFolder"/>.
/// </summary>
[Trait("Category", "Golden")]
[TestMethodOrderer(typeof(CountLast))]
public sealed class GoldenTests
{
    private static int _compared;
    private static int _skipped;

    public static TheoryData<string> Files() => [.. GoldenFolder.Names()];

    [Theory]
    [MemberData(nameof(Files))]
    public void MatchesTheOriginal(string name)
    {
        using GoldenFile file = GoldenFolder.Open(name);
        if (GoldenCases.NotImplemented.TryGetValue(file.Kind, out string? reason))
        {
            Interlocked.Increment(ref _skipped);
            Assert.Skip($"{name}: {reason}");
        }

        Action<GoldenFile>? compare = GoldenCases.Find(file.Kind);
        Assert.True(compare is not null, $"{name}: there is no kind '{file.Kind}'; add it to {nameof(GoldenCases)}");
        compare(file);
        file.AssertAllRead();
        Interlocked.Increment(ref _compared);
    }

    /// <summary>
    /// Runs last: every file of this repository's folder was compared to its end, none skipped; of another folder, each was compared or shows
    /// as skipped.
    /// </summary>
    [Fact]
    public void NoFileIsLeftOutInSilence()
    {
        int found = GoldenFolder.Names().Count;
        Assert.NotEqual(0, found);
        Assert.Equal(found, _compared + _skipped);
        if (GoldenFolder.IsOwn)
        {
            Assert.Equal(GoldenFolder.OwnCount, _compared);
        }
    }

    /// <summary>Puts the count behind the cases that it counts.</summary>
    private sealed class CountLast : ITestMethodOrderer
    {
        public IReadOnlyCollection<TTestMethod?> OrderTestMethods<TTestMethod>(IReadOnlyCollection<TTestMethod?> testMethods)
            where TTestMethod : notnull, ITestMethod =>
            [.. testMethods.OrderBy(method => method?.MethodName == nameof(NoFileIsLeftOutInSilence))];
    }
}
