using Xunit;

namespace Exponential.Core.Tests;

public sealed class NoGradTests
{
    [Fact]
    public void ScopesNest()
    {
        Tensor x = Tensor.Scalar(2).WithGradient();
        Assert.True((x * 2).RequiresGradient);
        using (Autograd.NoGrad())
        {
            Assert.False((x * 2).RequiresGradient);
            using (Autograd.NoGrad())
            {
                Assert.False((x * 2).RequiresGradient);
            }

            Assert.False((x * 2).RequiresGradient);
        }

        Assert.True((x * 2).RequiresGradient);
    }

    [Fact]
    public void DisposingTwiceCountsOnce()
    {
        Tensor x = Tensor.Scalar(2).WithGradient();
        using (Autograd.NoGrad())
        {
            Autograd.NoGradScope inner = Autograd.NoGrad();
            inner.Dispose();
            inner.Dispose();
            Assert.False((x * 2).RequiresGradient);
        }

        Assert.True((x * 2).RequiresGradient);
    }

    [Fact]
    public void AnExceptionEndsTheScope()
    {
        Tensor x = Tensor.Scalar(2).WithGradient();
        Assert.Throws<ArgumentException>(() =>
        {
            using (Autograd.NoGrad())
            {
                x.Reshape([3]);
            }
        });
        Assert.True((x * 2).RequiresGradient);
    }

    [Fact]
    public void OtherThreadsRecord()
    {
        Tensor x = Tensor.Scalar(2).WithGradient();
        bool recorded = false;
        using (Autograd.NoGrad())
        {
            var thread = new Thread(() => recorded = (x * 2).RequiresGradient);
            thread.Start();
            thread.Join();
        }

        Assert.True(recorded);
    }

    [Fact]
    public void DisposingOnAnotherThreadThrows()
    {
        Tensor x = Tensor.Scalar(2).WithGradient();
        Autograd.NoGradScope scope = Autograd.NoGrad();
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(scope.Dispose));
        thread.Start();
        thread.Join();
        Assert.Equal("NoGrad: the scope was opened on another thread; dispose it there (no await inside)", Assert.IsType<InvalidOperationException>(error).Message);

        // The scope is still open here, and its own thread can close it.
        Assert.False((x * 2).RequiresGradient);
        scope.Dispose();
        Assert.True((x * 2).RequiresGradient);
    }

    [Fact]
    public void AGraphMadeBeforeCanBeDifferentiatedInside()
    {
        Tensor x = Tensor.Scalar(3, DType.Float64).WithGradient();
        Tensor y = (x * x * x) + (x * x);
        using (Autograd.NoGrad())
        {
            Tensor gradient = Autograd.Gradient(y, [x], createGraph: true)[0];
            Assert.Equal(33, gradient.ToScalar());
            Assert.Equal(20, Autograd.Gradient(gradient, [x])[0].ToScalar());
        }
    }
}
