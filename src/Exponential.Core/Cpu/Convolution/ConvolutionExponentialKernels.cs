using System.Numerics;

namespace Exponential;

/// <summary>
/// The sizes of the exponential of a convolution M: images [Batch, Channels, Height, Width], kernel [Channels, Channels,
/// KernelHeight, KernelWidth] of odd height and width, zero padding of (k - 1) / 2.
/// </summary>
internal readonly record struct ConvolutionExponentialGeometry(
    int Batch, int Channels, int Height, int Width, int KernelHeight, int KernelWidth)
{
    /// <summary>The convolution M.</summary>
    public ConvolutionGeometry Product => new(
        Batch, Channels, Height, Width, Channels, Height, Width, KernelHeight, KernelWidth, 1, 1, KernelHeight / 2, KernelWidth / 2);
}

/// <summary>The truncated exponential of a convolution, applied and differentiated.</summary>
internal static unsafe class ConvolutionExponentialKernels
{
    /// <summary>
    /// <c>y = E^steps x</c> with <c>E = sum over i of 0..terms of (scale M)^i / i!</c>, in Horner's form: r = x, then for
    /// i = terms..1 r = x + (scale M r) / i. With <paramref name="adjoint"/> the adjoint of M takes M's place.
    /// </summary>
    /// <param name="g">The sizes.</param>
    /// <param name="x">The images.</param>
    /// <param name="kernel">The kernel of M.</param>
    /// <param name="scale">A factor on M.</param>
    /// <param name="terms">The highest power of M; 0 or more.</param>
    /// <param name="steps">How often the truncated exponential is applied; 1 or more.</param>
    /// <param name="adjoint">Whether to apply the adjoint.</param>
    /// <param name="y">The result; it may not overlap x.</param>
    public static void Apply<T>(
        in ConvolutionExponentialGeometry g, T* x, T* kernel, double scale, int terms, int steps, bool adjoint, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.Exponential(g, ConvolutionMethods.Choose<T>(g, terms * steps, CpuArithmetic.Accuracy), x, kernel, scale, terms, steps, adjoint, y);

    /// <summary>The gradients of <c>&lt;yBar, E^steps x&gt;</c> for x and for the kernel.</summary>
    /// <remarks>
    /// In one step, with <c>Q_1 = x, Q_{i+1} = scale M Q_i / (i + 1)</c> and
    /// <c>A_terms = yBar, A_i = yBar + scale M* A_{i+1} / (i + 1)</c>:
    /// xBar = A_0, and the kernel's gradient is <c>scale sum over i of corr(Q_i, A_i)</c>. The Q_i are computed anew, image by
    /// image; with several steps, so are the inputs of the steps, forward from x.
    /// </remarks>
    /// <param name="g">The sizes.</param>
    /// <param name="x">The images the exponential was applied to.</param>
    /// <param name="kernel">The kernel of M.</param>
    /// <param name="scale">A factor on M.</param>
    /// <param name="terms">The highest power of M.</param>
    /// <param name="steps">How often the truncated exponential was applied.</param>
    /// <param name="yBar">The gradient for the result.</param>
    /// <param name="xBar">The gradient for x, or null where it is not needed.</param>
    /// <param name="kernelBar">The gradient for the kernel, overwritten, or null where it is not needed.</param>
    public static void Gradient<T>(
        in ConvolutionExponentialGeometry g, T* x, T* kernel, double scale, int terms, int steps, T* yBar, T* xBar, T* kernelBar)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.ExponentialGradient(
            g, ConvolutionMethods.Choose<T>(g, terms * steps, CpuArithmetic.Accuracy), x, kernel, scale, terms, steps, yBar, xBar, kernelBar);
}
