using Xunit;

namespace Exponential.Nn.Tests;

public sealed class FlowTests
{
    private const DType D = DType.Float64;
    private static readonly DenseNetSettings Small = new() { IntermediateChannels = 6, Depth = 1, Growth = 3, Gated = true };

    [Fact]
    public void AFlowIsMadeOfAChainAndAPrior()
    {
        var generator = new Generator(0);
        var flow = new Flow(
            new Chain(
                new Squeeze(),
                new ConvExp([12, 4, 4], generator: generator),
                new AffineCoupling([12, 4, 4], new DenseInResidualNet(6, 12, Small, generator))),
            prior: new StandardGaussian([12, 4, 4]));
        Tensor images = generator.Normal([2, 3, 8, 8]);
        Assert.Equal([3, 8, 8], flow.EventShape);
        Assert.Equal([2], flow.LogProb(images).Shape);
        Assert.Equal([16, 3, 8, 8], flow.Sample(16, new Generator(seed: 0)).Value.Shape);
        Assert.Contains("transformations.1.kernel_orig", flow.State().Keys);
        Assert.Contains("base.buffer", flow.State().Keys);
        Gradients gradients = (-flow.LogProb(images).Mean()).Backward();
        Assert.Equal(flow.Parameters().Count(), gradients.ClipNorm(1).Gradients.Count);
    }

    [Fact]
    public void ASamplesLogProb_IsTheFlowsOwn_WithSplitPriorsToo()
    {
        Flow flow = Randomised();
        (Tensor x, Tensor logProb) = flow.Sample(3, new Generator(5), temperature: 0.7);
        Tensor again = flow.LogProb(x);
        Assert.InRange((again - logProb).Abs().Max().ToScalar(), 0, 1e-9 * again.Abs().Max().ToScalar());
    }

    [Fact]
    public void DecodeUndoesEncode_WithSplitPriors()
    {
        Flow flow = Randomised();
        Tensor x = new Generator(5).Uniform([3, 3, 8, 8], D) * 256;
        IReadOnlyList<Tensor> latents = flow.Encode(x);
        Assert.Equal(["[3, 6, 4, 4]", "[3, 24, 2, 2]"], latents.Select(latent => latent.Shape.ToString()));
        Assert.InRange((flow.Decode(latents) - x).Abs().Max().ToScalar() / 256, 0, 1e-12);
        var error = Assert.Throws<ArgumentException>(() => flow.Decode([latents[0]]));
        Assert.Equal("Flow.Decode: there must be 2 latents; there are 1 (Parameter 'latents')", error.Message);
    }

    [Fact]
    public void LogProb_RefusesWrongShapes()
    {
        var error = Assert.Throws<ArgumentException>(() => Randomised().LogProb(Tensor.Zeros([2, 3, 4, 8], D)));
        Assert.Equal("Flow.LogProb: x must be a batch [n, 3, 8, 8] of at least one; it is [2, 3, 4, 8] (Parameter 'x')", error.Message);
    }

    [Fact]
    public void UniformDistribution_GivesNothingOutsideTheCube()
    {
        var uniform = new UniformDistribution([2], D);
        double[] logProb = uniform.LogProb(Tensor.FromArray([0.0, 1.0, 0.5, 1.5, -1e-9, 0.5], [3, 2])).ToArray<double>();
        Assert.Equal([0, double.NegativeInfinity, double.NegativeInfinity], logProb);
        Assert.Equal([0.0], uniform.Sample(1, new Generator(0)).LogProb.ToArray<double>());
    }

    [Fact]
    public void StandardGaussian_HasItsDensity()
    {
        double actual = new StandardGaussian([2], D).LogProb(Tensor.FromArray([1.0, -2.0], [1, 2])).ToScalar();
        Assert.Equal(-2.5 - Math.Log(2 * Math.PI), actual, 1e-14);
    }

    private static Flow Randomised()
    {
        var generator = new Generator(3);
        var settings = new MixingFlowSettings { Levels = 2, Subflows = 1, Mixing = Mixing.ConvExp, SplitPrior = true, Network = Small };
        Flow flow = MixingFlow.Create([3, 8, 8], settings, generator, D);
        foreach (Parameter parameter in flow.Parameters())
        {
            parameter.Value = parameter.Value.Detach() + (generator.Normal(parameter.Shape, D) * 0.05);
        }

        flow.Eval();
        return flow;
    }
}
