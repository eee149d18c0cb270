using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Exponential.Bench;

/// <summary>
/// The multiply-adds that the cores can do: what a contraction's speed is a fraction of. Measured, because it depends on the
/// machine, its clock and its neighbours.
/// </summary>
internal static class FmaPeak
{
    private const int Steps = 200_000;

    /// <summary>Billions of floating-point operations a second with the widest vectors, the best of many short runs on some cores at once.</summary>
    public static double Measure<T>(int threads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => ContractionKernels.BestWidth switch
        {
            SimdWidth.Width512 => Measure<T, Vector512<T>, Simd512<T>>(threads),
            SimdWidth.Width256 => Measure<T, Vector256<T>, Simd256<T>>(threads),
            SimdWidth.Width128 => Measure<T, Vector128<T>, Simd128<T>>(threads),
            _ => Measure<T, T, SimdScalar<T>>(threads),
        };

    private static double Measure<T, TVector, TSimd>(int threads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TSimd : struct, ISimd<T, TVector>
    {
        int before = Workers.Count;
        Workers.Count = threads;
        double best = double.PositiveInfinity;
        for (int i = 0; i < 500; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Workers.For(threads, static _ => Run<T, TVector, TSimd>());
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        Workers.Count = before;
        return 2.0 * 12 * TSimd.Count * Steps * threads / best / 1e9;
    }

    // Twelve independent chains cover the latency of the multiply-add.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static T Run<T, TVector, TSimd>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TSimd : struct, ISimd<T, TVector>
    {
        TVector x = TSimd.Broadcast(T.CreateChecked(0.999)), y = TSimd.Broadcast(T.CreateChecked(0.001));
        TVector a = TSimd.Broadcast(T.CreateChecked(0.1)), b = TSimd.Multiply(a, x), c = TSimd.Multiply(b, x), d = TSimd.Multiply(c, x);
        TVector e = TSimd.Multiply(d, x), f = TSimd.Multiply(e, x), g = TSimd.Multiply(f, x), h = TSimd.Multiply(g, x);
        TVector i = TSimd.Multiply(h, x), j = TSimd.Multiply(i, x), k = TSimd.Multiply(j, x), l = TSimd.Multiply(k, x);
        for (int step = 0; step < Steps; step++)
        {
            a = TSimd.MultiplyAdd(a, x, y);
            b = TSimd.MultiplyAdd(b, x, y);
            c = TSimd.MultiplyAdd(c, x, y);
            d = TSimd.MultiplyAdd(d, x, y);
            e = TSimd.MultiplyAdd(e, x, y);
            f = TSimd.MultiplyAdd(f, x, y);
            g = TSimd.MultiplyAdd(g, x, y);
            h = TSimd.MultiplyAdd(h, x, y);
            i = TSimd.MultiplyAdd(i, x, y);
            j = TSimd.MultiplyAdd(j, x, y);
            k = TSimd.MultiplyAdd(k, x, y);
            l = TSimd.MultiplyAdd(l, x, y);
        }

        // All twelve must count, or the compiler drops them.
        return TSimd.Sum(a) + TSimd.Sum(b) + TSimd.Sum(c) + TSimd.Sum(d) + TSimd.Sum(e) + TSimd.Sum(f)
            + TSimd.Sum(g) + TSimd.Sum(h) + TSimd.Sum(i) + TSimd.Sum(j) + TSimd.Sum(k) + TSimd.Sum(l);
    }
}
