using Xunit;

namespace Exponential.Core.Tests;

/// <summary>What a backward pass returns, consumes and refuses.</summary>
public sealed class BackwardTests
{
    private static readonly double[] Values = [0.5, -1.5, 2];

    [Fact]
    public void ASecondPassThrows()
    {
        Tensor x = Leaf();
        Tensor loss = (x * x).Sum();
        loss.Backward();
        var error = Assert.Throws<InvalidOperationException>(() => loss.Backward());
        Assert.Equal("Backward: the graph at Reshape was consumed by an earlier call; pass createGraph: true there, or compute the value again", error.Message);
    }

    [Fact]
    public void APassThroughAConsumedPartThrows()
    {
        Tensor x = Leaf();
        Tensor shared = x.Exp();
        shared.Sum().Backward();
        var error = Assert.Throws<InvalidOperationException>(() => (shared * 2).Sum().Backward());
        Assert.Equal("Backward: the graph at Exp was consumed by an earlier call; pass createGraph: true there, or compute the value again", error.Message);
    }

    [Fact]
    public void CreateGraphKeepsTheGraph()
    {
        Tensor x = Leaf();
        Tensor loss = (x * x * x).Sum();
        double[] first = ValuesOf(loss.Backward(createGraph: true).For(x)!);
        double[] second = ValuesOf(loss.Backward(createGraph: true).For(x)!);
        double[] third = ValuesOf(loss.Backward().For(x)!);
        Assert.Equal(first, second);
        Assert.Equal(first, third);
        Assert.Throws<InvalidOperationException>(() => loss.Backward());
    }

    [Fact]
    public void DerivativesOfEveryOrder()
    {
        // x^5: 5 x^4, 20 x^3, 60 x^2, 120 x, 120, 0.
        Tensor x = Tensor.FromArray<double>([2], [1]).WithGradient();
        Tensor y = x * x * x * x * x;
        foreach (double expected in (double[])[80, 160, 240, 240, 120])
        {
            y = Autograd.Gradient(y, [x], createGraph: true)[0];
            Assert.Equal(expected, y.ToScalar());
        }

        Assert.Equal(0, y.RequiresGradient ? Autograd.Gradient(y, [x])[0].ToScalar() : 0);
    }

    [Fact]
    public void AGradientHasNoGraphUnlessAskedFor()
    {
        Tensor x = Leaf();
        Assert.False((x * x).Sum().Backward().For(x)!.RequiresGradient);
        Assert.True((x * x).Sum().Backward(createGraph: true).For(x)!.RequiresGradient);
    }

    [Fact]
    public void AnUnreachedParameterIsAbsent()
    {
        var used = new Parameter(Tensor.FromArray(Values, [3])) { Name = "used" };
        var unused = new Parameter(Tensor.FromArray(Values, [3])) { Name = "unused" };
        Gradients gradients = (used.Value * 2).Sum().Backward();
        Assert.Equal([used], gradients.Keys);
        Assert.Single(gradients);
        Assert.False(gradients.ContainsKey(unused));
        Assert.False(gradients.TryGetValue(unused, out _));
        Assert.Null(gradients.For(unused));
        var error = Assert.Throws<KeyNotFoundException>(() => gradients[unused]);
        Assert.Equal("Gradients: the output does not depend on parameter unused [3]", error.Message);
    }

    [Fact]
    public void ForFindsLeavesAndParametersOnly()
    {
        var parameter = new Parameter(Tensor.FromArray(Values, [3]));
        Tensor leaf = Leaf();
        Tensor product = parameter * leaf;
        Gradients gradients = product.Sum().Backward();
        Assert.Equal(Values, ValuesOf(gradients.For(leaf)!));
        Assert.Equal(Values, ValuesOf(gradients.For(parameter)!));
        Assert.Same(gradients[parameter], gradients.For(parameter.Value));
        Assert.Null(gradients.For(product));
        Assert.Null(gradients.For(Leaf()));
        Assert.Null(gradients.For(leaf.Detach()));
    }

    [Fact]
    public void OneParameterUsedTwiceHasOneGradient()
    {
        var parameter = new Parameter(Tensor.FromArray(Values, [3]));
        Gradients gradients = ((parameter.Value * 2) + (parameter.Value * 3)).Sum().Backward();
        Assert.Equal([5, 5, 5], ValuesOf(gradients[parameter]));
    }

    [Fact]
    public void GradientsComeInTheOrderOfMaking()
    {
        Parameter[] parameters = [.. Enumerable.Range(0, 20).Select(index => new Parameter(Tensor.Scalar(index)))];
        Tensor sum = Tensor.Scalar(0);
        foreach (int index in (int[])[13, 2, 19, 7, 0, 11, 5, 3, 17])
        {
            sum = parameters[index].Value + sum;
        }

        int[] order = [.. sum.Backward().Keys.Select(key => Array.IndexOf(parameters, key))];
        Assert.Equal([0, 2, 3, 5, 7, 11, 13, 17, 19], order);
    }

