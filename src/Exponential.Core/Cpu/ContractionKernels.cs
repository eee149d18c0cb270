using System.Numerics;
using System.Runtime.Intrinsics;

namespace Exponential;

/// <summary>The contraction kernels of one vector width behind one virtual call each, so that the width is chosen once.</summary>
internal abstract unsafe class ContractionKernels<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The kernels of the widest vectors that this machine has in hardware.</summary>
    public static readonly ContractionKernels<T> Best = Of(ContractionKernels.BestWidth);

    /// <summary>The kernels of one width; of <see cref="ContractionKernels.BestWidth"/> at most.</summary>
    public static ContractionKernels<T> Of(SimdWidth width) => width switch
    {
        SimdWidth.Width512 when Vector512.IsHardwareAccelerated => new ContractionKernels<T, Vector512<T>, Simd512<T>>(),
        SimdWidth.Width256 when Vector256.IsHardwareAccelerated => new ContractionKernels<T, Vector256<T>, Simd256<T>>(),
        SimdWidth.Width128 when Vector128.IsHardwareAccelerated => new ContractionKernels<T, Vector128<T>, Simd128<T>>(),
        SimdWidth.Scalar => new ContractionKernels<T, T, SimdScalar<T>>(),
        _ => throw new PlatformNotSupportedException($"{width}: the widest vectors of this machine are {ContractionKernels.BestWidth}"),
    };

    /// <inheritdoc cref="Gemm.Multiply{T}"/>
    public abstract void Multiply(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate);

    /// <inheritdoc cref="Gemm.MultiplyBatched{T}"/>
    public abstract void MultiplyBatched(
        int m, int n, int k, T* a, ReadOnlySpan<nint> aOffsets, nint aRow, nint aCol, T* b, ReadOnlySpan<nint> bOffsets, nint bRow,
        nint bCol, T* c, nint cItemStride);

    /// <inheritdoc cref="ConvolutionKernels.Forward{T}"/>
    public abstract void Forward(
        in ConvolutionGeometry g, ConvolutionMethod method, T* input, T* kernel, T* bias, T* output, bool rectified = false);

    /// <inheritdoc cref="ConvolutionKernels.InputGradient{T}"/>
    public abstract void InputGradient(in ConvolutionGeometry g, ConvolutionMethod method, T* outputGradient, T* kernel, T* inputGradient);

    /// <inheritdoc cref="ConvolutionKernels.KernelGradient{T}"/>
    public abstract void KernelGradient(in ConvolutionGeometry g, ConvolutionMethod method, T* input, T* outputGradient, T* kernelGradient);

    /// <inheritdoc cref="ConvolutionExponentialKernels.Apply{T}"/>
    public abstract void Exponential(
        in ConvolutionExponentialGeometry g, ConvolutionMethod method, T* x, T* kernel, double scale, int terms, int steps, bool adjoint, T* y);

    /// <inheritdoc cref="ConvolutionExponentialKernels.Gradient{T}"/>
    public abstract void ExponentialGradient(
        in ConvolutionExponentialGeometry g, ConvolutionMethod method, T* x, T* kernel, double scale, int terms, int steps, T* yBar, T* xBar,
        T* kernelBar);

    /// <inheritdoc cref="AutoregressiveKernels.Inverse{T}"/>
    public abstract void AutoregressiveInverse(in AutoregressiveGeometry g, T* y, T* kernel, T* x);
}

/// <summary>What the kernels of all types have in common.</summary>
internal static class ContractionKernels
{
    /// <summary>The widest vectors in hardware. Emulated ones are slower than the next narrower ones.</summary>
    public static SimdWidth BestWidth =>
        Vector512.IsHardwareAccelerated ? SimdWidth.Width512
        : Vector256.IsHardwareAccelerated ? SimdWidth.Width256
        : Vector128.IsHardwareAccelerated ? SimdWidth.Width128
        : SimdWidth.Scalar;
}

