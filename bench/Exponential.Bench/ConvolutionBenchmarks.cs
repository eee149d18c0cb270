using BenchmarkDotNet.Attributes;

namespace Exponential.Bench;

/// <summary>The convolutions of the mixing flow's dense networks, and wider ones, in float32.</summary>
[PeakFraction]
public unsafe class ConvolutionBenchmarks
{
    private KernelBuffer _input = null!, _kernel = null!, _bias = null!, _output = null!;
    private KernelBuffer _inputGradient = null!, _kernelGradient = null!;
    private ConvolutionGeometry _geometry;

    /// <summary>A convolution of stride 1 that keeps the image's size.</summary>
    public sealed record Layer(int Batch, int Inputs, int Outputs, int Side, int Kernel) : IContractionShape
    {
        /// <inheritdoc/>
        public double Operations(string benchmark) => 2.0 * Batch * Inputs * Outputs * Side * Side * Kernel * Kernel;

        /// <inheritdoc/>
        public double? Error(string benchmark, ArithmeticAccuracy accuracy)
        {
            var run = new ConvolutionBenchmarks { Shape = this, Threads = Environment.ProcessorCount, Accuracy = accuracy };
            run.Setup();
            return run.Error(benchmark);
        }

        /// <inheritdoc/>
        public override string ToString() => $"{Batch} x {Inputs} -> {Outputs}, {Side}x{Side}, {Kernel}x{Kernel}";
    }

    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Shapes))]
    public Layer Shape { get; set; } = null!;

    /// <summary>The number of threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The arithmetic accuracy.</summary>
    [Params(ArithmeticAccuracy.Tight, ArithmeticAccuracy.Fast)]
    public ArithmeticAccuracy Accuracy { get; set; }

    /// <summary>First, growing and last layers at both levels, the baselines' layers, and a width that divides nothing.</summary>
    public static IEnumerable<Layer> Shapes =>
    [
        new(16, 6, 64, 16, 3), new(16, 64, 64, 16, 1), new(16, 64, 32, 16, 3), new(16, 160, 32, 16, 3), new(16, 192, 64, 16, 1),
        new(16, 12, 64, 8, 3), new(16, 160, 32, 8, 3), new(64, 64, 64, 16, 3), new(32, 528, 528, 16, 1), new(4, 64, 63, 28, 3),
    ];

    /// <summary>Allocates.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Workers.Count = Threads;
        CpuArithmetic.Accuracy = Accuracy;
        int padding = Shape.Kernel / 2;
        _geometry = new ConvolutionGeometry(
            Shape.Batch, Shape.Inputs, Shape.Side, Shape.Side, Shape.Outputs, Shape.Side, Shape.Side, Shape.Kernel, Shape.Kernel, 1, 1,
            padding, padding);
        _input = new KernelBuffer(Shape.Batch * Shape.Inputs * _geometry.InputPlane);
        _output = new KernelBuffer(Shape.Batch * Shape.Outputs * _geometry.OutputPlane);
        _kernel = new KernelBuffer(Shape.Outputs * _geometry.Depth);
        _bias = new KernelBuffer(Shape.Outputs);
        _inputGradient = new KernelBuffer(Shape.Batch * Shape.Inputs * _geometry.InputPlane);
        _kernelGradient = new KernelBuffer(Shape.Outputs * _geometry.Depth);
    }

    /// <summary>The output.</summary>
    [Benchmark]
    public void Forward() => ConvolutionKernels.Forward(_geometry, _input.Pointer, _kernel.Pointer, _bias.Pointer, _output.Pointer);

    /// <summary>The gradient for the input.</summary>
    [Benchmark]
    public void InputGradient() => ConvolutionKernels.InputGradient(_geometry, _output.Pointer, _kernel.Pointer, _inputGradient.Pointer);

    /// <summary>The gradient for the kernel.</summary>
    [Benchmark]
    public void KernelGradient() => ConvolutionKernels.KernelGradient(_geometry, _input.Pointer, _output.Pointer, _kernelGradient.Pointer);

    private double Error(string benchmark)
    {
        double[] input = _input.ToDoubles(), kernel = _kernel.ToDoubles(), bias = _bias.ToDoubles(), gradient = _output.ToDoubles();
        double[] expected = GC.AllocateArray<double>(Math.Max(input.Length, Math.Max(kernel.Length, gradient.Length)), pinned: true);
        fixed (double* x = input, w = kernel, b = bias, g = gradient, result = expected)
        {
            switch (benchmark)
            {
                case nameof(Forward):
                    ConvolutionKernels.Forward(_geometry, x, w, b, result);
                    Forward();
                    return _output.Error(expected);
                case nameof(InputGradient):
                    ConvolutionKernels.InputGradient(_geometry, g, w, result);
                    InputGradient();
                    return _inputGradient.Error(expected);
                default:
                    ConvolutionKernels.KernelGradient(_geometry, x, g, result);
                    KernelGradient();
                    return _kernelGradient.Error(expected);
            }
        }
    }
}
