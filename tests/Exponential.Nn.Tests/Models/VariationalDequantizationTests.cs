using Xunit;

namespace Exponential.Nn.Tests;

public sealed class VariationalDequantizationTests
{
    private static readonly MixingFlowSettings Settings = new()
    {
        Levels = 1,
        Subflows = 2,
        Mixing = Mixing.ConvExp,
        ContextChannels = 3,
        Network = new() { IntermediateChannels = 4, Depth = 2, Growth = 3, Gated = true },
    };

    [Theory]
    [InlineData(Mixing.Conv1x1, 1, false)]
    [InlineData(Mixing.ConvExp, 1, true)]
    [InlineData(Mixing.ConvExp, 2, true)]
    [InlineData(Mixing.Emerging, 1, false)]
    [InlineData(Mixing.Woodbury, 1, true)]
    public void TheDrawsLogDensityIsThatOfTheNoise(Mixing mixing, int levels, bool gated)
    {
        VariationalDequantization dequantization = Instance(
            Settings with { Mixing = mixing, Levels = levels, Network = Settings.Network with { Gated = gated } });
        Tensor images = Images(4);
        (Tensor noise, Tensor logProb) = dequantization.Sample(images, new Generator(3));
        Assert.Equal(images.Shape, noise.Shape);
        Assert.Equal([4], logProb.Shape);
        Assert.All(Closeness.Values(noise), u => Assert.InRange(u, double.Epsilon, 1 - Closeness.Epsilon));

        // The noise is rounded, so that its log-density moves by its slope there; some thousand operations lie behind one value.
        Tensor u = noise.Detach().WithGradient();
        Tensor again = dequantization.LogProb(u, images);
        double slope = Closeness.Norm(Autograd.Gradient(again.Sum(), [u])[0]) * Closeness.Norm(u);
        double allowed = 1024 * Closeness.Epsilon * (images.ElementCount + Closeness.Norm(again) + slope);
        Closeness.AssertClose(again, logProb, allowed, "ln q(u | v)");
    }

    /// <summary>With the noise frozen the bound is a function of the parameters: all of them, those of the context too, have their gradients.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GradientsOfTheBoundAreRight(bool training)
    {
        var generator = new Generator(5);
        MixingFlowSettings small = Settings with { Subflows = 1, ContextChannels = 2 };
        Flow flow = MixingFlow.Create([1, 4, 4], small with { ContextChannels = 0 }, generator, DType.Float64);
        var model = new ImageModel(flow, VariationalDequantization.Create([1, 4, 4], small, generator, DType.Float64));
        RandomState.Draw(model.Flow, generator);
        DrawNoise(model, generator);
        if (!training)
        {
            model.Eval();
        }

        Tensor images = (generator.Uniform([2, 1, 4, 4], DType.Float64) * 256).Floor();
        var snapshot = new Snapshot(model);
        Assert.Equal(model.Parameters().Count(), model.BitsPerDim(images, new Generator(6)).Backward().Count);
        var check = new GradientCheck("bound", generator);
        check.Parameters(model);
        check.Run(snapshot.Restore, () => model.BitsPerDim(images, new Generator(6)));
    }

    /// <summary>Noise so spread out that the sigmoid rounds to 0 and 1: v + u stays in its bin, and ln q finite.</summary>
    [Fact]
    public void SaturatedNoiseStaysInItsBin()
    {
        VariationalDequantization dequantization = VariationalDequantization.Create([3, 4, 4], Settings, new Generator(1));
        Parameter logSigma = dequantization.NamedParameters().Single(item => item.Name == "model_qu_x.distribution.base.log_sigma").Parameter;
        logSigma.Value = Tensor.Full(logSigma.Shape, Math.Log(40));
        dequantization.Eval();
        Tensor images = Tensor.Full([64, 3, 4, 4], 255);
        (Tensor noise, Tensor logProb) = dequantization.Sample(images, new Generator(2));
        float[] values = noise.ToArray<float>();
        const float LargestNoise = 1 - (1f / (1 << 16));
        Assert.Contains(LargestNoise, values);
        Assert.All(values, u => Assert.InRange(u, 0, LargestNoise));
        Assert.All((images + noise).ToArray<float>(), sum => Assert.True(sum is >= 255 and < 256));
        Assert.True(logProb.IsFinite());
        Gradients gradients = logProb.Sum().Backward();
        Assert.All(gradients.Values, gradient => Assert.True(gradient.IsFinite()));
    }

    /// <summary>Under the uniform density on [0, 256) the noise decides: the bound is -CHW ln 256 - ln q(u | v).</summary>
    [Fact]
    public void TheBoundSubtractsTheNoisesLogDensity()
    {
        var uniform = new Flow(new Normalize(0, 256, DType.Float64), new UniformDistribution([3, 4, 4], DType.Float64));
        VariationalDequantization dequantization = Instance(Settings);
        var model = new ImageModel(uniform, dequantization);
        Tensor images = Images(5);
        double[] bound = Closeness.Values(model.Elbo(images, new Generator(4)));
        double[] logNoise = Closeness.Values(dequantization.Sample(images, new Generator(4)).LogProb);
        for (int i = 0; i < 5; i++)
        {
            // ln p(v + u) = -48 ln 256 whatever u.
            double expected = -(48 * Math.Log(256)) - logNoise[i];
            Closeness.AssertClose(expected, bound[i], 16 * Closeness.Epsilon * Math.Abs(expected), $"image {i}");
        }
    }

