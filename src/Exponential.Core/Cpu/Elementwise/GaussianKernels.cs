using System.Numerics;
using System.Numerics.Tensors;

namespace Exponential;

/// <summary>The standard normal log-density of items.</summary>
internal static unsafe class GaussianKernels
{
    /// <summary>Elements that one running sum takes, so that its error stays short; sums are combined in double precision.</summary>
    private const int SumLength = 4096;

    /// <summary>y[b] = -(sum of squares of the item's elements + length ln(2 pi)) / 2.</summary>
    public static void LogDensity<T>(int items, int length, Items<T> x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double constant = length * Math.Log(2 * Math.PI);
        KernelWork.For(2L * items * length, items, item =>
        {
            double sum = 0;
            for (int done = 0; done < length; done += SumLength)
            {
                sum += double.CreateTruncating(TensorPrimitives.SumOfSquares(
                    new ReadOnlySpan<T>(x[item] + done, Math.Min(SumLength, length - done))));
            }

            y[item] = T.CreateTruncating(-0.5 * (sum + constant));
        });
    }
}
