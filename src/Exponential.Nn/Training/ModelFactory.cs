namespace Exponential.Nn;

/// <summary>Makes the model that settings describe.</summary>
internal static class ModelFactory
{
    /// <summary>A model with fresh parameters.</summary>
    /// <exception cref="ArgumentException">The images do not fit the settings.</exception>
    public static ImageModel Create(TrainingSettings settings, Shape imageShape, Generator generator)
    {
        var flow = new MixingFlowSettings
        {
            Levels = settings.Levels,
            Subflows = settings.Subflows,
            Mixing = settings.Mixing,
            SplitPrior = settings.UseSplitPrior,
            ConvExpCoefficient = settings.ConvExpCoefficient,
            ConvExpPlan = settings.ConvExpTerms == ConvExpTerms.Original ? ConvExpPlan.Original : ConvExpPlan.Certified,
            Network = new DenseNetSettings
            {
                IntermediateChannels = settings.IntermediateChannels,
                Scales = settings.Scales,
                Count = settings.DenseNets,
                Depth = settings.DenseNetDepth,
                Growth = settings.DenseNetGrowth,
                Gated = settings.UseGatedConv,
                Dropout = settings.Dropout,
            },
        };
        Flow distribution = MixingFlow.Create(imageShape, flow, generator, settings.DType);
        distribution.Recompute = settings.Recompute;
        return new ImageModel(distribution, Dequantization(settings, flow, imageShape, generator));
    }

    /// <summary>The model without values: to be counted, or to have a state loaded into it. Nothing of its size is allocated.</summary>
    /// <exception cref="ArgumentException">The images do not fit the settings.</exception>
    public static ImageModel CreateOfShapes(TrainingSettings settings, Shape imageShape)
    {
        using Initialization.Scope shapes = Initialization.ShapesOnly();
        return Create(settings, imageShape, new Generator(0));
    }

    /// <summary>
    /// A lower bound on the model's number of values, without making it: for refusing a file whose settings describe a model far larger than
    /// what it holds.
    /// </summary>
    public static double LeastValueCount(TrainingSettings settings, Shape imageShape)
    {
        bool isTrainedNoise = settings.Dequantization == DequantizationKind.Flow;
        return LeastFlowCount(settings, imageShape, settings.Levels, settings.Subflows, settings.UseSplitPrior)
            + (isTrainedNoise ? LeastFlowCount(settings, imageShape, settings.DequantizationLevels, settings.DequantizationSubflows, splitPrior: false) : 0)
            + (isTrainedNoise ? 4.0 * settings.ContextChannels * settings.ContextChannels : 0);
    }

    private static Dequantization Dequantization(TrainingSettings settings, MixingFlowSettings flow, Shape imageShape, Generator generator) =>
        settings.Dequantization switch
        {
            DequantizationKind.Uniform => new UniformDequantization(settings.DType),
            DequantizationKind.Flow => VariationalDequantization.Create(
                imageShape,
                flow with
                {
                    Levels = settings.DequantizationLevels,
                    Subflows = settings.DequantizationSubflows,
                    ContextChannels = settings.ContextChannels,
                },
                generator,
                settings.DType),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), $"model: unknown dequantization {settings.Dequantization}"),
        };

    private static double LeastFlowCount(TrainingSettings settings, Shape imageShape, int levels, int subflows, bool splitPrior)
    {
        // Each coupling's DenseNets: layer i is a 1x1 convolution of w = m + i g channels and a 3x3 convolution from w to g.
        double m = settings.IntermediateChannels;
        double growth = settings.DenseNetGrowth;
        double network = 0;
        for (int layer = 0; layer < settings.DenseNetDepth; layer++)
        {
            double width = m + (layer * growth);
            network += (width * width) + (9 * width * growth);
        }

        // Level l sees images squeezed once, and with split priors halved in channels and squeezed again l times more. Its mixing layers
        // are a matrix, alone or with a kernel and two biases of the image's size, two 2 x 2 kernels, or two matrices of rank 24.
        double mixing = 0;
        double channels = imageShape[0] * 4.0;
        double pixels = imageShape[1] * (double)imageShape[2] / 4;
        for (int level = 0; level < levels; level++)
        {
            if (level > 0 && splitPrior)
            {
                channels *= 2;
                pixels /= 4;
            }

            double layer = settings.Mixing switch
            {
                Mixing.ConvExp => (9 * channels * channels) + (2 * channels * pixels),
                Mixing.Emerging => 9 * channels * channels,
                Mixing.Woodbury => (channels * channels) + (48 * pixels),
                _ => channels * channels,
            };

            // One mixing layer stands before the first level.
            mixing += (subflows + (level == 0 ? 1 : 0)) * layer;
        }

        // On S scales, S networks lead down and S up again.
        double networks = settings.Scales > 1 ? 2.0 * settings.Scales : 1;
        return (levels * (double)subflows * networks * settings.DenseNets * network) + mixing + channels;
    }
}
