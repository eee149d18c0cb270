using Exponential.Nn;

namespace Exponential.Embedding;

/// <summary>A flow of the command line's default kind with parameters that a seed fixes.</summary>
internal static class SmallFlow
{
    public static Flow Create()
    {
        var settings = new MixingFlowSettings
        {
            Mixing = Mixing.ConvExp,
            SplitPrior = true,
            Subflows = 2,
            Network = new DenseNetSettings { IntermediateChannels = 32, Depth = 2, Growth = 16, Gated = true },
        };
        Flow flow = MixingFlow.Create(ScenePictures.Shape, settings, new Generator(seed: 0));
        flow.Eval();
        return flow;
    }
}
