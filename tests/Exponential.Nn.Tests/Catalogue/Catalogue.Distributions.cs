namespace Exponential.Nn.Tests;

internal static partial class Catalogue
{
    private const double GaussianKurtosis = 3;
    private const double UniformKurtosis = 1.8;

    /// <summary>The distributions.</summary>
    public static IReadOnlyList<DistributionCase> Distributions { get; } =
    [
        new("StandardGaussian", (_, dtype) => new StandardGaussian([2, 3, 2], dtype), GaussianLogProb) { Moments = GaussianMoments },
        new("StandardGaussian, one number", (_, dtype) => new StandardGaussian([1], dtype), GaussianLogProb)
        {
            Moments = GaussianMoments,
            Interval = (-12, 12),
        },
        new("DiagonalGaussian", (_, dtype) => new DiagonalGaussian([3, 2, 4], dtype), DiagonalLogProb) { Moments = DiagonalMoments },
        new("DiagonalGaussian, one number", (_, dtype) => new DiagonalGaussian([1, 1, 1], dtype), DiagonalLogProb)
        {
            Moments = DiagonalMoments,
            Interval = (-30, 30),
        },
        new("UniformDistribution", (_, dtype) => new UniformDistribution([3, 2], dtype), (_, _, _) => 0)
        {
            Domain = UnitInterval,
            HasTemperature = false,
            Moments = UniformMoments,
        },
        new("UniformDistribution, one number", (_, dtype) => new UniformDistribution([1], dtype), (_, _, _) => 0)
        {
            Domain = UnitInterval,
            HasTemperature = false,
            Moments = UniformMoments,
            Interval = (0, 1),
        },
        new("Flow of logits", (_, dtype) => new Flow(new Logit(0), new StandardGaussian([1], dtype)), FlowLogProb)
        {
            Domain = UnitInterval,
            Moments = FlowMoments,
            Interval = (0, 1),
        },
        new("Flow with context", ContextFlow, FlowLogProb) { Moments = FlowMoments, Work = 256 },
        new("Flow with a conditional prior", ConditionalPriorFlow, FlowLogProb) { Moments = FlowMoments, Work = 256 },
        new("Mixing flow by 1x1 convolutions", (generator, dtype) => TinyFlow(Mixing.Conv1x1, generator, dtype), FlowLogProb)
        {
            Domain = Pixels,
            Moments = FlowMoments,
            Work = 256,
        },
        new("Mixing flow by convolution exponentials", (generator, dtype) => TinyFlow(Mixing.ConvExp, generator, dtype), FlowLogProb)
        {
            Domain = Pixels,
            Moments = FlowMoments,
            Work = 1024,
        },
        new("Mixing flow by emerging convolutions", (generator, dtype) => TinyFlow(Mixing.Emerging, generator, dtype), FlowLogProb)
        {
            Domain = Pixels,
            Moments = FlowMoments,
            Work = 1024,
        },
        new("Mixing flow by Woodbury transformations", (generator, dtype) => TinyFlow(Mixing.Woodbury, generator, dtype), FlowLogProb)
        {
            Domain = Pixels,
            Moments = FlowMoments,
            Work = 1024,
        },
        new("Mixing flow with context, parametrised by its inverse", (generator, dtype) => ConditionalFlow(Mixing.Conv1x1, gated: false, generator, dtype), FlowLogProb)
        {
            Moments = FlowMoments,
            ContextSize = [2, 2],
            Work = 256,
        },
        new("Mixing flow with context and gates, parametrised by its inverse", (generator, dtype) => ConditionalFlow(Mixing.ConvExp, gated: true, generator, dtype), FlowLogProb)
        {
            Moments = FlowMoments,
            ContextSize = [2, 2],
            Work = 1024,
        },
        new("Mixing flow with context that rebuilds its activations", RebuildingFlow, FlowLogProb)
        {
            Moments = FlowMoments,
            ContextSize = [2, 2],
            Work = 1024,
        },
        new("TransformedDistribution, one number", (_, dtype) => new TransformedDistribution([new Sigmoid().Invert()], new StandardGaussian([1], dtype)), TransformedLogProb)
        {
            Domain = UnitInterval,
            Moments = TransformedMoments,
            Interval = (0, 1),
        },
        new("TransformedDistribution with context", TransformedContextFlow, TransformedLogProb)
        {
            Moments = TransformedMoments,
            Work = 256,
        },
        new("TransformedDistribution of a mixing flow with context", (generator, dtype) => new TransformedDistribution(
            [new Sigmoid().Invert()], ConditionalFlow(Mixing.ConvExp, gated: true, generator, dtype)), TransformedLogProb)
        {
            Domain = UnitInterval,
            Moments = TransformedMoments,
            ContextSize = [2, 2],
            Work = 1024,
        },
    ];

