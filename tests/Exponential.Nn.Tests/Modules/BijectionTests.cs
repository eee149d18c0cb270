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
