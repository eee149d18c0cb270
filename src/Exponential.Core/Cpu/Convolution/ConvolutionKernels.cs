using System.Numerics;

namespace Exponential;

/// <summary>
/// The sizes of a convolution: input [Batch, InputChannels, InputHeight, InputWidth], kernel [OutputChannels, InputChannels,
/// KernelHeight, KernelWidth], output [Batch, OutputChannels, OutputHeight, OutputWidth], zero padding on all sides.
/// </summary>
internal readonly record struct ConvolutionGeometry(
    int Batch,
    int InputChannels,
    int InputHeight,
    int InputWidth,
    int OutputChannels,
    int OutputHeight,
    int OutputWidth,
    int KernelHeight,
    int KernelWidth,
    int StrideHeight,
    int StrideWidth,
    int PaddingHeight,
    int PaddingWidth)
{
    /// <summary>The number of taps of a kernel.</summary>
    public int Taps => KernelHeight * KernelWidth;

    /// <summary>The number of terms of an output value: input channels times taps.</summary>
    public int Depth => InputChannels * Taps;

    /// <summary>The number of values of an input channel.</summary>
    public int InputPlane => InputHeight * InputWidth;

    /// <summary>The number of values of an output channel.</summary>
    public int OutputPlane => OutputHeight * OutputWidth;

    /// <summary>The same convolution of images of one row, where it goes pixel by pixel.</summary>
    public ConvolutionGeometry Flattened() =>
        this is { KernelHeight: 1, KernelWidth: 1, StrideHeight: 1, StrideWidth: 1, PaddingHeight: 0, PaddingWidth: 0 }
            ? this with { InputHeight = 1, InputWidth = InputPlane, OutputHeight = 1, OutputWidth = OutputPlane }
            : this;
}

/// <summary>
/// The three products of a convolution (a cross-correlation, as in every deep learning library):
/// <c>output[b, o, y, x] = bias[o] + sum over c, i, j of kernel[o, c, i, j] input[b, c, y s_h + i - p_h, x s_w + j - p_w]</c>.
/// </summary>
internal static unsafe class ConvolutionKernels
{
    /// <summary>The output, from input, kernel and bias (null for none); rectified, max(output, 0).</summary>
    public static void Forward<T>(in ConvolutionGeometry g, T* input, T* kernel, T* bias, T* output, bool rectified = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.Forward(g, ConvolutionMethods.Choose<T>(g, CpuArithmetic.Accuracy), input, kernel, bias, output, rectified);

    /// <summary>The gradient for the input: the adjoint of <see cref="Forward{T}"/> without bias.</summary>
    public static void InputGradient<T>(in ConvolutionGeometry g, T* outputGradient, T* kernel, T* inputGradient)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.InputGradient(
            g,
            ConvolutionMethods.Choose<T>(g with { InputChannels = g.OutputChannels, OutputChannels = g.InputChannels }, CpuArithmetic.Accuracy),
            outputGradient, kernel, inputGradient);

    /// <summary>The gradient for the kernel, summed over the batch; it overwrites.</summary>
    public static void KernelGradient<T>(in ConvolutionGeometry g, T* input, T* outputGradient, T* kernelGradient)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.KernelGradient(g, ConvolutionMethods.ChooseKernelGradient<T>(g, CpuArithmetic.Accuracy), input, outputGradient, kernelGradient);
}
