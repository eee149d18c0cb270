using System.Numerics;

namespace Exponential;

/// <summary>The sizes of an autoregressive convolution: images [Batch, Channels, Height, Width], kernel [Channels, Channels, 2, 2].</summary>
internal readonly record struct AutoregressiveGeometry(int Batch, int Channels, int Height, int Width);

/// <summary>
/// The autoregressive convolution <c>y[o, h, w] = sum over i, k, l of kernel[o, i, k, l] x[i, h + k - 1, w + l - 1]</c>, whose last
/// tap is lower triangular: a value hangs on those above, to the left, and in earlier channels of the same pixel.
/// </summary>
internal static unsafe class AutoregressiveKernels
{
    /// <summary>Solves it for x; above the diagonal of the last tap the kernel is not read.</summary>
    /// <param name="g">The sizes.</param>
    /// <param name="y">The images after the convolution.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="x">The images before it; they may not overlap y.</param>
    /// <exception cref="ArithmeticException">The last tap has a zero on its diagonal.</exception>
    public static void Inverse<T>(in AutoregressiveGeometry g, T* y, T* kernel, T* x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.AutoregressiveInverse(g, y, kernel, x);
}
