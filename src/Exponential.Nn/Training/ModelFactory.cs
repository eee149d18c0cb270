namespace Exponential.Nn;

/// <summary>Makes the model that settings describe.</summary>
internal static class ModelFactory
{
    /// <summary>A model with fresh parameters.</summary>
    /// <exception cref="ArgumentException">The images do not fit the settings.</exception>
    public static ImageModel Create(TrainingSettings settings, Shape imageShape, Generator generator)
    {
        if (settings.Dequantization == DequantizationKind.Flow)
        {
            throw new ArgumentException("dequantize_distribution: flow is not here yet; uniform is");
        }

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
                Count = settings.DenseNets,
                Depth = settings.DenseNetDepth,
                Growth = settings.DenseNetGrowth,
                Gated = settings.UseGatedConv,
                Dropout = settings.Dropout,
            },
        };
        return new ImageModel(
            MixingFlow.Create(imageShape, flow, generator, settings.DType), new UniformDequantization(settings.DType));
    }

    /// <summary>
    /// A lower bound on the model's number of values, without making it: for refusing a file whose settings describe a model far larger than
    /// what it holds.
    /// </summary>
    public static double LeastValueCount(TrainingSettings settings, Shape imageShape)
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
        // are a matrix, or a kernel with two biases of the image's size.
        double mixing = 0;
        double channels = imageShape[0] * 4.0;
        double pixels = imageShape[1] * (double)imageShape[2] / 4;
        for (int level = 0; level < settings.Levels; level++)
        {
            if (level > 0 && settings.UseSplitPrior)
            {
                channels *= 2;
                pixels /= 4;
            }

            double layer = settings.Mixing == Mixing.ConvExp
                ? (9 * channels * channels) + (2 * channels * pixels)
                : channels * channels;

            // One mixing layer stands before the first level.
            mixing += (settings.Subflows + (level == 0 ? 1 : 0)) * layer;
        }

        return (settings.Levels * (double)settings.Subflows * settings.DenseNets * network) + mixing + channels;
    }
}
