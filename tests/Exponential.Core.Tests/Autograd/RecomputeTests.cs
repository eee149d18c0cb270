using Xunit;

namespace Exponential.Core.Tests;

public sealed class RecomputeTests
{
    private readonly Parameter _weight = new(new Sampler("weight").Normal([3, 3]).ToTensor(DType.Float64)) { Name = "weight" };
    private readonly Parameter _other = new(new Sampler("other").Normal([3, 3]).ToTensor(DType.Float64)) { Name = "other" };
    private readonly Tensor _x = new Sampler("x").Normal([2, 3]).ToTensor(DType.Float64);

    [Fact]
    public void GivesTheSameValueAndGradients()
    {
        Tensor leaf = _x.WithGradient();
        Gradients expected = Layer(leaf).Sum().Backward();
        Gradients actual = Autograd.Recompute(Layer, leaf, _weight).Sum().Backward();
        Assert.Equal(Layer(_x).ToArray<double>(), Autograd.Recompute(Layer, _x, _weight).ToArray<double>());
        Assert.Equal(expected.For(leaf)!.ToArray<double>(), actual.For(leaf)!.ToArray<double>());
        Assert.Equal(expected[_weight].ToArray<double>(), actual[_weight].ToArray<double>());
    }

    [Fact]
    public void CallsTheFunctionAgainInTheBackwardPass()
    {
        int calls = 0;
        Tensor y = Autograd.Recompute(
            x =>
            {
                calls++;
                return x.Exp();
            },
            _x.WithGradient());
        Assert.Equal(1, calls);
        y.Sum().Backward();
        Assert.Equal(2, calls);
    }

    [Fact]
    public void InTheMiddleOfAGraphThatSharesItsParameter()
    {
        // The same weight before, inside and after; the recorded pass must not count the paths below the input twice.
        Tensor Plain(Tensor x) => Layer(Layer(Layer(x) + x));
        Tensor Recomputed(Tensor x) => Layer(Autograd.Recompute(Layer, Layer(x) + x, _weight));

        Tensor leaf = _x.WithGradient();
        Tensor[] inputs = [leaf, _weight];
        Tensor[] expected = Autograd.Gradient(Plain(leaf).Sum(), inputs, createGraph: true);
        Tensor[] recorded = Autograd.Gradient(Recomputed(leaf).Sum(), inputs, createGraph: true);
        Tensor[] plain = Autograd.Gradient(Recomputed(leaf).Sum(), inputs);
        AssertClose(expected, recorded);
        AssertClose(expected, plain);

        Tensor[] second = Autograd.Gradient((expected[0] * expected[0]).Sum() + (expected[1] * expected[1]).Sum(), inputs);
        Tensor[] secondRecomputed = Autograd.Gradient((recorded[0] * recorded[0]).Sum() + (recorded[1] * recorded[1]).Sum(), inputs);
        AssertClose(second, secondRecomputed);
    }

    [Fact]
    public void OtherParametersMayComeBefore()
    {
        Tensor leaf = _x.WithGradient();
        Tensor[] inputs = [leaf, _weight, _other];
        Tensor[] expected = Autograd.Gradient(Layer(leaf.MatMul(_other)).Sum(), inputs, createGraph: true);
        Tensor[] actual = Autograd.Gradient(Autograd.Recompute(Layer, leaf.MatMul(_other), _weight).Sum(), inputs, createGraph: true);
        AssertClose(expected, actual);
    }