    [Fact]
    public void GradientOfIntermediateValues()
    {
        Tensor x = Leaf();
        Tensor y = x * x;
        Tensor z = y * x;
        Tensor[] gradients = Autograd.Gradient(z, [y, x, z]);
        Assert.Equal(Values, ValuesOf(gradients[0]));
        Assert.Equal([.. Values.Select(value => 3 * value * value)], ValuesOf(gradients[1]));
        Assert.Equal([1, 1, 1], ValuesOf(gradients[2]));
    }

    [Fact]
    public void GradientOfWhatTheOutputDoesNotDependOnIsZero()
    {
        Tensor x = Leaf();
        Tensor other = Leaf();
        Tensor later = (x * 2).Exp();
        Tensor[] gradients = Autograd.Gradient(x.Sum(), [other, later, x]);
        Assert.Equal([0, 0, 0], ValuesOf(gradients[0]));
        Assert.Equal([0, 0, 0], ValuesOf(gradients[1]));
        Assert.Equal([1, 1, 1], ValuesOf(gradients[2]));
    }

    [Fact]
    public void AsksForOneInputLeaveOthersAlone()
    {
        Tensor x = Leaf();
        Tensor w = Leaf();
        Tensor inner = x.Exp();
        Tensor gradient = Autograd.Gradient((inner * w).Sum(), [w])[0];
        Assert.Equal([.. Values.Select(Math.Exp)], ValuesOf(gradient), (a, b) => Math.Abs(a - b) <= 1e-15 * a * 4);

        // The branch to x was skipped, so it is not consumed.
        Assert.Equal(ValuesOf(inner), ValuesOf(inner.Sum().Backward().For(x)!));
    }

    [Fact]
    public void TheLossMayBeALeaf()
    {
        Tensor x = Tensor.Scalar(3).WithGradient();
        Assert.Equal(1, x.Backward().For(x)!.ToScalar());
        Assert.Equal(1, x.Backward().For(x)!.ToScalar());
        var parameter = new Parameter(Tensor.Ones([1, 1]));
        Assert.Equal(1, parameter.Value.Backward()[parameter].ToScalar());
    }

    [Fact]
    public void RefusesWhatCannotBeDifferentiated()
    {
        Tensor x = Leaf();
        Assert.Equal(
            "Backward: expects a scalar; this is [3]. Reduce it first, for example with Mean(), or use Autograd.Gradient",
            Assert.Throws<InvalidOperationException>(() => (x * 2).Backward()).Message);
        Assert.Equal(
            "Backward: [] has no graph; nothing that it was computed from requires a gradient",
            Assert.Throws<InvalidOperationException>(() => Tensor.Scalar(1).Backward()).Message);
        Assert.Equal(
            "Gradient: [] has no graph; nothing that it was computed from requires a gradient",
            Assert.Throws<InvalidOperationException>(() => Autograd.Gradient(Tensor.Scalar(1), [x])).Message);
        Assert.Equal(
            "Gradient: input [3] has no graph; make a leaf of it with WithGradient()",
            Assert.Throws<ArgumentException>(() => Autograd.Gradient(x.Sum(), [x.Detach()])).Message);
        Assert.Equal(
            "Gradient: the cotangent is Float64 [2]; the output is Float64 [3]",
            Assert.Throws<ArgumentException>(() => Autograd.Gradient(x * 2, [x], Tensor.Ones([2], DType.Float64))).Message);
        Assert.Equal(
            "Gradient: the cotangent is Float32 [3]; the output is Float64 [3]",
            Assert.Throws<ArgumentException>(() => Autograd.Gradient(x * 2, [x], Tensor.Ones([3]))).Message);
    }

    [Fact]
    public void AChainOfAHundredThousandOperations()
    {
        Tensor x = Tensor.Scalar(1, DType.Float64).WithGradient();
        Tensor y = x;
        for (int step = 0; step < 100_000; step++)
        {
            y += 1;
        }

        Assert.Equal(1, y.Backward().For(x)!.ToScalar());
    }

    [Fact]
    public void OneOutputOfSeveralIsEnough()
    {
        Tensor x = new Sampler(nameof(OneOutputOfSeveralIsEnough)).Matrices(4, 4).ToTensor(DType.Float64);

        Tensor leaf = x.WithGradient();
        Tensor part = leaf.Split([1, 2, 1], 0)[1];
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], ValuesOf(part.Sum().Backward().For(leaf)!));

        // |det X| = prod |R[i, i]|, so both give the same gradient X^-T; Q and the sign are left alone.
        leaf = x.WithGradient();
        double[] fromQr = ValuesOf((leaf.Qr().R * Tensor.Eye(4, DType.Float64)).Sum([1]).Abs().Log().Sum().Backward().For(leaf)!);
        leaf = x.WithGradient();
        double[] fromLu = ValuesOf(leaf.SlogDet().LogAbsDet.Backward().For(leaf)!);
        Assert.Equal(fromLu, fromQr, (a, b) => Math.Abs(a - b) < 1e-13);
    }

    private static Tensor Leaf() => Tensor.FromArray(Values, [3]).WithGradient();

    private static double[] ValuesOf(Tensor tensor) => tensor.ToArray<double>();
}