    /// <summary>Two levels on 4 x 4 pixels, with a split prior between.</summary>
    public static Flow TinyFlow(Mixing mixing, Generator generator, DType dtype)
    {
        var settings = new MixingFlowSettings
        {
            Levels = 2,
            Subflows = 1,
            Mixing = mixing,
            SplitPrior = true,
            Network = new() { IntermediateChannels = 4, Depth = 2, Growth = 3, Gated = true },
        };
        return MixingFlow.Create([3, 4, 4], settings, generator, dtype);
    }

    /// <summary>One level on 4 x 4 pixels, conditioned on a context of half their height and width.</summary>
    public static Flow ConditionalFlow(Mixing mixing, bool gated, Generator generator, DType dtype)
    {
        var settings = new MixingFlowSettings
        {
            Levels = 1,
            Subflows = 2,
            Mixing = mixing,
            Network = new() { IntermediateChannels = 4, Depth = 2, Growth = 3, Gated = gated },
            ContextChannels = 2,
            ParametrizeInverse = true,
            Translation = 0,
            Scale = 1,
        };
        return MixingFlow.Create([1, 4, 4], settings, generator, dtype);
    }

    private static Flow RebuildingFlow(Generator generator, DType dtype)
    {
        Flow flow = ConditionalFlow(Mixing.ConvExp, gated: true, generator, dtype);
        flow.Recompute = RecomputeKind.Inverse;
        return flow;
    }

    /// <summary>Both parts take the context.</summary>
    private static TransformedDistribution TransformedContextFlow(Generator generator, DType dtype) => new(
        [Coupling([4, 2, 2], new(), 2, generator, dtype), new Conv1x1(4, generator, dtype)], ContextFlow(generator, dtype));

    private static Flow ContextFlow(Generator generator, DType dtype) => new(
        [
            new Conv1x1(4, generator, dtype),
            Coupling([4, 2, 2], new(), 2, generator, dtype),
            new SplitPrior([4, 2, 2], Coupling([4, 2, 2], new(), 2, generator, dtype), dtype),
            new Flip2d(),
        ],
        new DiagonalGaussian([2, 2, 2], dtype));

    /// <summary>Only the prior, a flow itself, takes the context.</summary>
    private static Flow ConditionalPriorFlow(Generator generator, DType dtype) => new(
        new Conv1x1(4, generator, dtype),
        new Flow(Coupling([4, 2, 2], new(), 2, generator, dtype), new DiagonalGaussian([4, 2, 2], dtype)));

    private static double GaussianLogProb(Distribution distribution, Tensor x, Tensor? context) => GaussianLogProb(Closeness.Values(x));

    private static double GaussianLogProb(double[] values) => values.Sum(v => Math.Log(Math.Exp(-v * v / 2) / Math.Sqrt(2 * Math.PI)));

    private static double DiagonalLogProb(Distribution distribution, Tensor x, Tensor? context)
    {
        (double[] mean, double[] deviation) = DiagonalState(distribution);
        return Closeness.Values(x).Select((v, i) => Math.Log(
            Math.Exp(-Math.Pow((v - mean[i]) / deviation[i], 2) / 2) / Math.Sqrt(2 * Math.PI * deviation[i] * deviation[i]))).Sum();
    }

    /// <summary>The change of variables by the dense Jacobian of the way to the latents, all of them side by side.</summary>
    private static double FlowLogProb(Distribution distribution, Tensor x, Tensor? context)
    {
        var flow = (Flow)distribution;
        Tensor jacobian = Autograd.Jacobian(v => Tensor.Cat([.. flow.Encode(v, context).Select(latent => latent.Flatten(1))], 1), x);
        IReadOnlyList<Tensor> latents = flow.Encode(x, context);
        double taken = latents.SkipLast(1).Sum(latent => GaussianLogProb(Closeness.Values(latent)));
        double last = flow.Prior switch
        {
            Flow => FlowLogProb(flow.Prior, latents[^1], context),
            DiagonalGaussian => DiagonalLogProb(flow.Prior, latents[^1], null),
            _ => GaussianLogProb(Closeness.Values(latents[^1])),
        };
        return taken + last + jacobian.SlogDet().LogAbsDet.ToScalar();
    }

