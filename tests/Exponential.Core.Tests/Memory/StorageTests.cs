using Xunit;

namespace Exponential.Core.Tests;

[Collection(GlobalState.Name)]
public sealed class StorageTests
{
    public StorageTests() => GlobalState.EmptyPool();

    [Fact]
    public void ADoubleReleaseThrows()
    {
        var storage = new CpuStorage(DType.Float32, 10);
        storage.AddReference();
        storage.Release();
        storage.Release();
        Assert.Contains("Storage: released more often than referenced", Assert.Throws<ObjectDisposedException>(storage.Release).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UseAfterTheLastReleaseThrows()
    {
        var storage = new CpuStorage(DType.Float32, 10);
        storage.Release();
        const string Text = "Storage: used after its last reference was released";
        Assert.Contains(Text, Assert.Throws<ObjectDisposedException>(() => storage.Span<float>().Length).Message, StringComparison.Ordinal);
        Assert.Contains(Text, Assert.Throws<ObjectDisposedException>(storage.AddReference).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AReleasedTensorSaysSo()
    {
        Tensor x = Tensor.Ones([3]);
        x.Release();
        x.Release();
        Assert.Contains("Tensor: used after its release", Assert.Throws<ObjectDisposedException>(() => x + 1).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReferencesAreCountedByHandlesAndGraphs()
    {
        long before = BufferPool.InUse;
        Tensor x = Tensor.Ones([1000]).WithGradient();
        Tensor alias = x.Detach();
        Tensor square = x.Square();
        x.Release();
        alias.Release();

        // Square's node saved its input; the pass gives it back.
        Assert.True(BufferPool.InUse > before);
        Gradients gradients = square.Sum().Backward();
        Assert.All(gradients.Values, gradient => Assert.All(gradient.ToArray<float>(), value => Assert.Equal(2, value)));
    }

    [Fact]
    public void VersionsCountWritesInPlace()
    {
        var parameter = new Parameter(Tensor.Ones([3]));
        (Storage storage, long version) = parameter.Key;
        parameter.WritableSpan<float>().Clear();
        Assert.NotEqual((storage, version), parameter.Key);
        (storage, version) = parameter.Key;
        _ = parameter.Value + 1;
        Assert.Equal((storage, version), parameter.Key);
    }

    [Fact]
    public void ATemporaryScopeReleasesAllButItsResults()
    {
        Tensor outside = Tensor.Ones([4]);
        Tensor lost;
        Tensor kept;
        using (var scope = TemporaryScope.Begin())
        {
            lost = outside + 1;
            kept = lost + 1;
            Assert.True(scope.Contains(lost));
            Assert.False(scope.Contains(outside));
            scope.Keep(kept);
            Assert.False(scope.Contains(kept));
        }

        Assert.Throws<ObjectDisposedException>(() => lost.Shape.Rank + lost.ToArray<float>().Length);
        Assert.Equal([3f, 3, 3, 3], kept.ToArray<float>());
        Assert.Equal([1f, 1, 1, 1], outside.ToArray<float>());
    }

    [Fact]
    public void AnInnerScopesResultBelongsToTheOuter()
    {
        Tensor result;
        using (var outer = TemporaryScope.Begin())
        {
            using (var inner = TemporaryScope.Begin())
            {
                result = Tensor.Ones([4]) + 1;
                inner.Keep(result);
            }

            Assert.Equal([2f, 2, 2, 2], result.ToArray<float>());
            Assert.True(outer.Contains(result));
        }

        Assert.Throws<ObjectDisposedException>(() => result.ToArray<float>());
    }

    [Fact]
    public void AParameterOutlivesAScopeThatItWasSetIn()
    {
        var parameter = new Parameter(Tensor.Ones([2]));
        using (TemporaryScope.Begin())
        {
            Tensor snapshot = parameter.Value;
            parameter.WritableSpan<float>().Fill(3);
            Assert.Equal([1f, 1], snapshot.ToArray<float>());
            parameter.Value = parameter.Value * 2;
        }

        Assert.Equal([6f, 6], parameter.Value.ToArray<float>());
    }
}
