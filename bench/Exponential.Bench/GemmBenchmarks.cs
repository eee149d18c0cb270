using BenchmarkDotNet.Attributes;

namespace Exponential.Bench;

/// <summary>Matrix products C [m, n] = A [m, k] B [k, n] in float32.</summary>
[PeakFraction]
public unsafe class GemmBenchmarks
{
    private KernelBuffer _a = null!, _b = null!, _c = null!;

    /// <summary>Rows of C, columns of C, length of the sums.</summary>
    public sealed record Size(int M, int N, int K) : IContractionShape
    {
        /// <inheritdoc/>
        public double Operations(string benchmark) => 2.0 * M * N * K;

        /// <inheritdoc/>
        public double? Error(string benchmark, ArithmeticAccuracy accuracy) => null;

        /// <inheritdoc/>
        public override string ToString() => $"{M} x {N} x {K}";
    }

    /// <summary>The product's sizes.</summary>
    [ParamsSource(nameof(Shapes))]
    public Size Shape { get; set; } = null!;

    /// <summary>The number of threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Square products, and those of a linear layer.</summary>
    public static IEnumerable<Size> Shapes => [new(256, 256, 256), new(1024, 1024, 1024), new(64, 4096, 64), new(32, 512, 768)];

    /// <summary>Allocates.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Workers.Count = Threads;
        _a = new KernelBuffer(Shape.M * Shape.K);
        _b = new KernelBuffer(Shape.K * Shape.N);
        _c = new KernelBuffer(Shape.M * Shape.N);
    }

    /// <summary>A B.</summary>
    [Benchmark]
    public void Plain() => Gemm.Multiply(
        Shape.M, Shape.N, Shape.K, _a.Pointer, Shape.K, 1, _b.Pointer, Shape.N, 1, _c.Pointer, Shape.N, false);

    /// <summary>A B with B stored by columns.</summary>
    [Benchmark]
    public void Transposed() => Gemm.Multiply(
        Shape.M, Shape.N, Shape.K, _a.Pointer, Shape.K, 1, _b.Pointer, 1, Shape.K, _c.Pointer, Shape.N, false);
}
