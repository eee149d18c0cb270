using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>decode(encode(v)): what a flow of certified exponentials loses of an image, as max|v^ - v| / 256.</summary>
public sealed class ReconstructionTests
{
    [Theory]
    [InlineData(Mixing.Conv1x1, DType.Float32, 1e-5)]
    [InlineData(Mixing.Conv1x1, DType.Float64, 1e-12)]
    [InlineData(Mixing.ConvExp, DType.Float32, 1e-5)]
    [InlineData(Mixing.ConvExp, DType.Float64, 1e-12)]
    [InlineData(Mixing.Emerging, DType.Float32, 1e-5)]
    [InlineData(Mixing.Emerging, DType.Float64, 1e-12)]
    [InlineData(Mixing.Woodbury, DType.Float32, 1e-4)] // U and V start with deviation 1/n, which for the n = 4 and 1 pixels here is far from small
    [InlineData(Mixing.Woodbury, DType.Float64, 1e-12)]
    public void ImagesComeBack(Mixing mixing, DType dtype, double allowed)
    {
        var generator = new Generator(6);
        Flow flow = Catalogue.TinyFlow(mixing, generator, dtype);
        RandomState.Draw(flow, generator);
        flow.Eval();
        using var noGraph = Autograd.NoGrad();
        Tensor images = (generator.Uniform([16, 3, 4, 4], DType.Float64) * 256).Floor().To(dtype);
        IReadOnlyList<Tensor> latents = flow.Encode(images);
        Assert.Equal(2, latents.Count);
        double error = (flow.Decode(latents) - images).Abs().Max().ToScalar() / 256;
        Assert.InRange(error, 0, allowed);
    }

    /// <summary>Six terms, the original's in training, are no exact inverses of one another: what is lost is then the remainders of series.</summary>
    [Fact]
    public void FewerTermsLoseMore()
    {
        Assert.True(ErrorWith(new ConvExpPlan.Fixed(6, 6)) > 1000 * ErrorWith(ConvExpPlan.Certified));

        static double ErrorWith(ConvExpPlan plan)
        {
            var generator = new Generator(7);
            Flow flow = Catalogue.TinyFlow(Mixing.ConvExp, generator, DType.Float64);
            RandomState.Draw(flow, generator, kernelGain: 20);
            foreach (ConvExp layer in flow.Steps.OfType<ConvExp>())
            {
                layer.Plan = plan;
            }

            flow.Eval();
            Tensor images = (generator.Uniform([4, 3, 4, 4], DType.Float64) * 256).Floor();
            return (flow.Decode(flow.Encode(images)) - images).Abs().Max().ToScalar() / 256;
        }
    }
}
