using Xunit;

namespace Exponential.Core.Tests;

/// <summary>
/// The backward pass adds gradients in place where it believes that nobody else holds them. These tests are about that belief: shared
/// subexpressions, one cotangent for two inputs, views of cotangents, tensors the user holds.
/// </summary>
public sealed class AccumulationTests
{
    [Fact]
    public void SharedSubexpressions()
    {
        Tensor x = Tensor.FromArray<double>([3, -2], [2]).WithGradient();
        Assert.Equal([2, 2], GradientOf(x + x, x));
        Assert.Equal([0, 0], GradientOf(x - x, x));
        Assert.Equal([6, -4], GradientOf(x * x, x));
        Assert.Equal([0, 0], GradientOf(x / x, x));

        Tensor y = x * 2;
        Assert.Equal([4, 4], GradientOf(y + y, x));
        y = x * 2;
        Assert.Equal([6, 6], GradientOf(Tensor.Stack([y, y, y], 0).Sum([0]), x));
        y = x * 2;
        Assert.Equal([2, 2], GradientOf(Tensor.Where(x.Greater(0), y, y), x));
        y = x * 2;
        Assert.Equal([2, 2], GradientOf(Tensor.Maximum(y, y), x));
        y = x * 2;
        Assert.Equal([4, 4], GradientOf(y.Reshape([2, 1]).Reshape([2]) + y, x));
    }

    [Fact]
    public void DoublingSixtyTimes()
    {
        Tensor x = Tensor.Scalar(1, DType.Float64).WithGradient();
        Tensor y = x;
        for (int step = 0; step < 60; step++)
        {
            y += y;
        }

        Assert.Equal(Math.Pow(2, 60), y.Backward().For(x)!.ToScalar());
    }

    [Fact]
    public void TheUsersCotangentKeepsItsValues()
    {
        Tensor a = Tensor.Ones([4], DType.Float64).WithGradient();
        Tensor b = Tensor.Ones([4], DType.Float64).WithGradient();
        Tensor cotangent = Tensor.Arange(4, DType.Float64);
        Tensor y = a + b + a + (a * 10) + b;
        Tensor[] gradients = Autograd.Gradient(y, [a, b], cotangent);
        Assert.Equal([0, 1, 2, 3], cotangent.ToArray<double>());
        Assert.Equal([0, 12, 24, 36], gradients[0].ToArray<double>());
        Assert.Equal([0, 2, 4, 6], gradients[1].ToArray<double>());
    }

    [Fact]
    public void HeldTensorsKeepTheirValues()
    {
        // Every intermediate is held, as are the gradients of intermediates; no pass may write into them.
        var sampler = new Sampler(nameof(HeldTensorsKeepTheirValues));
        Tensor x = sampler.Normal([3, 4]).ToTensor(DType.Float64).WithGradient();
        Tensor a = x.Transpose();
        Tensor b = a.Reshape([12]);
        Tensor c = b + b.Flip(0);
        Tensor d = c.Narrow(0, 2, 6) * c.Narrow(0, 6, 6);
        Tensor e = d + d.Exp() + d.Reshape([2, 3]).Reshape([6]);
        Tensor[] held = [x, a, b, c, d, e];
        double[][] before = [.. held.Select(tensor => tensor.ToArray<double>())];
        Tensor[] first = Autograd.Gradient(e, held, createGraph: true);
        double[][] gradientsBefore = [.. first.Select(tensor => tensor.ToArray<double>())];
        Tensor[] second = Autograd.Gradient(e, held);
        Assert.Equal(before, held.Select(tensor => tensor.ToArray<double>()));
        Assert.Equal(gradientsBefore, first.Select(tensor => tensor.ToArray<double>()));
        for (int index = 0; index < held.Length; index++)
        {
            Tolerance.AssertClose(NaiveArray.Of(first[index]), NaiveArray.Of(second[index]), Tolerance.Largest(NaiveArray.Of(first[index])), 32, DType.Float64, $"gradient {index}, {sampler}");
        }
    }

