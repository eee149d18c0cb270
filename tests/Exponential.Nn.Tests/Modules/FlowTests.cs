using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>How flows are put together and what they refuse; their values are tested over the catalogue.</summary>
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
    public void LatentsAreWhatSplitPriorsTakeOut_AndWhatReachesThePrior()
    {
        IReadOnlyList<Tensor> latents = TwoLevels().Encode(Tensor.Zeros([3, 3, 8, 8], D));
        Assert.Equal(["[3, 6, 4, 4]", "[3, 24, 2, 2]"], latents.Select(latent => latent.Shape.ToString()));
    }

    [Fact]
    public void Encode_RefusesOtherEventsAndContexts()
    {
        Refuses(
            () => TwoLevels().Encode(Tensor.Zeros([2, 3, 4, 8], D)),
            "Flow.Encode: x must be a batch [n, 3, 8, 8] of at least one; it is [2, 3, 4, 8] (Parameter 'x')");
        Tensor images = Tensor.Zeros([2, 3, 8, 8], D);
        Refuses(() => TwoLevels().Encode(images, images), "Flow: it takes no context; [2, 3, 8, 8] was given");
    }

    [Fact]
    public void AnotherElementTypeThanTheParametersIsRefused()
    {
        var flow = new Flow(new ConvExp([2, 4, 4], generator: new Generator(0)), new StandardGaussian([2, 4, 4]));
        Tensor images = Tensor.Zeros([1, 2, 4, 4], D);
        const string Rest = "x must be Float32, as the parameters are; it is Float64. Convert one with To(DType) (Parameter 'x')";
        Refuses(() => flow.LogProb(images), "Flow.LogProb: " + Rest);
        Refuses(() => flow.Encode(images), "Flow.Encode: " + Rest);
        flow.To(D);
        Assert.Equal([1], flow.LogProb(images).Shape);
    }

    [Fact]
    public void Decode_RefusesLatentsThatDoNotFit()
    {
        Flow flow = TwoLevels();
        Tensor taken = Tensor.Zeros([3, 6, 4, 4], D);
        Tensor last = Tensor.Zeros([3, 24, 2, 2], D);
        Refuses(() => flow.Decode([taken]), "Flow.Decode: there must be 2 latents; there are 1 (Parameter 'latents')");
        Refuses(
            () => flow.Decode([last, taken]),
            "Flow.Decode: latents[0] must be a batch [n, 6, 4, 4] of at least one; it is [3, 24, 2, 2] (Parameter 'latents[0]')");
        Refuses(
            () => flow.Decode([taken, last.Narrow(0, 0, 2)]),
            "Flow.Decode: latents must be of one batch; latents[0] has 3 events, latents[1] has 2 (Parameter 'latents')");
        Refuses(() => flow.Decode([taken, last], last), "Flow: it takes no context; [3, 24, 2, 2] was given");
    }

    [Fact]
    public void AContextIsSharedByTheStepsAndThePrior()
    {
        var prior = new Flow(Conditional(channels: 2), new StandardGaussian([4, 2, 2]));
        Assert.Equal(2, new Flow(new Flip2d(), prior).ContextChannels);
        Assert.Equal(2, new Flow(Conditional(channels: 2), prior).ContextChannels);
        Refuses(
            () => new Flow(Conditional(channels: 3), prior),
            "Flow: the parts take contexts of different numbers of channels: 3, 2; they share one context");
        Refuses(
            () => new Chain(Conditional(channels: 3), Conditional(channels: 2)),
            "Chain: the parts take contexts of different numbers of channels: 3, 2; they share one context");
        Refuses(
            () => new Flow(new Flip2d(), prior).Encode(Tensor.Zeros([1, 4, 2, 2])),
            "Flow: it takes a context of batch 1 and 2 channels; none was given");
    }

    private static AffineCoupling Conditional(int channels) =>
        new([4, 2, 2], new DenseInResidualNet(2 + channels, 4, Small, new Generator(0)), channels);

    private static Flow TwoLevels()
    {
        var settings = new MixingFlowSettings { Levels = 2, Subflows = 1, Mixing = Mixing.ConvExp, SplitPrior = true, Network = Small };
        return MixingFlow.Create([3, 8, 8], settings, new Generator(3), D);
    }

    private static void Refuses(Func<object> action, string error) => Assert.Equal(error, Assert.Throws<ArgumentException>(action).Message);
}
