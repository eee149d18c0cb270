using System.Numerics;

namespace Exponential;

/// <summary>How a convolution is computed.</summary>
internal enum ConvolutionMethod
{
    /// <summary>Product by product.</summary>
    Direct,

    /// <summary>By Winograd's F(4x4, 3x3): a quarter of the products, see <see cref="WinogradPoints"/>.</summary>
    Winograd,
}

/// <summary>The choice of a method: the faster one by a model of both, where the arithmetic accuracy leaves the choice.</summary>
/// <remarks>
/// The model counts vector operations. Its constants are measured (AVX-512); it leaves shapes to the direct kernels where both are close,
/// which are tiny batches (the kernel's transform), few channels (the images' transforms) and sides just above a multiple of four.
/// </remarks>
internal static class ConvolutionMethods
{
    /// <summary>Operations of the transform and the copies of a vector of tiles, for an input and for an output channel.</summary>
    private const double InputChannel = 300, OutputChannel = 350;

    /// <summary>Operations of the transform and the copies of a tile, for a vector of channels.</summary>
    private const double PixelChannels = 300;

    /// <summary>The method for a convolution; of its gradient for the input, that of the convolution with the channels exchanged.</summary>
    public static ConvolutionMethod Choose<T>(in ConvolutionGeometry g, ArithmeticAccuracy accuracy)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Choose<T>(g, 1, accuracy);

    /// <summary>The method for the exponential of a convolution, from the number of its products.</summary>
    public static ConvolutionMethod Choose<T>(in ConvolutionExponentialGeometry g, int products, ArithmeticAccuracy accuracy)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Choose<T>(g.Product, products, accuracy);

    /// <summary>The method for the gradient for the kernel.</summary>
    public static ConvolutionMethod ChooseKernelGradient<T>(in ConvolutionGeometry g, ArithmeticAccuracy accuracy)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Allows<T>(g, accuracy) && WinogradKernelGradientCost(g) < DirectCost(g, 1) ? ConvolutionMethod.Winograd : ConvolutionMethod.Direct;

    private static ConvolutionMethod Choose<T>(in ConvolutionGeometry g, int products, ArithmeticAccuracy accuracy) =>
        Allows<T>(g, accuracy) && WinogradCost(g, products) < DirectCost(g, products) ? ConvolutionMethod.Winograd : ConvolutionMethod.Direct;

    /// <summary>Whether Winograd's kernels can and may compute a convolution.</summary>
    private static bool Allows<T>(in ConvolutionGeometry g, ArithmeticAccuracy accuracy) =>
        typeof(T) == typeof(float) && accuracy == ArithmeticAccuracy.Fast
        && g is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, PaddingHeight: 1, PaddingWidth: 1 };

    /// <summary>Vector operations of some direct products with one kernel.</summary>
    private static double DirectCost(in ConvolutionGeometry g, int products) =>
        1.1 * products * g.Batch * g.OutputPlane * g.OutputChannels * g.Depth / Lanes;

    /// <summary>Vector operations of some products with one kernel by F(4x4, 3x3).</summary>
    private static double WinogradCost(in ConvolutionGeometry g, int products)
    {
        double tiles = (double)g.Batch * new TileGrid(g.InputHeight, g.InputWidth).Tiles;
        double filters = (double)g.InputChannels * g.OutputChannels;
        double vector = 1.1 * WinogradPoints.Planes * filters + InputChannel * g.InputChannels + OutputChannel * g.OutputChannels;

        // The kernel is copied value by value and transformed by vectors.
        return products * Math.Ceiling(tiles / Lanes) * vector + (40 + 200.0 / Lanes) * filters;
    }

    /// <summary>Vector operations of the gradient for the kernel by F(3x3, 4x4): of vectors of channels, tile by tile.</summary>
    private static double WinogradKernelGradientCost(in ConvolutionGeometry g)
    {
        double tiles = (double)g.Batch * new TileGrid(g.InputHeight, g.InputWidth).Tiles;
        double inputs = Math.Ceiling((double)g.InputChannels / Lanes), outputs = Math.Ceiling((double)g.OutputChannels / Lanes);
        double product = 1.15 * WinogradPoints.Planes * Math.Min(g.InputChannels * outputs, g.OutputChannels * inputs);
        return tiles * (product + PixelChannels * (inputs + outputs)) + 60.0 * g.InputChannels * g.OutputChannels;
    }

    private static int Lanes => ContractionKernels.BestWidth switch
    {
        SimdWidth.Width512 => 16,
        SimdWidth.Width256 => 8,
        SimdWidth.Width128 => 4,
        _ => 1,
    };
}
