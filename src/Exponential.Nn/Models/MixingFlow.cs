namespace Exponential.Nn;

/// <summary>
/// The flow in which Hoogeboom et al. 2020 compare mixing layers: Normalize, Squeeze, mixing; in each level a number of (coupling, mixing) pairs; between
/// levels a split prior and a squeeze; a diagonal Gaussian at the end. Its state names are the original's, <c>transformations.k.*</c> and
/// <c>base.*</c>.
/// </summary>
public static class MixingFlow
{
    // 2^31 is no longer an int; no image is that large.
    private const int MostHalvings = 30;

    /// <summary>Makes the flow with fresh parameters.</summary>
    /// <param name="imageShape">[C, H, W] of images with values 0 to 256; H and W divisible by 2, or by 2^levels with split priors, and by 2^(scales - 1) more.</param>
    /// <param name="settings">Sizes and kinds.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentException">The images are empty or cannot be squeezed that often.</exception>
    /// <exception cref="ArgumentNullException">The settings, their network or their plan is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static Flow Create(Shape imageShape, MixingFlowSettings settings, Generator? generator = null, DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(settings.Network);
        ArgumentNullException.ThrowIfNull(settings.ConvExpPlan);
        AtLeast.One(settings.Levels, nameof(MixingFlow));
        AtLeast.Zero(settings.Subflows, nameof(MixingFlow));
        AtLeast.Zero(settings.ContextChannels, nameof(MixingFlow));
        CheckSize(imageShape, settings);

        var builder = new Builder(imageShape, settings, Initialization.OrFresh(generator), dtype);
        builder.Add(new Normalize(settings.Translation, settings.Scale, dtype));
        builder.Add(new Squeeze());
        builder.Add(builder.MixingLayer());
        for (int level = 0; level < settings.Levels; level++)
        {
            if (level > 0 && settings.SplitPrior)
            {
                builder.Add(new SplitPrior(builder.Shape, builder.Coupling(), dtype));
                builder.Add(new Squeeze());
            }

            for (int i = 0; i < settings.Subflows; i++)
            {
                builder.Add(builder.Coupling());
                builder.Add(builder.MixingLayer());
            }
        }

        return new Flow(builder.Steps, new DiagonalGaussian(builder.Shape, dtype));
    }

    private static void CheckSize(Shape imageShape, MixingFlowSettings settings)
    {
        int squeezes = settings.SplitPrior ? settings.Levels : 1;
        if (squeezes > MostHalvings)
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings), $"MixingFlow: settings.Levels must be at most {MostHalvings} with split priors; it is {settings.Levels}");
        }

        if (settings.ContextChannels > 0 && squeezes > 1)
        {
            throw new ArgumentException(
                "MixingFlow: a context has one size, and with split priors each level has its own; " +
                $"settings.ContextChannels is {settings.ContextChannels}, settings.Levels {settings.Levels}. Leave out the context or the split priors");
        }

        int scales = settings.Network.Scales;
        if (scales < 1 || squeezes + scales - 1 > MostHalvings)
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings), $"MixingFlow: settings.Network.Scales must be 1 to {MostHalvings + 1 - squeezes}; it is {scales}");
        }

        if (imageShape.ElementCount == 0)
        {
            throw new ArgumentException($"MixingFlow: images must have at least one channel, row and column; they are {imageShape}");
        }

        int divisor = 1 << (squeezes + scales - 1);
        if (imageShape.Rank != 3 || imageShape[1] % divisor != 0 || imageShape[2] % divisor != 0)
        {
            string halved = scales > 1 ? $" and halved {scales - 1} times inside couplings of {scales} scales" : "";
            throw new ArgumentException(
                $"MixingFlow: images must be [channels, height, width] with height and width divisible by {divisor}, to be squeezed " +
                $"{squeezes} times{halved}; they are {imageShape}");
        }
    }

    /// <summary>Collects the steps and keeps the event shape that the next one will see.</summary>
    private sealed class Builder(Shape shape, MixingFlowSettings settings, Generator generator, DType dtype)
    {
        public List<FlowStep> Steps { get; } = [];

        public Shape Shape { get; private set; } = shape;

        public void Add(FlowStep step)
        {
            Steps.Add(step);
            Shape = step.OutputShape(Shape);
        }

        public Bijection MixingLayer() => settings.ParametrizeInverse ? OwnDirection().Invert() : OwnDirection();

        public AffineCoupling Coupling()
        {
            int channels = Shape[0];
            int context = settings.ContextChannels;
            return new AffineCoupling(Shape, settings.Network.CreateNetwork((channels / 2) + context, channels, generator, dtype), context);
        }

        private Bijection OwnDirection() => settings.Mixing switch
        {
            Mixing.Conv1x1 => new Conv1x1(Shape[0], generator, dtype),
            Mixing.ConvExp => new ConvExp(Shape, settings.ConvExpCoefficient, settings.ConvExpPlan, generator, dtype),
            Mixing.Emerging => new Emerging(Shape[0], generator, dtype),
            Mixing.Woodbury => new Woodbury(Shape, generator: generator, dtype: dtype),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), $"MixingFlow: unknown mixing {settings.Mixing}"),
        };
    }
}