    [Fact]
    public void Nests()
    {
        Tensor Inner(Tensor x) => Autograd.Recompute(Layer, x.Exp(), _weight);
        Tensor leaf = _x.WithGradient();
        Tensor[] inputs = [leaf, _weight];
        Tensor[] expected = Autograd.Gradient(Layer(leaf.Exp()).Sum(), inputs, createGraph: true);
        AssertClose(expected, Autograd.Gradient(Autograd.Recompute(Inner, leaf, _weight).Sum(), inputs));
        AssertClose(expected, Autograd.Gradient(Autograd.Recompute(Inner, leaf, _weight).Sum(), inputs, createGraph: true));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AParameterThatWasNotNamedThrows(bool createGraph)
    {
        Tensor y = Autograd.Recompute(x => x.MatMul(_weight).MatMul(_other), _x.WithGradient(), _weight).Sum();
        var error = Assert.Throws<InvalidOperationException>(() => y.Backward(createGraph));
        Assert.Equal("Recompute: the function reads parameter other [3, 3], which was not named; its gradient would be lost", error.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ATensorFromOutsideThrows(bool createGraph)
    {
        Tensor outside = _other.Value * 2;
        Tensor y = Autograd.Recompute(x => x.MatMul(outside), _x.WithGradient()).Sum();
        var error = Assert.Throws<InvalidOperationException>(() => y.Backward(createGraph));
        Assert.Equal(
            "Recompute: the function reads a tensor with a graph that is not its input; its gradient would be lost. Make it part of the input, or Detach() it",
            error.Message);
    }

    /// <summary>Written in place as an optimizer does, or replaced: the function called again would have another derivative.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void AParameterThatChangedMeanwhileThrows(bool inPlace, bool createGraph)
    {
        Tensor y = Autograd.Recompute(Layer, _x.WithGradient(), _weight).Sum();
        if (inPlace)
        {
            _weight.WritableSpan<double>()[0] += 1;
        }
        else
        {
            _weight.Value = _weight.Value.Detach() * 2;
        }

        var error = Assert.Throws<InvalidOperationException>(() => y.Backward(createGraph));
        Assert.Equal(
            "Recompute: parameter weight [3, 3] changed between the forward and the backward pass, which calls the function again; " +
            "step the optimizer after the backward pass",
            error.Message);
    }

    [Fact]
    public void AParameterMayChangeAfterTheBackwardPass()
    {
        Autograd.Recompute(Layer, _x.WithGradient(), _weight).Sum().Backward();
        _weight.WritableSpan<double>()[0] += 1;
        Gradients expected = Layer(_x).Sum().Backward();
        AssertClose([expected[_weight]], [Autograd.Recompute(Layer, _x, _weight).Sum().Backward()[_weight]]);
    }

    [Fact]
    public void AFunctionThatIgnoresItsInputHasNoGradient()
    {
        Tensor leaf = _x.WithGradient();
        Tensor y = Autograd.Recompute(x => x.OnesLike(), leaf).Sum() + leaf.Sum();
        Assert.All(y.Backward().For(leaf)!.ToArray<double>(), value => Assert.Equal(1, value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheParameterItselfMayBeTheInput(bool createGraph)
    {
        Tensor[] inputs = [_weight];
        Tensor[] expected = Autograd.Gradient(Layer(_weight).Sum(), inputs, createGraph: createGraph);
        Tensor[] actual = Autograd.Gradient(Autograd.Recompute(Layer, _weight, _weight).Sum(), inputs, createGraph: createGraph);
        AssertClose(expected, actual);
    }

    [Fact]
    public void AParameterNamedTwiceCountsOnce()
    {
        Gradients expected = Layer(_x).Sum().Backward();
        Gradients actual = Autograd.Recompute(Layer, _x, _weight, _weight).Sum().Backward();
        AssertClose([expected[_weight]], [actual[_weight]]);
    }

    [Fact]
    public void NamingAParameterTwiceCountsOnce()
    {
        double[] expected = Layer(_x).Sum().Backward()[_weight].ToArray<double>();
        Assert.Equal(expected, Autograd.Recompute(Layer, _x, _weight, _weight).Sum().Backward()[_weight].ToArray<double>());
    }

    [Fact]
    public void RecordsNothingWhereNothingNeedsAGradient() => Assert.False(Autograd.Recompute(x => x.Exp(), _x).RequiresGradient);

    private static void AssertClose(Tensor[] expected, Tensor[] actual)
    {
        for (int index = 0; index < expected.Length; index++)
        {
            NaiveArray values = NaiveArray.Of(expected[index]);
            Tolerance.AssertClose(values, NaiveArray.Of(actual[index]), 1 + Tolerance.Largest(values), 256, DType.Float64, $"gradient {index}");
        }
    }

    private Tensor Layer(Tensor x) => x.MatMul(_weight).Tanh();
}
