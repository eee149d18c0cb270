using System.Diagnostics;
using Exponential;
using Exponential.Nn;

namespace LibtorchPeer;

/// <summary>The original's mixing flow of 3x32x32 images in training: 2 levels of 4 subflows, gated DenseNets of depth 4 and growth 32 in 64 channels.</summary>
internal sealed class MixingTraining
{
    /// <summary>Images a step and a draw of samples.</summary>
    public const int Batch = 16;

    private readonly Generator _generator = new(seed: 1);
    private readonly Tensor _images;
    private readonly Adamax _optimizer;

    public MixingTraining(Mixing mixing, RecomputeKind recompute)
    {
        var settings = new MixingFlowSettings
        {
            Mixing = mixing,
            SplitPrior = true,
            ConvExpPlan = recompute == RecomputeKind.Inverse ? ConvExpPlan.Certified : ConvExpPlan.Original,
            Network = new DenseNetSettings { IntermediateChannels = 64, Depth = 4, Growth = 32, Gated = true },
        };
        Model = new ImageModel(MixingFlow.Create([3, 32, 32], settings, _generator), new UniformDequantization());
        Model.Flow.Recompute = recompute;
        _optimizer = new Adamax(Model.Parameters());
        byte[] pixels = new byte[Batch * 3 * 32 * 32];
        new Random(1).NextBytes(pixels);
        Pixels = Array.ConvertAll(pixels, static pixel => (float)pixel);
        _images = Tensor.FromArray(Pixels, [Batch, 3, 32, 32]);
    }

    public ImageModel Model { get; }

    /// <summary>The images of every step, whole numbers from 0 to 255.</summary>
    public float[] Pixels { get; }

    /// <summary>The loss of the last step.</summary>
    public double BitsPerDim { get; private set; }

    /// <summary>What the optimizer's steps have taken, the collection of garbage that they begin with included.</summary>
    public TimeSpan OptimizerTime { get; private set; }

    public void Step()
    {
        Tensor loss = Model.BitsPerDim(_images, _generator);
        BitsPerDim = loss.ToScalar();
        Gradients gradients = loss.Backward();
        long start = Stopwatch.GetTimestamp();
        _optimizer.Step(gradients);
        OptimizerTime += Stopwatch.GetElapsedTime(start);
    }

    public void Sample() => Model.Sample(Batch, _generator).Mean().ToScalar();
}
