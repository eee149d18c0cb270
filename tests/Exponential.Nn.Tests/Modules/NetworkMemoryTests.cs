using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>What the networks of couplings hold without a graph, counted with no help of the collector's. The pool may lend half as much again.</summary>
[Collection(Exponential.Tests.TrainingRuns.Name)]
public sealed class NetworkMemoryTests
{
    private const int Width = 8;

    private static readonly Tensor Images = new Generator(1).Normal([2, 3, 16, 16]);

    /// <summary>Each layer adds its output to what is held, and nothing of what it makes inside.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void LayersGiveBackWhatTheyMakeInside(int depth)
    {
        var network = new DenseInResidualNet(3, 6, Settings with { Depth = depth }, new Generator(0));
        long channels = (depth + 1) * Width + Width * depth * (depth + 1) / 2; // of h and the outputs
        channels += 6 * Width * (depth + 1); // at work at one time, in the last layer or behind it
        Assert.InRange(Measure(network).Peak, 0, channels * BytesPerChannel * 3 / 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void OnlyTheResultIsLeft(int scales)
    {
        DenseNetSettings settings = Settings with { Scales = scales };
        Network network = scales == 1
            ? new DenseInResidualNet(3, 6, settings, new Generator(0))
            : new MultiscaleDenseNet(3, 6, settings, new Generator(0));
        Assert.InRange(Measure(network).Left, 6 * BytesPerChannel, 6 * BytesPerChannel * 3 / 2);
    }

    private static DenseNetSettings Settings => new() { IntermediateChannels = Width, Depth = 2, Growth = Width };

    private static long BytesPerChannel => Images.ElementCount / Images.Shape[1] * sizeof(float);

    private static (long Peak, long Left) Measure(Network network)
    {
        using IDisposable noGrad = Autograd.NoGrad();
        BufferPool.CollectUnreachable(2);
        long before = BufferPool.InUse;
        BufferPool.ResetPeak();
        Tensor result = network.Forward(Images);
        (long peak, long left) = (BufferPool.Peak - before, BufferPool.InUse - before);
        GC.KeepAlive(result);
        return (peak, left);
    }
}
