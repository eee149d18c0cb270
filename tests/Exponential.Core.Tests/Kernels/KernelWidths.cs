using System.Numerics;

namespace Exponential.Core.Tests.Kernels;

/// <summary>The vector widths of this machine.</summary>
internal static class KernelWidths
{
    public static IEnumerable<SimdWidth> All => Enum.GetValues<SimdWidth>().Where(width => width <= ContractionKernels.BestWidth);

    public static IEnumerable<(SimdWidth Width, ContractionKernels<T> Kernels)> Kernels<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        All.Select(width => (width, ContractionKernels<T>.Of(width)));
}
