using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>What single bijections do beyond the properties of all, which are tested over the catalogue.</summary>
public sealed class BijectionTests
{
    private const DType D = DType.Float64;
    private static readonly Shape Event = [4, 2, 4];

    [Fact]
    public void Chain_InfersItsEventShape_AndRefusesStepsThatDoNotFit()
    {
        var chain = new Chain(new Squeeze(), new ConvExp([12, 4, 4], generator: new Generator(0)), new Flip2d());
        Assert.Equal([3, 8, 8], chain.EventShape!.Value);
        Assert.Equal(InverseKind.Truncated, chain.Kind);
        var error = Assert.Throws<ArgumentException>(() => new Chain(new ConvExp([12, 4, 4]), new ConvExp([6, 4, 4])));
        Assert.Equal("ConvExp: the event shape must be [6, 4, 4]; it is [12, 4, 4]", error.Message);
    }

    [Fact]
    public void InvertOfInvert_IsTheBijectionItself()
    {
        var tanh = new Tanh();
        Assert.Same(tanh, tanh.Invert().Invert());
    }

    [Fact]
    public void AutoregressiveConv2d_OfAZeroOnTheDiagonal_IsAnError_BothWays()
    {
        var layer = new AutoregressiveConv2d(2, new Generator(0), D);
        Parameter weight = layer.Parameters().First();
        double[] values = Closeness.Values(weight.Value);
        values[15] = 0; // [1, 1, 1, 1]
        weight.Value = Tensor.FromArray(values, weight.Shape);
        Tensor x = new Generator(1).Normal([1, 2, 3, 3], D);
        const string Expected = "AutoregressiveConv2d: weight[1, 1, 1, 1] is zero; the convolution has no inverse";
        Assert.Equal(Expected, Assert.Throws<ArithmeticException>(() => layer.Forward(x)).Message);
        Assert.Equal(Expected, Assert.Throws<ArithmeticException>(() => layer.Inverse(x)).Message);
    }

    [Fact]
    public void Emerging_OfAnotherShape_NamesItself_BothWays()
    {
        var layer = new Emerging(2, new Generator(0), D);
        Tensor x = new Generator(1).Normal([1, 3, 4, 4], D);
        const string Expected = "Emerging: the event shape must be [2, height, width]; it is [3, 4, 4]";
        Assert.Equal(Expected, Assert.Throws<ArgumentException>(() => layer.Forward(x)).Message);
        Assert.Equal(Expected, Assert.Throws<ArgumentException>(() => layer.Inverse(x)).Message);
    }

    [Fact]
    public void AutoregressiveConv2d_RefusesAStateWithAnotherMask()
    {
        var layer = new AutoregressiveConv2d(2, new Generator(0));
        var state = new StateDictionary();
        foreach ((string name, StateValue value) in layer.State())
        {
            state.Add(name, name == "mask" ? value.Tensor.OnesLike() : value.Tensor);
        }

        var error = Assert.Throws<InvalidDataException>(() => layer.LoadState(state));
        Assert.Equal(
            "AutoregressiveConv2d.LoadState: the state belongs to another module or other settings; nothing was loaded; " +
            "constant of the module with other values (1): mask",
            error.Message);
    }

    /// <summary>weight[o, i, 1, 1] for o &lt; i is no part of the map: it gets no gradient, and no value of it changes anything.</summary>
    [Fact]
    public void AutoregressiveConv2d_IgnoresWhatIsMasked()
    {
        var layer = new AutoregressiveConv2d(2, new Generator(0), D);
        Parameter weight = layer.Parameters().First();
        Tensor x = new Generator(1).Normal([2, 2, 3, 4], D);
        double[] before = Closeness.Values(layer.Forward(x).Value);
        double[] inverse = Closeness.Values(layer.Inverse(x).Value);
        Gradients forwards = layer.Forward(x).Value.Square().Sum().Backward();
        Gradients backwards = layer.Inverse(x).Value.Square().Sum().Backward();
        Assert.Equal(0, Closeness.Values(forwards.For(weight)!)[7]); // [0, 1, 1, 1]
        Assert.Equal(0, Closeness.Values(backwards.For(weight)!)[7]);

        double[] values = Closeness.Values(weight.Value);
        values[7] = 100;
        weight.Value = Tensor.FromArray(values, weight.Shape);
        Assert.Equal(before, Closeness.Values(layer.Forward(x).Value));
        Assert.Equal(inverse, Closeness.Values(layer.Inverse(x).Value));
    }

