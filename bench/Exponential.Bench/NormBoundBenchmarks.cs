using BenchmarkDotNet.Attributes;

namespace Exponential.Bench;

/// <summary>
/// The certified bound on a 3x3 convolution's norm: quick, as in each layer and step of a training by tolerance, and tight, as in evaluation.
/// </summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class NormBoundBenchmarks
{
    private double[] _kernel = null!;

    /// <summary>Channels, in and out, and the side of the image.</summary>
    public sealed record Layer(int Channels, int Side)
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Channels}, {Side}x{Side}";
    }

    /// <summary>The layer's size.</summary>
    [ParamsSource(nameof(Shapes))]
    public Layer Shape { get; set; } = null!;

    /// <summary>The levels of flows on images of 3x16x16 to 3x64x64.</summary>
    public static IEnumerable<Layer> Shapes => [new(12, 4), new(24, 4), new(48, 4), new(6, 32), new(12, 16), new(24, 8), new(48, 8), new(96, 8)];

    /// <summary>Draws a kernel.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _kernel = [.. Enumerable.Range(0, Shape.Channels * Shape.Channels * 9).Select(_ => random.NextDouble() - random.NextDouble())];
    }

    /// <summary>Within 5%, where that takes less than some 50 ms.</summary>
    [Benchmark]
    public double Tight() => Bound(BoundEffort.Tight);

    /// <summary>Looser on small images.</summary>
    [Benchmark]
    public double Quick() => Bound(BoundEffort.Quick);

    private double Bound(BoundEffort effort) =>
        SpectralNormBound.Convolution(_kernel, Shape.Channels, Shape.Channels, 3, 3, Shape.Side, Shape.Side, effort);
}
