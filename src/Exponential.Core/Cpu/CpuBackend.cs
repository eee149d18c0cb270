namespace Exponential;

/// <summary>The backend page on the processor: each member dispatches once on the element type and goes to a kernel of this folder.</summary>
internal sealed unsafe partial class CpuBackend : Backend, IConvolutionExponential, IAutoregressiveInverse, IFusedPasses
{
    public override IConvolutionExponential ConvolutionExponential => this;

    public override IAutoregressiveInverse AutoregressiveInverse => this;

    public override IFusedPasses FusedPasses => this;

    public override Operand Allocate(DType dtype, Shape shape) => new(new CpuStorage(dtype, shape.ElementCount), Layout.RowMajor(shape));

    public override void Upload<T>(ReadOnlySpan<T> source, Operand destination) => source.CopyTo(Elements<T>(destination));

    public override void Read<T>(Operand source, Span<T> destination) => Elements<T>(source).CopyTo(destination);

    public override void Fill(Operand destination, double value)
    {
        if (destination.DType == DType.Float32)
        {
            Elements<float>(destination).Fill((float)value);
        }
        else
        {
            Elements<double>(destination).Fill(value);
        }
    }

    public override void Copy(Operand source, Operand destination)
    {
        switch (source.DType, destination.DType)
        {
            case (DType.Float32, DType.Float32):
                StridedCopy.Run(P<float>(source), source.Layout, P<float>(destination), destination.Layout);
                break;
            case (DType.Float64, DType.Float64):
                StridedCopy.Run(P<double>(source), source.Layout, P<double>(destination), destination.Layout);
                break;
            case (DType.Float32, DType.Float64):
                StridedCopy.Convert<float, double>(P<float>(source), source.Layout, P<double>(destination), destination.Layout);
                break;
            default:
                StridedCopy.Convert<double, float>(P<double>(source), source.Layout, P<float>(destination), destination.Layout);
                break;
        }
    }

    public override void Unary(UnaryKind op, Operand x, Operand y, double p, double q)
    {
        if (x.DType == DType.Float32)
        {
            UnaryKernels.Run(op, P<float>(x), P<float>(y), x.ElementCount, (float)p, (float)q);
        }
        else
        {
            UnaryKernels.Run(op, P<double>(x), P<double>(y), x.ElementCount, p, q);
        }
    }

    public override void Binary(BinaryKind op, Operand a, Operand b, Operand y)
    {
        if (y.DType == DType.Float32)
        {
            BinaryKernels.Run(op, P<float>(a), a.Layout, P<float>(b), b.Layout, P<float>(y), y.Layout);
        }
        else
        {
            BinaryKernels.Run(op, P<double>(a), a.Layout, P<double>(b), b.Layout, P<double>(y), y.Layout);
        }
    }

    public override void Select(Operand condition, Operand a, Operand b, Operand y)
    {
        using OperandLease c = OperandLease.Contiguous(this, condition);
        using OperandLease first = OperandLease.Contiguous(this, a);
        using OperandLease second = OperandLease.Contiguous(this, b);
        if (y.DType == DType.Float32)
        {
            SelectKernel.Run(P<float>(c.Operand), P<float>(first.Operand), P<float>(second.Operand), P<float>(y), y.ElementCount);
        }
        else
        {
            SelectKernel.Run(P<double>(c.Operand), P<double>(first.Operand), P<double>(second.Operand), P<double>(y), y.ElementCount);
        }
    }

    public override void Reduce(ReduceKind op, Operand x, Operand y)
    {
        if (x.DType == DType.Float32)
        {
            ReduceKernels.Run(op, P<float>(x), x.Shape, P<float>(y), y.Shape);
        }
        else
        {
            ReduceKernels.Run(op, P<double>(x), x.Shape, P<double>(y), y.Shape);
        }
    }

    public override void MatMul(Operand a, Operand b, Operand y)
    {
        if (y.DType == DType.Float32)
        {
            MatMul<float>(a, b, y);
        }
        else
        {
            MatMul<double>(a, b, y);
        }
    }

    public override void Conv2d(in ConvolutionGeometry geometry, Operand x, Operand kernel, Operand? bias, bool rectified, Operand y)
    {
        if (x.DType == DType.Float32)
        {
            ConvolutionKernels.Forward(geometry, P<float>(x), P<float>(kernel), bias is { } b ? P<float>(b) : null, P<float>(y), rectified);
        }
        else
        {
            ConvolutionKernels.Forward(geometry, P<double>(x), P<double>(kernel), bias is { } b ? P<double>(b) : null, P<double>(y), rectified);
        }
    }