    /// <summary>The change of variables by the dense Jacobian of the transformations, and the other distribution's own formula.</summary>
    private static double TransformedLogProb(Distribution distribution, Tensor x, Tensor? context)
    {
        var transformed = (TransformedDistribution)distribution;
        Tensor image = Transformed(transformed, x, context);
        double inner = transformed.Distribution is Flow flow ? FlowLogProb(flow, image, context) : GaussianLogProb(Closeness.Values(image));
        return inner + Autograd.Jacobian(v => Transformed(transformed, v, context), x).SlogDet().LogAbsDet.ToScalar();
    }

    private static Tensor Transformed(TransformedDistribution distribution, Tensor x, Tensor? context) => distribution.Transformations.Aggregate(
        x, (value, transformation) => transformation.Forward(value, transformation.ContextChannels > 0 ? context : null).Value);

    private static (double[] Mean, double[] Deviation) DiagonalState(Distribution distribution)
    {
        StateDictionary state = distribution.State();
        int pixels = distribution.EventShape[1] * distribution.EventShape[2];
        return (Repeat(state["mu"].Tensor), Array.ConvertAll(Repeat(state["log_sigma"].Tensor), Math.Exp));

        double[] Repeat(Tensor channels) => [.. Closeness.Values(channels).SelectMany(value => Enumerable.Repeat(value, pixels))];
    }

    private static (Tensor Numbers, double[] Mean, double[] Deviation, double Kurtosis) GaussianMoments(
        Distribution distribution, Tensor samples, Tensor? context) =>
        (samples.Flatten(1), Fill(samples, 0), Fill(samples, 1), GaussianKurtosis);

    private static (Tensor Numbers, double[] Mean, double[] Deviation, double Kurtosis) UniformMoments(
        Distribution distribution, Tensor samples, Tensor? context) =>
        (samples.Flatten(1), Fill(samples, 0.5), Fill(samples, Math.Sqrt(1.0 / 12)), UniformKurtosis);

    private static (Tensor Numbers, double[] Mean, double[] Deviation, double Kurtosis) DiagonalMoments(
        Distribution distribution, Tensor samples, Tensor? context)
    {
        (double[] mean, double[] deviation) = DiagonalState(distribution);
        return (samples.Flatten(1), mean, deviation, GaussianKurtosis);
    }

    /// <summary>The latents of samples follow their priors.</summary>
    private static (Tensor Numbers, double[] Mean, double[] Deviation, double Kurtosis) FlowMoments(
        Distribution distribution, Tensor samples, Tensor? context)
    {
        var flow = (Flow)distribution;
        IReadOnlyList<Tensor> latents = flow.Encode(samples, context);
        int taken = latents.SkipLast(1).Sum(latent => latent.Shape[1..].ElementCount);
        (Tensor last, double[] mean, double[] deviation, _) = flow.Prior switch
        {
            Flow => FlowMoments(flow.Prior, latents[^1], context),
            DiagonalGaussian => DiagonalMoments(flow.Prior, latents[^1], null),
            _ => GaussianMoments(flow.Prior, latents[^1], null),
        };
        return (
            Tensor.Cat([.. latents.SkipLast(1).Select(latent => latent.Flatten(1)), last], 1),
            [.. Enumerable.Repeat(0.0, taken), .. mean],
            [.. Enumerable.Repeat(1.0, taken), .. deviation],
            GaussianKurtosis);
    }

    /// <summary>The images of samples follow the other distribution.</summary>
    private static (Tensor Numbers, double[] Mean, double[] Deviation, double Kurtosis) TransformedMoments(
        Distribution distribution, Tensor samples, Tensor? context)
    {
        var transformed = (TransformedDistribution)distribution;
        Tensor image = Transformed(transformed, samples, context);
        return transformed.Distribution is Flow flow ? FlowMoments(flow, image, context) : GaussianMoments(transformed.Distribution, image, null);
    }

    private static double[] Fill(Tensor batch, double value) => [.. Enumerable.Repeat(value, batch.Shape[1..].ElementCount)];
}
