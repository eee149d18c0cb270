using Xunit;

namespace Exponential.Core.Tests.Kernels;

/// <summary>The vector widths of this machine, as the rows of a theory.</summary>
public sealed class KernelWidths : TheoryData<string>
{
    public KernelWidths()
    {
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>())
        {
            if (width <= ContractionKernels.BestWidth)
            {
                Add(width.ToString());
            }
        }
    }

    internal static ContractionKernels<T> Kernels<T>(string width)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Of(Enum.Parse<SimdWidth>(width));
}