    public override void Conv2dInputGradient(in ConvolutionGeometry geometry, Operand outputGradient, Operand kernel, Operand inputGradient)
    {
        if (kernel.DType == DType.Float32)
        {
            ConvolutionKernels.InputGradient(geometry, P<float>(outputGradient), P<float>(kernel), P<float>(inputGradient));
        }
        else
        {
            ConvolutionKernels.InputGradient(geometry, P<double>(outputGradient), P<double>(kernel), P<double>(inputGradient));
        }
    }

    public override void Conv2dKernelGradient(in ConvolutionGeometry geometry, Operand x, Operand outputGradient, Operand kernelGradient)
    {
        if (x.DType == DType.Float32)
        {
            ConvolutionKernels.KernelGradient(geometry, P<float>(x), P<float>(outputGradient), P<float>(kernelGradient));
        }
        else
        {
            ConvolutionKernels.KernelGradient(geometry, P<double>(x), P<double>(outputGradient), P<double>(kernelGradient));
        }
    }

    public override void FillRandom(RandomKind kind, ulong seed, ulong offset, Operand destination)
    {
        switch (kind, destination.DType)
        {
            case (RandomKind.Uniform, DType.Float32):
                Philox.FillUniform(seed, offset, Elements<float>(destination));
                break;
            case (RandomKind.Uniform, DType.Float64):
                Philox.FillUniform(seed, offset, Elements<double>(destination));
                break;
            case (RandomKind.Normal, DType.Float32):
                Philox.FillNormal(seed, offset, Elements<float>(destination));
                break;
            default:
                Philox.FillNormal(seed, offset, Elements<double>(destination));
                break;
        }
    }

    void IConvolutionExponential.Apply(
        in ConvolutionExponentialGeometry geometry, Operand x, Operand kernel, double scale, int terms, int steps, bool adjoint, Operand y)
    {
        if (x.DType == DType.Float32)
        {
            ConvolutionExponentialKernels.Apply(geometry, P<float>(x), P<float>(kernel), scale, terms, steps, adjoint, P<float>(y));
        }
        else
        {
            ConvolutionExponentialKernels.Apply(geometry, P<double>(x), P<double>(kernel), scale, terms, steps, adjoint, P<double>(y));
        }
    }

    void IConvolutionExponential.Gradient(
        in ConvolutionExponentialGeometry geometry, Operand x, Operand kernel, double scale, int terms, int steps, Operand cotangent, Operand? xGradient, Operand? kernelGradient)
    {
        if (x.DType == DType.Float32)
        {
            ConvolutionExponentialKernels.Gradient(
                geometry, P<float>(x), P<float>(kernel), scale, terms, steps, P<float>(cotangent), Optional<float>(xGradient), Optional<float>(kernelGradient));
        }
        else
        {
            ConvolutionExponentialKernels.Gradient(
                geometry, P<double>(x), P<double>(kernel), scale, terms, steps, P<double>(cotangent), Optional<double>(xGradient), Optional<double>(kernelGradient));
        }
    }

    void IAutoregressiveInverse.Apply(in AutoregressiveGeometry geometry, Operand y, Operand kernel, Operand x)
    {
        if (y.DType == DType.Float32)
        {
            AutoregressiveKernels.Inverse(geometry, P<float>(y), P<float>(kernel), P<float>(x));
        }
        else
        {
            AutoregressiveKernels.Inverse(geometry, P<double>(y), P<double>(kernel), P<double>(x));
        }
    }

    private static T* P<T>(Operand operand)
        where T : unmanaged => ((CpuStorage)operand.Storage).Pointer<T>() + operand.Layout.Offset;

    private static T* Optional<T>(Operand? operand)
        where T : unmanaged => operand is { } present ? P<T>(present) : null;

    private static Span<T> Elements<T>(Operand contiguous)
        where T : unmanaged => ((CpuStorage)contiguous.Storage).Span<T>().Slice(contiguous.Layout.Offset, contiguous.ElementCount);

    private static void MatMul<T>(Operand a, Operand b, Operand y)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        Shape batchShape = y.Shape[..^2];
        int batch = batchShape.ElementCount;
        int m = y.Shape[^2];
        int n = y.Shape[^1];
        int k = a.Shape[^1];
        int[] aStrides = a.Layout.Strides;
        int[] bStrides = b.Layout.Strides;
        int rank = batchShape.Rank;
        var aOffsets = new nint[batch];
        var bOffsets = new nint[batch];
        for (int item = 0; item < batch; item++)
        {
            int rest = item;
            for (int axis = rank - 1; axis >= 0; axis--)
            {
                int index = rest % batchShape[axis];
                rest /= batchShape[axis];
                aOffsets[item] += (nint)index * aStrides[axis];
                bOffsets[item] += (nint)index * bStrides[axis];
            }
        }

        Gemm.MultiplyBatched(
            m, n, k, P<T>(a), aOffsets, aStrides[rank], aStrides[rank + 1], P<T>(b), bOffsets, bStrides[rank], bStrides[rank + 1], P<T>(y), (nint)m * n);
    }
}
