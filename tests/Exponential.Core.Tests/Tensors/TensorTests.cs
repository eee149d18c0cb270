using System.Numerics.Tensors;
using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Making tensors and reading them.</summary>
public sealed class TensorTests
{
    [Fact]
    public void Creation()
    {
        Assert.Equal([0f, 0], Tensor.Zeros([2]).ToArray<float>());
        Assert.Equal([1d, 1], Tensor.Ones([2], DType.Float64).ToArray<double>());
        Assert.Equal([2.5f, 2.5f], Tensor.Full([2, 1], 2.5).ToArray<float>());
        Assert.Equal(0.1, Tensor.Scalar(0.1, DType.Float64).ToScalar());
        Assert.Equal(0.1f, Tensor.Scalar(0.1).ToScalar());
        Assert.Equal([0f, 1, 2], Tensor.Arange(3).ToArray<float>());
        Assert.Equal([0d, 1, 2], Tensor.Arange(3, DType.Float64).ToArray<double>());
        Assert.Empty(Tensor.Arange(0).ToArray<float>());
        Assert.Equal([1f, 0, 0, 0, 1, 0, 0, 0, 1], Tensor.Eye(3).ToArray<float>());
        Assert.Equal([1d], Tensor.Eye(1, DType.Float64).ToArray<double>());
        Tensor x = Tensor.FromSpan<double>([1, 2, 3, 4, 5, 6], [2, 3]);
        Assert.Equal([0d, 0, 0, 0, 0, 0], x.ZerosLike().ToArray<double>());
        Assert.Equal([2, 3], x.Transpose().OnesLike().Transpose().Shape);
        Assert.Equal(DType.Float64, x.OnesLike().DType);
    }

    [Fact]
    public void Facts()
    {
        Tensor x = Tensor.FromArray(new float[6], [2, 3]);
        Assert.Equal([2, 3], x.Shape);
        Assert.Equal(2, x.Rank);
        Assert.Equal(6, x.ElementCount);
        Assert.Equal(DType.Float32, x.DType);
        Assert.Same(Device.Cpu, x.Device);
        Assert.Equal("cpu", x.Device.ToString());
        Assert.True(x.IsContiguous);
        Assert.False(x.Transpose().IsContiguous);
        Assert.False(x.Narrow(1, 0, 2).IsContiguous);
        Assert.True(x.Narrow(0, 1, 1).IsContiguous);
        Assert.False(x.Flip(0).IsContiguous);
        Assert.False(x[..1].Expand([2, 3]).IsContiguous);
        Assert.False(x.RequiresGradient);
    }

    [Fact]
    public void ATensorIsACopyOfTheArray()
    {
        float[] values = [1, 2];
        Tensor x = Tensor.FromArray(values, [2]);
        values[0] = 9;
        x.ToArray<float>()[1] = 9;
        Assert.Equal([1f, 2f], x.ToArray<float>());
    }

    [Fact]
    public void CopyToReadsViewsInOrder()
    {
        Tensor x = Tensor.Arange(6).Reshape([2, 3]).Transpose();
        float[] destination = [9, 9, 9, 9, 9, 9, 9, 9];
        x.CopyTo<float>(destination);
        Assert.Equal([0f, 3, 1, 4, 2, 5, 9, 9], destination);
        Assert.Equal(
            "CopyTo: the destination holds 5 elements; the tensor has 6 [3, 2]",
            Assert.Throws<ArgumentException>(() => x.CopyTo<float>(destination.AsSpan(0, 5))).Message);
    }

    [Fact]
    public void RefusesTheWrongType()
    {
        Tensor x = Tensor.Ones([2]);
        Assert.Equal("ToArray: the tensor is Float32; asked for Double. Convert it with To(DType)", Assert.Throws<ArgumentException>(() => x.ToArray<double>()).Message);
        Assert.Equal("CopyTo: the tensor is Float32; asked for Double. Convert it with To(DType)", Assert.Throws<ArgumentException>(() => x.CopyTo<double>(new double[2])).Message);
        Assert.Equal("AsTensorSpan: the tensor is Float32; asked for Double. Convert it with To(DType)", Assert.Throws<ArgumentException>(() => _ = x.AsTensorSpan<double>().Rank).Message);
        Assert.Equal("FromSpan: elements are float or double; got Int32", Assert.Throws<ArgumentException>(() => Tensor.FromSpan<int>([1], [1])).Message);
        Assert.Equal("ToArray: elements are float or double; got Int32", Assert.Throws<ArgumentException>(() => x.ToArray<int>()).Message);
        Assert.Equal("FromSpan: 3 elements do not fill [2], which has 2", Assert.Throws<ArgumentException>(() => Tensor.FromSpan<float>([1, 2, 3], [2])).Message);
        Assert.Equal("FromArray: elements are float or double; got Int32", Assert.Throws<ArgumentException>(() => Tensor.FromArray<int>([1], [1])).Message);
        Assert.Equal("FromArray: 3 elements do not fill [2], which has 2", Assert.Throws<ArgumentException>(() => Tensor.FromArray<float>([1, 2, 3], [2])).Message);
        Assert.Throws<ArgumentNullException>("elements", () => Tensor.FromArray<float>(null!, [0]));
        Assert.Equal(
            "ToScalar: expects one element; the tensor is [2]. Reduce it first, for example with Mean()", Assert.Throws<InvalidOperationException>(() => x.ToScalar()).Message);
        Assert.Equal(1, Tensor.Ones([1, 1]).ToScalar());
    }