    [Fact]
    public void RandomGraphsAgreeWithThePassThatWritesNothingInPlace()
    {
        for (int graph = 0; graph < 150; graph++)
        {
            var random = new Generator(new Sampler($"{nameof(RandomGraphsAgreeWithThePassThatWritesNothingInPlace)} {graph}").Seed);
            Tensor[] leaves = [.. Enumerable.Range(0, 3).Select(_ => random.Normal([2, 3], DType.Float64).WithGradient())];
            List<Tensor> nodes = [.. leaves];
            for (int step = 0; step < 25; step++)
            {
                nodes.Add(Step(random, nodes));
            }

            Tensor loss = (nodes[^1] + nodes[^2] + nodes[random.NextInt32(nodes.Count)]).Sum();
            Tensor[] inputs = [.. leaves, nodes[5], nodes[11]];
            double[][] values = [.. nodes.Select(node => node.ToArray<double>())];
            Tensor[] expected = Autograd.Gradient(loss, inputs, createGraph: true);
            Tensor[] actual = Autograd.Gradient(loss, inputs);
            Assert.Equal(values, nodes.Select(node => node.ToArray<double>()));
            for (int input = 0; input < inputs.Length; input++)
            {
                // The two passes add the same terms in the same order.
                Assert.Equal(expected[input].ToArray<double>(), actual[input].ToArray<double>());
            }
        }
    }

    [Fact]
    public void AnOperationMayGiveOneTensorToTwoInputs()
    {
        // Both inputs get the same new tensor, and the first then accumulates 100 more: the second must not see it.
        Tensor a = Tensor.Ones([3], DType.Float64).WithGradient();
        Tensor b = Tensor.Ones([3], DType.Float64).WithGradient();
        Tensor[] gradients = Autograd.Gradient(new Doubled().Apply(a * 1, b) + (a * 100), [a, b]);
        Assert.Equal([102, 102, 102], gradients[0].ToArray<double>());
        Assert.Equal([2, 2, 2], gradients[1].ToArray<double>());

        gradients = Autograd.Gradient((b * 100) + new Doubled().Apply(a, b), [a, b]);
        Assert.Equal([2, 2, 2], gradients[0].ToArray<double>());
        Assert.Equal([102, 102, 102], gradients[1].ToArray<double>());
    }

    /// <summary>A function [2, 3] to [2, 3] of one or two earlier values, views as often as not.</summary>
    private static Tensor Step(Generator random, List<Tensor> nodes)
    {
        Tensor a = nodes[random.NextInt32(nodes.Count)];
        Tensor b = nodes[random.NextInt32(nodes.Count)];
        return random.NextInt32(13) switch
        {
            0 => a + b,
            1 => a - b,
            2 => (a * b).Tanh(),
            3 => a.Flip(random.NextInt32(2)),
            4 => a.Transpose().Reshape([2, 3]),
            5 => Tensor.Cat([a[.., ..1], b[.., 1..]], 1),
            6 => a.Split([1, 2], 1)[1].Sum([1], keepDims: true) + b,
            7 => a[1].Expand([2, 3]),
            8 => Tensor.Where(a.Greater(b), a, b),
            9 => a.Sigmoid(),
            10 => a.Reshape([3, 2]).Transpose().Contiguous(),
            11 => Tensor.Stack([a[0], b[1]], 0),
            _ => a.MatMul(b.Transpose()).MatMul(a).Tanh(),
        };
    }

    private static double[] GradientOf(Tensor y, Tensor x) => Autograd.Gradient(y, [x])[0].ToArray<double>();

    /// <summary>2 (a + b).</summary>
    private sealed class Doubled : Operation
    {
        public override string Name => "Doubled";

        public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
        {
            outputs[0] = backend.Allocate(inputs[0].DType, inputs[0].Shape);
            backend.Binary(BinaryKind.Add, inputs[0], inputs[1], outputs[0]);
            backend.Unary(UnaryKind.Affine, outputs[0], outputs[0], 2, 0);
        }

        public override void Vjp(VjpContext context)
        {
            Tensor doubled = context.Cotangent * 2;
            context.Set(0, doubled);
            context.Set(1, doubled);
        }
    }
}