    [Fact]
    public void StateNames_AreTheOriginals()
    {
        var model = new ImageModel(
            MixingFlow.Create([3, 4, 4], Settings with { ContextChannels = 0 }, new Generator(0)),
            VariationalDequantization.Create([3, 4, 4], Settings with { Mixing = Mixing.Conv1x1, Subflows = 1 }, new Generator(0)));
        string[] expected =
            [
                "model_qu_x.transformations.0",
                "model_qu_x.distribution.transformations.0.translation [1]",
                "model_qu_x.distribution.transformations.0.log_scale [1]",
                "model_qu_x.distribution.transformations.2.transform.W [12, 12]",
                "model_qu_x.distribution.transformations.3.nn.first.weight [4, 9, 1, 1]",
                "model_qu_x.distribution.transformations.4.transform.W [12, 12]",
                "model_qu_x.distribution.base.mu [1, 12, 1, 1]",
                "model_context.1.nn.0.nn.0.weight [3, 3, 1, 1]",
                "model_context.1.nn.3.nn.2.weight [32, 99, 3, 3]",
                "model_context.1.nn.4.conv.weight [9, 131, 1, 1]",
                "model_context.2.weight [3, 3, 2, 2]",
                "model_context.2.bias [3]",
                "model_context.3.nn.0.nn.2.weight [32, 3, 3, 3]",
                "model_context.3.nn.4.conv.bias [9]",
            ];
        string[] names = [.. model.State().Select(entry => $"{entry.Key} {entry.Value.Tensor.Shape}")];
        Assert.Subset(names.ToHashSet(), expected[1..].ToHashSet());

        // The sigmoid and the scaling before the context network have no state.
        Assert.DoesNotContain(names, name => name.StartsWith(expected[0], StringComparison.Ordinal));
        Assert.DoesNotContain(names, name => name.StartsWith("model_context.0", StringComparison.Ordinal));
    }

    [Fact]
    public void DepthAndGrowthOfTheContextAreFixed_GateAndDropoutAreNot()
    {
        VariationalDequantization plain = VariationalDequantization.Create(
            [3, 4, 4], Settings with { Network = new() { IntermediateChannels = 4, Depth = 1, Growth = 2, Dropout = 0.1 } });
        Assert.Contains("model_context.3.nn.3.nn.3.weight", plain.State().Keys);
        Assert.Contains("model_context.3.nn.4.weight", plain.State().Keys);
        Assert.Equal(2 + 8, plain.NamedGenerators().Count(item => item.Name.EndsWith("nn.2.generator", StringComparison.Ordinal)));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Refuses(
            () => VariationalDequantization.Create([3, 5, 4], Settings),
            "MixingFlow: images must be [channels, height, width] with height and width divisible by 2, to be squeezed 1 times; they are [3, 5, 4]");
        Assert.Throws<ArgumentOutOfRangeException>(() => VariationalDequantization.Create([3, 4, 4], Settings with { ContextChannels = 0 }));
        Refuses(
            () => _ = new VariationalDequantization(new StandardGaussian([3, 4, 4]), new ReLU()),
            "VariationalDequantization: the noise must be over [channels, height, width] and conditioned on a context; it is over [3, 4, 4] with 0 context channels");
        VariationalDequantization dequantization = Instance(Settings);
        Refuses(
            () => dequantization.Sample(Tensor.Zeros([2, 3, 4, 6], DType.Float64), new Generator(0)),
            "VariationalDequantization: images must be a batch [n, 3, 4, 4] of at least one; they are [2, 3, 4, 6]");
        Flow flow = Catalogue.ConditionalFlow(Mixing.Conv1x1, gated: false, new Generator(0), DType.Float64);
        Refuses(
            () => flow.LogProb(Tensor.Zeros([2, 1, 4, 4], DType.Float64), Tensor.Zeros([2, 2, 4, 4], DType.Float64)),
            "AffineCoupling: context must be [2, 2, 2, 2]; it is [2, 2, 4, 4]");
        Refuses(
            () => MixingFlow.Create([3, 4, 4], Settings with { Levels = 2, SplitPrior = true }),
            "MixingFlow: a context has one size, and with split priors each level has its own; settings.ContextChannels is 3, settings.Levels 2");

        static void Refuses(Action action, string error) =>
            Assert.StartsWith(error, Assert.Throws<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    private static VariationalDequantization Instance(MixingFlowSettings settings)
    {
        var generator = new Generator(1);
        VariationalDequantization dequantization = VariationalDequantization.Create([3, 4, 4], settings, generator, DType.Float64);
        DrawNoise(dequantization, generator);
        dequantization.Eval();
        return dequantization;
    }

    /// <summary>
    /// A generic state of the noise's flow, with a narrow base, so that no noise rounds to 0 or 1; that of the context's network is generic
    /// from the start.
    /// </summary>
    private static void DrawNoise(Module module, Generator generator)
    {
        Module noise = module.NamedModules().Single(item => item.Name == "model_qu_x").Module;
        RandomState.Draw(noise, generator);
        Parameter logSigma = noise.NamedParameters().Single(item => item.Name == "distribution.base.log_sigma").Parameter;
        logSigma.Value = logSigma.Value.Detach() - 3;
    }

    private static Tensor Images(int count) => (new Generator(2).Uniform([count, 3, 4, 4], DType.Float64) * 256).Floor();
}
