using Xunit;

namespace Exponential.Nn.Tests;

public sealed class BijectionTests
{
    private const DType D = DType.Float64;
    private static readonly Shape Event = [4, 2, 4];

    public static TheoryData<string> Names => [.. Instances(new Generator(0)).Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void InverseUndoesForward_AndLogDetIsThatOfTheJacobian(string name)
    {
        var generator = new Generator(7);
        Bijection bijection = Instances(generator).Single(item => item.Name == name).Make();
        Tensor x = Domain(name, generator.Normal([2, .. Event], D));
        (Tensor z, Tensor logDet) = bijection.Forward(x);
        bijection.Eval();
        (z, logDet) = bijection.Forward(x);
        (Tensor back, Tensor inverseLogDet) = bijection.Inverse(z);

        Assert.Equal(bijection.OutputShape(Event), z.Shape[1..]);
        Assert.Equal(Event, bijection.InputShape(z.Shape[1..]));
        Assert.Equal(bijection.HasConstantLogDet ? [] : [2], logDet.Shape);
        double tolerance = bijection.Kind == InverseKind.Exact ? 1e-12 : 1e-8;
        Assert.InRange((back - x).Abs().Max().ToScalar(), 0, tolerance);
        Assert.InRange((inverseLogDet + logDet).Abs().Max().ToScalar(), 0, 1e-9);

        Tensor one = x.Narrow(0, 0, 1);
        Tensor jacobian = Autograd.Jacobian(value => bijection.Forward(value).Value, one);
        double expected = jacobian.SlogDet().LogAbsDet.ToScalar();
        double actual = (logDet.Rank == 0 ? logDet : logDet[0]).ToScalar();
        Assert.Equal(expected, actual, bijection.Kind == InverseKind.Exact ? 1e-9 : 1e-6);
    }

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
    public void Squeeze_NumbersChannelsAsTheOriginal()
    {
        Tensor z = new Squeeze().Forward(Tensor.Arange(8).Reshape([1, 2, 2, 2])).Value;
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7], z.ToArray<float>());
        Assert.Equal([1, 8, 1, 1], z.Shape);
    }

    [Fact]
    public void Squeeze_RefusesOddSizes()
    {
        var error = Assert.Throws<ArgumentException>(() => new Squeeze().Forward(Tensor.Zeros([2, 3, 5, 4])));
        Assert.Equal("Squeeze: height and width must be even; the event shape is [3, 5, 4]", error.Message);
    }

    [Fact]
    public void EmptyBatches_AreRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => new Tanh().Forward(Tensor.Zeros([0, 3])));
        Assert.Equal("Tanh: x must be a batch of at least one; it is [0, 3] (Parameter 'x')", error.Message);
    }

    [Fact]
    public void ActNorm_NormalisesItsFirstBatch_AndRefusesAnInverseBefore()
    {
        var layer = new ActNorm(4, D);
        var error = Assert.Throws<InvalidOperationException>(() => layer.Inverse(Tensor.Zeros([2, .. Event], D)));
        Assert.Equal("ActNorm.Inverse: the layer has no scale yet; run a batch forward first, or load a trained state", error.Message);
        Tensor x = (new Generator(0).Normal([3, .. Event], D) * 5) + 7;
        layer.Eval();
        Tensor z = layer.Forward(x).Value;
        Assert.Equal(1, layer.State()["initialized"].Integer);
        Assert.InRange(z.Mean([0, 2, 3]).Abs().Max().ToScalar(), 0, 1e-12);
        Assert.InRange((z.Variance([0, 2, 3]) - 1).Abs().Max().ToScalar(), 0, 1e-8);
        Tensor other = layer.Forward(x * 2).Value;
        Assert.True(other.Mean([0, 2, 3]).Abs().Max().ToScalar() > 0.1);
    }

    [Fact]
    public void Householder_IsTheProductOfItsReflections()
    {
        var layer = new Conv1x1Householder(3, 5, new Generator(0), D);
        Tensor v = layer.State()["V"].Tensor;
        Tensor product = Tensor.Eye(3, D);
        for (int i = 0; i < 5; i++)
        {
            Tensor row = v.Narrow(0, i, 1);
            product = product.MatMul(Tensor.Eye(3, D) - (row.Transpose(0, 1).MatMul(row) * (2 / row.Square().Sum().ToScalar())));
        }

        Assert.InRange((layer.Matrix().Detach() - product).Abs().Max().ToScalar(), 0, 1e-13);
    }

    [Fact]
    public void Coupling_StartsAsTheIdentity_AndChecksItsContext()
    {
        var settings = new DenseNetSettings { IntermediateChannels = 4, Depth = 1, Growth = 2 };
        var plain = new AffineCoupling(Event, new DenseInResidualNet(2, 4, settings, new Generator(0)));
        Tensor x = new Generator(1).Normal([2, .. Event]);
        Assert.InRange((plain.Forward(x).Value - x).Abs().Max().ToScalar(), 0, 1e-6);
        var error = Assert.Throws<ArgumentException>(() => plain.Forward(x, x));
        Assert.Equal("AffineCoupling: it takes no context; one of [2, 4, 2, 4] was given (Parameter 'context')", error.Message);

        var conditional = new AffineCoupling(Event, new DenseInResidualNet(2 + 3, 4, settings, new Generator(0)), contextChannels: 3);
        error = Assert.Throws<ArgumentException>(() => conditional.Forward(x));
        Assert.Equal("AffineCoupling: it needs a context of 3 channels; none was given (Parameter 'context')", error.Message);
    }

    [Fact]
    public void ConvExp_ByTolerance_IsAsExactAsItsElementType()
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            var layer = new ConvExp([6, 8, 8], plan: ConvExpPlan.Certified, generator: new Generator(0), dtype: dtype);
            var state = new StateDictionary();
            state.AddAll(layer.State());
            Tensor x = new Generator(1).Normal([2, 6, 8, 8], dtype);
            for (int i = 0; i < 20; i++)
            {
                layer.Forward(x);
            }

            layer.Eval();
            Tensor back = layer.Inverse(layer.Forward(x).Value).Value;
            double unit = dtype == DType.Float32 ? 6e-8 : 1.2e-16;
            Assert.InRange((back - x).Abs().Max().ToScalar() / x.Abs().Max().ToScalar(), 0, 100 * unit);
        }
    }

    private static Tensor Domain(string name, Tensor x) => name switch
    {
        "Logit" or "Sigmoid inverted" => x.Sigmoid(),
        "Tanh inverted" => x.Tanh(),
        _ => x,
    };

    private static IEnumerable<(string Name, Func<Bijection> Make)> Instances(Generator g)
    {
        yield return ("Identity", () => new Identity());
        yield return ("Normalize", () => new Normalize(0.5, 3, D));
        yield return ("ActNorm", () => new ActNorm(4, D));
        yield return ("Squeeze", () => new Squeeze());
        yield return ("Flip2d", () => new Flip2d());
        yield return ("Sigmoid", () => new Sigmoid());
        yield return ("Sigmoid inverted", () => new Sigmoid().Invert());
        yield return ("Logit", () => new Logit());
        yield return ("Tanh", () => new Tanh());
        yield return ("Tanh inverted", () => new Tanh().Invert());
        yield return ("PReLU", () => Randomised(new PReLU(4, D), g));
        yield return ("MinLogPlusLinear", () => new MinLogPlusLinear());
        yield return ("Conv1x1", () => Randomised(new Conv1x1(4, g, D), g));
        yield return ("Conv1x1Householder", () => new Conv1x1Householder(4, 3, g, D));
        yield return ("ConvExp original", () => new ConvExp(Event, plan: ConvExpPlan.Original, generator: g, dtype: D));
        yield return ("ConvExp certified", () => Randomised(new ConvExp(Event, generator: g, dtype: D), g));
        yield return ("AffineCoupling", () => new AffineCoupling(
            Event, new DenseInResidualNet(2, 4, new DenseNetSettings { IntermediateChannels = 5, Depth = 2, Growth = 3, Gated = true }, g, zeroLast: false, D)));
        yield return ("Chain", () => new Conv1x1(4, g, D).Then(new Tanh()));
    }

    private static Bijection Randomised(Bijection bijection, Generator generator)
    {
        foreach (Parameter parameter in bijection.Parameters())
        {
            parameter.Value = parameter.Value.Detach() + (generator.Normal(parameter.Shape, D) * 0.2);
        }

        return bijection;
    }
}