    [Fact]
    public void AutoregressiveConv2d_StartsNearTheIdentity()
    {
        StateDictionary state = new AutoregressiveConv2d(32, new Generator(0), D).State();
        double[] weight = Closeness.Values(state["weight"].Tensor);
        for (int channel = 0; channel < 32; channel++)
        {
            weight[(((channel * 32) + channel) * 4) + 3] -= 1;
        }

        RequireDeviation(1.0 / 64, weight);
        Assert.All(Closeness.Values(state["bias"].Tensor), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Woodbury_StartsWithDeviationOneOverThePixels()
    {
        StateDictionary state = new Woodbury([2, 8, 4], generator: new Generator(0), dtype: D).State();
        Assert.Equal<Shape>([32, 24], state["woodbury_spatial.U"].Tensor.Shape);
        Assert.Equal<Shape>([24, 32], state["woodbury_spatial.V"].Tensor.Shape);
        RequireDeviation(1.0 / 32, Closeness.Values(state["woodbury_spatial.U"].Tensor));
        RequireDeviation(1.0 / 32, Closeness.Values(state["woodbury_spatial.V"].Tensor));
    }

    /// <summary>Gaussian with mean 0: the mean of n squares has the relative deviation sqrt(2/n), of which six are allowed.</summary>
    private static void RequireDeviation(double expected, double[] values)
    {
        double ratio = values.Average(value => value * value) / (expected * expected);
        Assert.InRange(ratio, 1 - (6 * Math.Sqrt(2.0 / values.Length)), 1 + (6 * Math.Sqrt(2.0 / values.Length)));
        Assert.InRange(values.Average(), -6 * expected / Math.Sqrt(values.Length), 6 * expected / Math.Sqrt(values.Length));
    }

    [Fact]
    public void Woodbury_OfASingularMatrix_HasNoInverse()
    {
        var layer = new Woodbury([1, 1, 2], 1, new Generator(0), D);
        Parameter[] parameters = [.. layer.Parameters()];
        parameters[0].Value = Tensor.FromArray([1.0, 0], [2, 1]);
        parameters[1].Value = Tensor.FromArray([-1.0, 0], [1, 2]);
        var error = Assert.Throws<ArithmeticException>(() => layer.Inverse(Tensor.Ones([1, 1, 1, 2], D)));
        Assert.Equal("Solve: a matrix of [1, 1] is singular; the system has no unique solution", error.Message);
    }

    [Fact]
    public void Squeeze_NumbersChannelsAsTheOriginal()
    {
        Tensor z = new Squeeze().Forward(Tensor.Arange(8).Reshape([1, 2, 2, 2])).Value;
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7], z.ToArray<float>());
        Assert.Equal([1, 8, 1, 1], z.Shape);
    }

    [Fact]
    public void ActNorm_IsSetByItsFirstBatchAlone_EvenInEvaluation()
    {
        var layer = new ActNorm(4, D);
        layer.Eval();
        Assert.Equal(0, layer.State()["initialized"].Integer);
        Tensor x = (new Generator(0).Normal([3, .. Event], D) * 5) + 7;
        layer.Forward(x);
        Assert.Equal(1, layer.State()["initialized"].Integer);
        double[][] before = [.. layer.Parameters().Select(parameter => Closeness.Values(parameter.Value))];
        Assert.All(before, values => Assert.Contains(values, value => value != 0));
        layer.Forward(x * 2);
        Assert.Equal(before, layer.Parameters().Select(parameter => Closeness.Values(parameter.Value)));
    }

    [Fact]
    public void Householder_IsTheProductOfItsReflections()
    {
        const int Channels = 3;
        const int Count = 5;
        var layer = new Conv1x1Householder(Channels, Count, new Generator(0), D);
        Tensor v = layer.State()["V"].Tensor;
        Tensor product = Tensor.Eye(Channels, D);
        for (int i = 0; i < Count; i++)
        {
            Tensor row = v.Narrow(0, i, 1);
            product = product.MatMul(Tensor.Eye(Channels, D) - (row.Transpose(0, 1).MatMul(row) * (2 / row.Square().Sum().ToScalar())));
        }

        // Each reflection is off by a few units for every entry, of its making and of the product; its norm sqrt(3) at most adds up.
        double allowed = Count * 8 * Channels * Closeness.Epsilon * Closeness.Norm(product);
        Closeness.AssertClose(product, layer.Matrix().Detach(), allowed, "product");
    }

    [Fact]
    public void Coupling_StartsAsTheIdentity()
    {
        var settings = new DenseNetSettings { IntermediateChannels = 4, Depth = 1, Growth = 2 };
        var coupling = new AffineCoupling(Event, new DenseInResidualNet(2, 4, settings, new Generator(0)));
        Tensor x = new Generator(1).Normal([2, .. Event]);
        (Tensor z, Tensor logDet) = coupling.Forward(x);

        // The exponential of 0 is 1 to one unit of rounding; the product rounds once more.
        Closeness.AssertClose(x, z, 2 * Closeness.EpsilonSingle * Closeness.Norm(x), "value");
        Assert.Equal([0f, 0f], logDet.ToArray<float>());
    }

    /// <summary>
    /// Rounding of the value v in between is amplified by |exp(-M)| on the way back, at most e^rho, and the orthogonal 1 x 1 convolution
    /// that the layer starts with keeps lengths: c eps (e^rho |z| + |x|), as for every layer of the catalogue.
    /// </summary>
    [Theory]
    [InlineData(DType.Float32, Closeness.EpsilonSingle)]
    [InlineData(DType.Float64, Closeness.Epsilon)]
    public void ConvExp_Certified_IsInvertedToTheRoundingOfItsElementType(DType dtype, double epsilon)
    {
        const int Work = 64;
        var layer = new ConvExp([6, 8, 8], plan: ConvExpPlan.Certified, generator: new Generator(0), dtype: dtype);
        layer.Eval();
        Tensor x = new Generator(1).Normal([2, 6, 8, 8], dtype);
        Tensor z = layer.Forward(x).Value;
        double growth = Math.Exp(layer.Operator().Exponent.NormBound().Value);
        double allowed = Work * epsilon * ((growth * Closeness.Norm(z)) + Closeness.Norm(x));
        Closeness.AssertClose(x.To(D), layer.Inverse(z).Value.To(D), allowed, $"{dtype}");
    }
}
