using System.Runtime.CompilerServices;
using Xunit;

namespace Exponential.Core.Tests;

public sealed class ParameterTests
{
    [Fact]
    public void IsALeaf()
    {
        var parameter = new Parameter(Tensor.FromArray<float>([1, 2], [2]));
        Tensor value = parameter;
        Assert.True(value.RequiresGradient);
        Assert.Equal([1f, 2f], value.ToArray<float>());
        Assert.Equal([2], parameter.Shape);
        Assert.Equal(DType.Float32, parameter.DType);
        Assert.Equal([3f, 3f], (parameter.Value * 3).Sum().Backward()[parameter].ToArray<float>());
    }

    [Fact]
    public void AParameterMadeOfAGraphIsALeafOfItsOwn()
    {
        Tensor x = Tensor.Ones([2]).WithGradient();
        var parameter = new Parameter(x * 2);
        Gradients gradients = parameter.Value.Sum().Backward();
        Assert.Null(gradients.For(x));
        Assert.Equal([1f, 1f], gradients[parameter].ToArray<float>());
    }

    [Fact]
    public void SnapshotsStayValidAfterAWrite()
    {
        Tensor first = Tensor.FromArray<float>([1, 2], [2]);
        var parameter = new Parameter(first);
        Tensor snapshot = parameter.Value;
        Tensor doubled = parameter.Value * 2;
        parameter.WritableSpan<float>().Fill(7);
        Assert.Equal([1f, 2f], first.ToArray<float>());
        Assert.Equal([1f, 2f], snapshot.ToArray<float>());
        Assert.Equal([7f, 7f], parameter.Value.ToArray<float>());

        // The graph too holds what it was computed from.
        Assert.Equal([2f, 2f], doubled.Sum().Backward()[parameter].ToArray<float>());
    }

    [Fact]
    public void AGraphKeepsTheValueItWasMadeWith()
    {
        var parameter = new Parameter(Tensor.FromArray<double>([3], [1]));
        Tensor loss = (parameter.Value * parameter.Value).Sum();
        parameter.WritableSpan<double>()[0] = 100;
        Assert.Equal([6], loss.Backward()[parameter].ToArray<double>());
    }

    [Fact]
    public void WritesInPlaceWhenNothingElseHoldsTheStorage()
    {
        Parameter parameter = Make();
        (Storage storage, long version) = parameter.Key;
        parameter.WritableSpan<float>()[1] = 5;
        Assert.Same(storage, parameter.Key.Storage);
        Assert.Equal(version + 1, parameter.Key.Version);
        Assert.Equal([1f, 5f], parameter.Value.ToArray<float>());
    }

    [Fact]
    public void AWriteToAViewCopies()
    {
        Tensor whole = Tensor.FromArray<float>([1, 2, 3, 4], [2, 2]);
        foreach (Tensor view in (Tensor[])[whole[1], whole.Transpose(), whole[..1].Expand([3, 2]), whole.Flip(1)])
        {
            var parameter = new Parameter(view);
            float[] expected = view.ToArray<float>();
            expected[0] = 9;
            parameter.WritableSpan<float>()[0] = 9;
            Assert.Equal(expected, parameter.Value.ToArray<float>());
            Assert.Equal([1f, 2f, 3f, 4f], whole.ToArray<float>());
        }
    }

    [Fact]
    public void TheValueCanBeReplaced()
    {
        var parameter = new Parameter(Tensor.Ones([2])) { Name = "bias" };
        Tensor snapshot = parameter.Value;
        parameter.Value = Tensor.FromArray<float>([3, 4], [2]);
        Assert.Equal([3f, 4f], parameter.Value.ToArray<float>());
        Assert.Equal([1f, 1f], snapshot.ToArray<float>());
        Assert.Equal("Parameter bias: expects [2]; got [3]", Assert.Throws<ArgumentException>(() => parameter.Value = Tensor.Ones([3])).Message);
        Assert.Equal(
            "Parameter bias: expects Float32 [2]; got Float64 [2]; convert it with To(DType)",
            Assert.Throws<ArgumentException>(() => parameter.Value = Tensor.Ones([2], DType.Float64)).Message);
        Assert.Equal(
            "Parameter: expects [2]; got [3]", Assert.Throws<ArgumentException>(() => new Parameter(Tensor.Ones([2])).Value = Tensor.Ones([3])).Message);
        Assert.Throws<ArgumentNullException>(() => parameter.Value = null!);
        Assert.Throws<ArgumentNullException>(() => new Parameter(null!));
    }

    [Fact]
    public void TheElementTypeCanBeConverted()
    {
        var parameter = new Parameter(Tensor.FromArray<float>([3, 4], [2]));
        Tensor snapshot = parameter.Value;
        parameter.Convert(DType.Float32);
        Assert.Same(snapshot.Storage, parameter.Key.Storage);
        parameter.Convert(DType.Float64);
        Assert.Equal(DType.Float64, parameter.DType);
        Assert.Equal([3, 4], parameter.Value.ToArray<double>());
        Assert.Equal([3f, 4f], snapshot.ToArray<float>());
        Assert.Throws<ArgumentException>(() => parameter.Value = snapshot);
    }

    [Fact]
    public void AReplacedValueIsTheSameVariable()
    {
        var parameter = new Parameter(Tensor.Scalar(2));
        Tensor before = parameter.Value * 3;
        parameter.Value = Tensor.Scalar(5);
        Assert.Equal(7, (before + (parameter.Value * 4)).Backward()[parameter].ToScalar());
    }

    /// <summary>A parameter whose first tensor is garbage, collected here.</summary>
    private static Parameter Make()
    {
        Parameter parameter = Allocate();
        BufferPool.CollectUnreachable();
        return parameter;

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Parameter Allocate() => new(Tensor.FromArray<float>([1, 2], [2]));
    }
}
