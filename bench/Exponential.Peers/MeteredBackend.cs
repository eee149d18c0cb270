using System.Diagnostics;
using Exponential;

namespace LibtorchPeer;

/// <summary>Passes everything on to another backend and adds up the time of each entry. What no entry takes is spent outside the kernels.</summary>
/// <param name="inner">The backend that computes.</param>
internal sealed class MeteredBackend(Backend inner) : Backend, IConvolutionExponential, IAutoregressiveInverse, IFusedPasses
{
    private readonly Dictionary<Entry, (long Ticks, int Calls)> _entries = [];
    private long _allocation;

    public override IConvolutionExponential ConvolutionExponential => this;

    public override IAutoregressiveInverse AutoregressiveInverse => this;

    public override IFusedPasses FusedPasses => this;

    /// <summary>Milliseconds and calls by entry, the costliest first.</summary>
    public IEnumerable<(string Name, double Milliseconds, int Calls)> Entries =>
        _entries.OrderByDescending(static entry => entry.Value.Ticks)
            .Select(static entry => (entry.Key.ToString(), entry.Value.Ticks * 1e3 / Stopwatch.Frequency, entry.Value.Calls));

    public void Reset()
    {
        _entries.Clear();
        _allocation = 0;
    }

    /// <summary>What allocation took: no entry, because it is not work.</summary>
    public double AllocationMilliseconds => _allocation * 1e3 / Stopwatch.Frequency;

    public override Operand Allocate(DType dtype, Shape shape)
    {
        long start = Stopwatch.GetTimestamp();
        Operand result = inner.Allocate(dtype, shape);
        _allocation += Stopwatch.GetTimestamp() - start;
        return result;
    }

    public override void Upload<T>(ReadOnlySpan<T> source, Operand destination)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Upload(source, destination);
        Add("upload", start);
    }

    public override void Read<T>(Operand source, Span<T> destination)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Read(source, destination);
        Add("read", start);
    }

    public override void Fill(Operand destination, double value)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Fill(destination, value);
        Add("fill", start);
    }

    public override void Copy(Operand source, Operand destination)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Copy(source, destination);
        Add("copy", start);
    }

    public override void Unary(UnaryKind op, Operand x, Operand y, double p, double q)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Unary(op, x, y, p, q);
        Add(Enum.GetName(op)!, start);
    }

    public override void Binary(BinaryKind op, Operand a, Operand b, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Binary(op, a, b, y);
        Add(Enum.GetName(op)!, start);
    }

    public override void Select(Operand condition, Operand a, Operand b, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Select(condition, a, b, y);
        Add("select", start);
    }

    public override void Reduce(ReduceKind op, Operand x, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Reduce(op, x, y);
        Add(Enum.GetName(op)!, start);
    }

    public override void MatMul(Operand a, Operand b, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.MatMul(a, b, y);
        Add("matrix product", start);
    }

    public override void Conv2d(in ConvolutionGeometry geometry, Operand x, Operand kernel, Operand? bias, bool rectified, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Conv2d(geometry, x, kernel, bias, rectified, y);
        Add(new Entry("forward", geometry.KernelHeight, geometry.KernelWidth), start);
    }

    public override void Conv2dInputGradient(in ConvolutionGeometry geometry, Operand outputGradient, Operand kernel, Operand inputGradient)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Conv2dInputGradient(geometry, outputGradient, kernel, inputGradient);
        Add(new Entry("input gradient", geometry.KernelHeight, geometry.KernelWidth), start);
    }

    public override void Conv2dKernelGradient(in ConvolutionGeometry geometry, Operand x, Operand outputGradient, Operand kernelGradient)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Conv2dKernelGradient(geometry, x, outputGradient, kernelGradient);
        Add(new Entry("kernel gradient", geometry.KernelHeight, geometry.KernelWidth), start);
    }

    public override void FillRandom(RandomKind kind, ulong seed, ulong offset, Operand destination)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FillRandom(kind, seed, offset, destination);
        Add(kind == RandomKind.Normal ? "random, Normal" : "random, Uniform", start);
    }

    void IConvolutionExponential.Apply(
        in ConvolutionExponentialGeometry geometry, Operand x, Operand kernel, double scale, int terms, int steps, bool adjoint, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.ConvolutionExponential!.Apply(geometry, x, kernel, scale, terms, steps, adjoint, y);
        Add("convolution exponential", start);
    }

    void IConvolutionExponential.Gradient(
        in ConvolutionExponentialGeometry geometry, Operand x, Operand kernel, double scale, int terms, int steps, Operand cotangent, Operand? xGradient, Operand? kernelGradient)
    {
        long start = Stopwatch.GetTimestamp();
        inner.ConvolutionExponential!.Gradient(geometry, x, kernel, scale, terms, steps, cotangent, xGradient, kernelGradient);
        Add("convolution exponential, gradient", start);
    }

    void IAutoregressiveInverse.Apply(in AutoregressiveGeometry geometry, Operand y, Operand kernel, Operand x)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AutoregressiveInverse!.Apply(geometry, y, kernel, x);
        Add("autoregressive inverse", start);
    }

    void IFusedPasses.Coupling(Operand x, Operand h, bool inverse, Operand z, Operand logDet)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FusedPasses!.Coupling(x, h, inverse, z, logDet);
        Add("coupling", start);
    }

    void IFusedPasses.CouplingGradient(
        Operand x, Operand h, bool inverse, Operand zCotangent, Operand logDetCotangent, Operand xGradient, Operand hGradient)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FusedPasses!.CouplingGradient(x, h, inverse, zCotangent, logDetCotangent, xGradient, hGradient);
        Add("coupling, gradient", start);
    }

    void IFusedPasses.Gate(Operand x, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FusedPasses!.Gate(x, y);
        Add("gate", start);
    }

    void IFusedPasses.GateGradient(Operand x, Operand cotangent, Operand xGradient)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FusedPasses!.GateGradient(x, cotangent, xGradient);
        Add("gate, gradient", start);
    }

    void IFusedPasses.RectifierGradient(Operand cotangent, Operand value, Operand gradient, Operand sums)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FusedPasses!.RectifierGradient(cotangent, value, gradient, sums);
        Add("rectifier and bias, gradient", start);
    }

    void IFusedPasses.GaussianLogDensity(Operand x, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FusedPasses!.GaussianLogDensity(x, y);
        Add("Gaussian log-density", start);
    }

    void IFusedPasses.MultiplyAdd(Operand a, Operand b, Operand c, Operand y)
    {
        long start = Stopwatch.GetTimestamp();
        inner.FusedPasses!.MultiplyAdd(a, b, c, y);
        Add("multiply-add", start);
    }

    private void Add(string name, long start) => Add(new Entry(name), start);

    private void Add(Entry entry, long start)
    {
        long ticks = Stopwatch.GetTimestamp() - start;
        (long before, int calls) = _entries.GetValueOrDefault(entry);
        _entries[entry] = (before + ticks, calls + 1);
    }

    /// <summary>An entry, or the pass of a convolution with kernels of one size. Its text is made when the table is.</summary>
    private readonly record struct Entry(string Name, int Height = 0, int Width = 0)
    {
        public override string ToString() => Height == 0 ? Name : $"convolution {Height}x{Width}, {Name}";
    }
}