    [Fact]
    public void AsTensorSpanSharesTheElements()
    {
        Tensor x = Tensor.Arange(24, DType.Float64).Reshape([2, 3, 4]);
        foreach (Tensor view in (Tensor[])[x, x.Transpose(0, 2), x[1, 1..], x[.., 2, ..3], x[0, 0, 0], x[..1].Expand([3, 3, 4]), x.Narrow(1, 1, 0)])
        {
            ReadOnlyTensorSpan<double> span = view.AsTensorSpan<double>();
            double[] elements = new double[view.ElementCount];
            span.FlattenTo(elements);
            Assert.Equal(view.ToArray<double>(), elements);
            GC.KeepAlive(view);
        }

        Assert.Equal(
            "AsTensorSpan: the layout has negative strides (a flipped view); call Contiguous() first",
            Assert.Throws<NotSupportedException>(() => _ = x.Flip(1).AsTensorSpan<double>().Rank).Message);
    }

    [Fact]
    public void ToStringShowsTheFirstElements()
    {
        Assert.Equal("Float32 [2]: 0, 1", Tensor.Arange(2).ToString());
        Assert.Equal("Float64 [3, 3]: 0, 3, 6, 1, 4, 7, 2, 5, ...", Tensor.Arange(9, DType.Float64).Reshape([3, 3]).Transpose().ToString());
        Assert.Equal("Float32 []: 0.5", Tensor.Scalar(0.5).WithGradient().ToString());
        Assert.Equal("Float32 [0]: ", Tensor.Zeros([0]).ToString());
    }

    [Fact]
    public void ViewsShareStorageAndCopiesDoNot()
    {
        Tensor x = Tensor.Arange(12).Reshape([3, 4]);
        foreach (Tensor view in (Tensor[])
            [x.Reshape([2, 6]), x.Transpose(), x.Narrow(1, 1, 2), x.Flip(0), x[..1].Expand([5, 4]), x[1], x.Unsqueeze(0), x.Contiguous(), x.Detach(), x.WithGradient(), x.Split([1, 3], 1)[1], x.Transpose().Reshape([4, 3, 1])])
        {
            Assert.Same(x.Storage, view.Storage);
        }

        Assert.NotSame(x.Storage, x.Transpose().Contiguous().Storage);
        Assert.NotSame(x.Storage, x.Transpose().Reshape([12]).Storage);
        Assert.NotSame(x.Storage, x.To(DType.Float64).Storage);
    }

    [Fact]
    public void DetachAndWithGradient()
    {
        Tensor x = Tensor.Ones([2]).WithGradient();
        Tensor y = x * 2;
        Assert.True(y.RequiresGradient);
        Assert.False(y.Detach().RequiresGradient);
        Assert.Equal(y.ToArray<float>(), y.Detach().ToArray<float>());

        // A leaf made of an intermediate value starts a graph of its own.
        Tensor leaf = y.WithGradient();
        Gradients gradients = (leaf * 3).Sum().Backward();
        Assert.Equal([3f, 3f], gradients.For(leaf)!.ToArray<float>());
        Assert.Null(gradients.For(x));
    }

    [Fact]
    public void ConvertsBetweenTypes()
    {
        double[] values = [0.1, -1e300, 1e-300, double.NaN, double.PositiveInfinity, 16777217];
        Tensor x = Tensor.FromArray(values, [6]);
        Assert.Equal([0.1f, float.NegativeInfinity, 0, float.NaN, float.PositiveInfinity, 16777216f], x.To(DType.Float32).ToArray<float>());
        Assert.Same(x, x.To(DType.Float64));
        Assert.Equal([(double)0.1f, 2], Tensor.FromArray<float>([0.1f, 2], [2]).Flip(0).Flip(0).To(DType.Float64).ToArray<double>());

        Tensor leaf = Tensor.FromArray<double>([1, 2, 3, 4], [2, 2]).WithGradient();
        Tensor weights = Tensor.FromArray<float>([1, 2, 3, 4], [2, 2]);
        Tensor gradient = (leaf.Transpose().To(DType.Float32) * weights).Sum().Backward().For(leaf)!;
        Assert.Equal([1d, 3, 2, 4], gradient.ToArray<double>());
    }
}
