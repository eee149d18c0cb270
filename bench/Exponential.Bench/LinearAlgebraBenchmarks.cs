using System.Diagnostics;
using BenchmarkDotNet.Attributes;

namespace Exponential.Bench;

/// <summary>What flows make of square matrices: QR at their start, inverses and solutions in sampling, log-determinants in every step.</summary>
[PeakFraction]
public class LinearAlgebraBenchmarks
{
    private const int WarmupMilliseconds = 2000;
    private static bool _isWarm;
    private IDenseMatrix _matrix = null!;

    /// <summary>Rows and columns.</summary>
    public sealed record Square(int Side) : IContractionShape
    {
        /// <inheritdoc/>
        public double Operations(string benchmark)
        {
            double factors = 2.0 * Side * Side * Side / 3;

            // QR: R costs twice the factors, and Q as much; a solution of as many columns as rows three times as much as the factors.
            return benchmark == nameof(SlogDet) ? factors : 4 * factors;
        }

        /// <inheritdoc/>
        public double? Error(string benchmark, ArithmeticAccuracy accuracy) => null;

        /// <inheritdoc/>
        public override string ToString() => $"{Side} x {Side}";
    }

    /// <summary>The matrix's size.</summary>
    [ParamsSource(nameof(Shapes))]
    public Square Shape { get; set; } = null!;

    /// <summary>The element type.</summary>
    [Params(DType.Float32, DType.Float64)]
    public DType Type { get; set; }

    /// <summary>The number of threads.</summary>
    [Params(2)]
    public int Threads { get; set; }

    /// <summary>The channels of the mixing flow's levels, and wider ones.</summary>
    public static IEnumerable<Square> Shapes => [new(3), new(12), new(48), new(64), new(256), new(528)];

    /// <summary>Allocates.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Workers.Count = Threads;
        WarmUp();
        _matrix = Type == DType.Float32 ? new DenseMatrix<float>(Shape.Side) : new DenseMatrix<double>(Shape.Side);
    }

    /// <summary>A = Q R.</summary>
    [Benchmark]
    public void Qr() => _matrix.Qr();

    /// <summary>A^-1.</summary>
    [Benchmark]
    public void Inverse() => _matrix.Inverse();

    /// <summary>X of A X = B, for B of as many columns as rows.</summary>
    [Benchmark]
    public void Solve() => _matrix.Solve();

    /// <summary>The determinant's sign and logarithm.</summary>
    [Benchmark]
    public void SlogDet() => _matrix.SlogDet();

    /// <summary>Decompositions are compiled in stages, unlike the kernels of products: small ones, and ones in panels, reach the last.</summary>
    private static void WarmUp()
    {
        IDenseMatrix[] matrices = [new DenseMatrix<float>(12), new DenseMatrix<float>(64), new DenseMatrix<double>(12), new DenseMatrix<double>(64)];
        for (long start = Stopwatch.GetTimestamp(); !_isWarm && Stopwatch.GetElapsedTime(start).TotalMilliseconds < WarmupMilliseconds;)
        {
            foreach (IDenseMatrix matrix in matrices)
            {
                matrix.Qr();
                matrix.Inverse();
                matrix.Solve();
                matrix.SlogDet();
            }
        }

        _isWarm = true;
    }
}
