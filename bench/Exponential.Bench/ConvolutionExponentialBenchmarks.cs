using BenchmarkDotNet.Attributes;

namespace Exponential.Bench;

/// <summary>The exponential of a 3x3 convolution with six terms, in float32, at the shapes of the mixing flow and wider ones.</summary>
[PeakFraction]
public unsafe class ConvolutionExponentialBenchmarks
{
    private const int Terms = 6;
    private KernelBuffer _x = null!, _kernel = null!, _y = null!, _xBar = null!, _kernelBar = null!;
    private ConvolutionExponentialGeometry _geometry;

    /// <summary>Square images.</summary>
    public sealed record Images(int Batch, int Channels, int Side) : IContractionShape
    {
        /// <inheritdoc/>
        public double Operations(string benchmark)
        {
            double product = 2.0 * Batch * Channels * Channels * 9 * Side * Side;

            // Backward: the powers again but for the first, the adjoint's terms, and as many correlations.
            return benchmark == nameof(Backward) ? product * (3 * Terms - 1) : product * Terms;
        }

        /// <inheritdoc/>
        public double? Error(string benchmark, ArithmeticAccuracy accuracy)
        {
            var run = new ConvolutionExponentialBenchmarks { Shape = this, Threads = Environment.ProcessorCount, Accuracy = accuracy };
            run.Setup();
            return run.Error(benchmark);
        }

        /// <inheritdoc/>
        public override string ToString() => $"{Batch} x {Channels}, {Side}x{Side}";
    }

    /// <summary>The images.</summary>
    [ParamsSource(nameof(Shapes))]
    public Images Shape { get; set; } = null!;

    /// <summary>The number of threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The arithmetic accuracy.</summary>
    [Params(ArithmeticAccuracy.Tight, ArithmeticAccuracy.Fast)]
    public ArithmeticAccuracy Accuracy { get; set; }

    /// <summary>The baselines' shapes, and widths that divide nothing.</summary>
    public static IEnumerable<Images> Shapes =>
    [
        new(64, 12, 16), new(64, 24, 8), new(16, 48, 8), new(64, 3, 32), new(16, 64, 16), new(4, 96, 32),
        new(1, 12, 16), new(16, 12, 28), new(16, 12, 7),
    ];

    /// <summary>Allocates.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Workers.Count = Threads;
        CpuArithmetic.Accuracy = Accuracy;
        _geometry = new ConvolutionExponentialGeometry(Shape.Batch, Shape.Channels, Shape.Side, Shape.Side, 3, 3);
        int size = Shape.Batch * Shape.Channels * Shape.Side * Shape.Side;
        _x = new KernelBuffer(size);
        _y = new KernelBuffer(size);
        _xBar = new KernelBuffer(size);
        _kernel = new KernelBuffer(Shape.Channels * Shape.Channels * 9, 0.5 / Shape.Channels);
        _kernelBar = new KernelBuffer(Shape.Channels * Shape.Channels * 9);
    }

    /// <summary>exp(M) x.</summary>
    [Benchmark]
    public void Forward() => ConvolutionExponentialKernels.Apply(_geometry, _x.Pointer, _kernel.Pointer, 1, Terms, 1, false, _y.Pointer);

    /// <summary>Both gradients, without the forward pass.</summary>
    [Benchmark]
    public void Backward() => ConvolutionExponentialKernels.Gradient(
        _geometry, _x.Pointer, _kernel.Pointer, 1, Terms, 1, _y.Pointer, _xBar.Pointer, _kernelBar.Pointer);

    // Of the backward pass, the worse of both gradients.
    private double Error(string benchmark)
    {
        double[] input = _x.ToDoubles(), weights = _kernel.ToDoubles(), gradient = _y.ToDoubles();
        double[] expected = GC.AllocateArray<double>(input.Length, pinned: true), kernelBar = GC.AllocateArray<double>(weights.Length, pinned: true);
        fixed (double* x = input, kernel = weights, y = gradient, result = expected, kernelResult = kernelBar)
        {
            if (benchmark == nameof(Forward))
            {
                ConvolutionExponentialKernels.Apply(_geometry, x, kernel, 1, Terms, 1, false, result);
                Forward();
                return _y.Error(expected);
            }

            ConvolutionExponentialKernels.Gradient(_geometry, x, kernel, 1, Terms, 1, y, result, kernelResult);
            Backward();
            return Math.Max(_xBar.Error(expected), _kernelBar.Error(kernelBar));
        }
    }
}