/// <inheritdoc/>
internal sealed unsafe class ContractionKernels<T, TVector, TSimd> : ContractionKernels<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    public override void Multiply(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate) =>
        MatrixProduct<T, TVector, TSimd>.Multiply(m, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate);

    public override void MultiplyBatched(
        int m, int n, int k, T* a, ReadOnlySpan<nint> aOffsets, nint aRow, nint aCol, T* b, ReadOnlySpan<nint> bOffsets, nint bRow,
        nint bCol, T* c, nint cItemStride) =>
        MatrixProduct<T, TVector, TSimd>.MultiplyBatched(m, n, k, a, aOffsets, aRow, aCol, b, bOffsets, bRow, bCol, c, cItemStride);

    public override void Forward(
        in ConvolutionGeometry g, ConvolutionMethod method, T* input, T* kernel, T* bias, T* output, bool rectified = false)
    {
        if (method == ConvolutionMethod.Winograd)
        {
            WinogradConvolution<T, TVector, TSimd>.Forward(g, input, kernel, bias, output, rectified);
        }
        else if (DirectConvolution<T, TVector, TSimd>.Takes(g))
        {
            DirectConvolution<T, TVector, TSimd>.Forward(g, input, kernel, bias, output, rectified);
        }
        else
        {
            ColumnConvolution<T, TVector, TSimd>.Forward(g, input, kernel, bias, output, rectified);
        }
    }

    public override void InputGradient(in ConvolutionGeometry g, ConvolutionMethod method, T* outputGradient, T* kernel, T* inputGradient)
    {
        if (method == ConvolutionMethod.Winograd)
        {
            WinogradConvolution<T, TVector, TSimd>.InputGradient(g, outputGradient, kernel, inputGradient);
        }
        else if (DirectConvolution<T, TVector, TSimd>.Takes(g))
        {
            DirectConvolution<T, TVector, TSimd>.InputGradient(g, outputGradient, kernel, inputGradient);
        }
        else
        {
            ColumnConvolution<T, TVector, TSimd>.InputGradient(g, outputGradient, kernel, inputGradient);
        }
    }

    public override void KernelGradient(in ConvolutionGeometry g, ConvolutionMethod method, T* input, T* outputGradient, T* kernelGradient)
    {
        if (method == ConvolutionMethod.Winograd)
        {
            WinogradKernelGradient<T, TVector, TSimd>.Run(g, input, outputGradient, kernelGradient);
        }
        else if (PointwiseKernelGradient<T, TVector, TSimd>.Takes(g))
        {
            PointwiseKernelGradient<T, TVector, TSimd>.Run(g, input, outputGradient, kernelGradient);
        }
        else if (DirectConvolution<T, TVector, TSimd>.Takes(g))
        {
            DirectKernelGradient<T, TVector, TSimd>.Run(g, input, outputGradient, kernelGradient);
        }
        else
        {
            ColumnConvolution<T, TVector, TSimd>.KernelGradient(g, input, outputGradient, kernelGradient);
        }
    }

    public override void Exponential(
        in ConvolutionExponentialGeometry g, ConvolutionMethod method, T* x, T* kernel, double scale, int terms, int steps, bool adjoint, T* y)
    {
        T factor = T.CreateChecked(scale);
        if (method == ConvolutionMethod.Winograd)
        {
            using var product = new TiledProduct<T, TVector, TSimd>(g.Product, adjoint, kernel, factor);
            FusedExponential<T, TiledProduct<T, TVector, TSimd>>.Apply(g, product, x, terms, steps, y);
        }
        else
        {
            using var product = new PaddedProduct<T, TVector, TSimd>(g.Product, adjoint, kernel, factor);
            FusedExponential<T, PaddedProduct<T, TVector, TSimd>>.Apply(g, product, x, terms, steps, y);
        }
    }

    public override void ExponentialGradient(
        in ConvolutionExponentialGeometry g, ConvolutionMethod method, T* x, T* kernel, double scale, int terms, int steps, T* yBar, T* xBar,
        T* kernelBar)
    {
        T factor = T.CreateChecked(scale);
        if (kernelBar == null)
        {
            if (xBar != null)
            {
                Exponential(g, method, yBar, kernel, scale, terms, steps, adjoint: true, xBar);
            }
        }
        else if (terms == 0)
        {
            new Span<T>(kernelBar, g.Product.OutputChannels * g.Product.Depth).Clear();
            if (xBar != null)
            {
                int values = checked(g.Batch * g.Channels * g.Height * g.Width);
                new ReadOnlySpan<T>(yBar, values).CopyTo(new Span<T>(xBar, values));
            }
        }
        else if (method == ConvolutionMethod.Winograd)
        {
            using var product = new TiledProduct<T, TVector, TSimd>(g.Product, false, kernel, factor);
            using var transposed = new TiledProduct<T, TVector, TSimd>(g.Product, true, kernel, factor);
            FusedExponentialGradient<T, TiledProduct<T, TVector, TSimd>, TiledCorrelation<T, TVector, TSimd>>.Run(
                g, product, transposed, x, factor, terms, steps, yBar, xBar, kernelBar);
        }
        else
        {
            using var product = new PaddedProduct<T, TVector, TSimd>(g.Product, false, kernel, factor);
            using var transposed = new PaddedProduct<T, TVector, TSimd>(g.Product, true, kernel, factor);
            FusedExponentialGradient<T, PaddedProduct<T, TVector, TSimd>, PaddedCorrelation<T, TVector, TSimd>>.Run(
                g, product, transposed, x, factor, terms, steps, yBar, xBar, kernelBar);
        }
    }

    public override void AutoregressiveInverse(in AutoregressiveGeometry g, T* y, T* kernel, T* x) =>
        WavefrontInverse<T, TVector, TSimd>.Run(g, y, kernel, x);
}
