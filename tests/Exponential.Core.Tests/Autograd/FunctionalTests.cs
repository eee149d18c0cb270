using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Vjp, Jvp and Jacobian against each other and against finite differences.</summary>
public sealed class FunctionalTests
{
    private readonly Sampler _sampler = new(nameof(FunctionalTests));

    [Fact]
    public void TheThreeAgree()
    {
        NaiveArray x = _sampler.Uniform([2, 3], -1, 1);
        Tensor tangent = _sampler.Normal([2, 3]).ToTensor(DType.Float64);
        Tensor cotangent = _sampler.Normal([2, 2]).ToTensor(DType.Float64);
        Tensor jacobian = Autograd.Jacobian(Function, x.ToTensor(DType.Float64));
        Assert.Equal([4, 6], jacobian.Shape);

        for (int row = 0; row < 4; row++)
        {
            NaiveArray expected = FiniteDifferences.Gradient(inputs => NaiveArray.Of(Function(inputs[0].ToTensor(DType.Float64))).Values[row], [x], 0);
            for (int column = 0; column < 6; column++)
            {
                Tolerance.AssertClose(expected.Values[column], jacobian[row, column].ToScalar(), 64 * FiniteDifferences.Unit * (4 + Math.Abs(expected.Values[column])), $"[{row}, {column}], {_sampler}");
            }
        }

        (Tensor value, Tensor vjp) = Autograd.Vjp(Function, x.ToTensor(DType.Float64), cotangent);
        Assert.Equal(Function(x.ToTensor(DType.Float64)).ToArray<double>(), value.ToArray<double>());
        AssertClose(cotangent.Reshape([1, 4]).MatMul(jacobian).Reshape([2, 3]), vjp);

        (value, Tensor jvp) = Autograd.Jvp(Function, x.ToTensor(DType.Float64), tangent);
        Assert.Equal(Function(x.ToTensor(DType.Float64)).ToArray<double>(), value.ToArray<double>());
        AssertClose(jacobian.MatMul(tangent.Reshape([6, 1])).Reshape([2, 2]), jvp);
        Assert.False(value.RequiresGradient || jvp.RequiresGradient || vjp.RequiresGradient || jacobian.RequiresGradient);
    }

    [Fact]
    public void TheyRecordInsideNoGrad()
    {
        Tensor x = Tensor.FromArray<double>([2, 3], [2]);
        using (Autograd.NoGrad())
        {
            Assert.Equal([4, 0, 0, 6], Autograd.Jacobian(y => y * y, x).ToArray<double>());
            Assert.Equal([4, 6], Autograd.Vjp(y => y * y, x, x.OnesLike()).Product.ToArray<double>());
            Assert.Equal([4, 6], Autograd.Jvp(y => y * y, x, x.OnesLike()).Product.ToArray<double>());
            Assert.False((x.WithGradient() * 2).RequiresGradient);
        }
    }

    [Fact]
    public void LinearAndConstantFunctions()
    {
        Tensor x = Tensor.FromArray<double>([2, 3], [2]);
        Assert.Equal([3, 0, 0, 3], Autograd.Jacobian(y => y * 3, x).ToArray<double>());
        Assert.Equal([0, 0], Autograd.Jacobian(_ => Tensor.Scalar(1, DType.Float64), x).ToArray<double>());
        Assert.Equal([0, 0], Autograd.Vjp(_ => Tensor.Scalar(1, DType.Float64), x, Tensor.Scalar(1, DType.Float64)).Product.ToArray<double>());
        Assert.Equal(0, Autograd.Jvp(_ => Tensor.Scalar(1, DType.Float64), x, x).Product.ToScalar());
        Assert.Equal([1, 0, 0, 1], Autograd.Jacobian(y => y, x).ToArray<double>());
        Assert.Equal([0, 2], Autograd.Jacobian(y => y.Narrow(0, 0, 0), x).Shape);
    }

    [Fact]
    public void TheyLeaveTheCallersGraphAlone()
    {
        var parameter = new Parameter(Tensor.Scalar(2, DType.Float64));
        Tensor x = (parameter.Value * 3).Reshape([1]);
        Assert.Equal([12], Autograd.Jacobian(y => y * y, x).ToArray<double>());
        Assert.Equal([12], Autograd.Vjp(y => y * y, x, Tensor.Ones([1], DType.Float64)).Product.ToArray<double>());
        Assert.Equal(3, x.Sum().Backward()[parameter].ToScalar());
    }

    /// <summary>[2, 3] to [2, 2], nonlinear, every output of every input.</summary>
    private static Tensor Function(Tensor x) => x.Tanh().MatMul(x.Exp().Transpose() / 3).Sin();

    private void AssertClose(Tensor expected, Tensor actual) => Tolerance.AssertClose(
        NaiveArray.Of(expected), NaiveArray.Of(actual), 1 + Tolerance.Largest(NaiveArray.Of(expected)), 64, DType.Float64, _sampler.ToString());
}
