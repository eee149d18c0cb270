using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

public sealed unsafe class GemmTests
{
    [Theory]
    [ClassData(typeof(KernelWidths))]
    public void MatchesNaiveForAllTails(string width)
    {
        Check<float>(width);
        Check<double>(width);

        static void Check<T>(string width)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            var random = new Random(1);
            for (int m = 1; m <= 14; m++)
            {
                foreach (int n in (int[])[1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 40, 63, 64, 65, 100])
                {
                    CheckProduct<T>(width, random, m, n, 1 + (m * n) % 13, 0, false);
                }
            }

            foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 1, 0), (3, 5, 0), (193, 3, 5), (3, 259, 5), (7, 9, 255), (7, 9, 256), (7, 9, 257), (200, 300, 520), (385, 17, 33)])
            {
                for (int layout = 0; layout < 4; layout++)
                {
                    CheckProduct<T>(width, random, m, n, k, layout, false);
                    CheckProduct<T>(width, random, m, n, k, layout, true);
                }
            }
        }
    }

    [Theory]
    [ClassData(typeof(KernelWidths))]
    public void BatchedMatchesNaive(string width)
    {
        Check<float>(width);
        Check<double>(width);

        static void Check<T>(string width)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            var random = new Random(2);
            foreach ((int items, int m, int n, int k) in ((int, int, int, int)[])[(0, 2, 2, 2), (1, 3, 4, 5), (37, 4, 4, 4), (5, 13, 17, 3), (3, 90, 110, 100), (2, 3, 5, 0)])
            {
                GuardedBuffer<T> a = GuardedBuffer<T>.Random(items * m * k, random);
                GuardedBuffer<T> b = GuardedBuffer<T>.Random(k * n, random); // broadcast over the items
                var c = new GuardedBuffer<T>(items * m * n);
                nint[] aOffsets = [.. Enumerable.Range(0, items).Select(i => (nint)((items - 1 - i) * m * k))];
                KernelWidths.Kernels<T>(width).MultiplyBatched(m, n, k, a.Pointer, aOffsets, k, 1, b.Pointer, new nint[items], n, 1, c.Pointer, m * n);

                double[] left = a.ToDoubles(), right = b.ToDoubles();
                var expected = new double[c.Count];
                var scale = new double[c.Count];
                for (int i = 0; i < items; i++)
                {
                    Accumulate(m, n, k, left.AsSpan((int)aOffsets[i], m * k), k, 1, right, n, 1, expected.AsSpan(i * m * n), scale.AsSpan(i * m * n), n);
                }

                c.AssertClose(expected, scale, k + 2, $"{width} [{items}, {m}, {k}] x [{k}, {n}]");
            }
        }
    }

    [Fact]
    public void WidthIsTheWidestInHardware()
    {
        Assert.Equal(
            System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated ? SimdWidth.Width512
            : System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated ? SimdWidth.Width256
            : System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated ? SimdWidth.Width128
            : SimdWidth.Scalar,
            ContractionKernels.BestWidth);
    }

    // layout bit 0: A transposed, bit 1: B transposed; rows of C have a gap of 3.
    private static void CheckProduct<T>(string width, Random random, int m, int n, int k, int layout, bool accumulate)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        GuardedBuffer<T> a = GuardedBuffer<T>.Random(m * k, random);
        GuardedBuffer<T> b = GuardedBuffer<T>.Random(k * n, random);
        GuardedBuffer<T> c = GuardedBuffer<T>.Random((m - 1) * (n + 3) + n, random);
        (int aRow, int aCol) = (layout & 1) == 0 ? (k, 1) : (1, m);
        (int bRow, int bCol) = (layout & 2) == 0 ? (n, 1) : (1, k);
        double[] expected = c.ToDoubles();
        double[] scale = Naive.Absolute(expected);
        if (!accumulate)
        {
            for (int row = 0; row < m; row++)
            {
                expected.AsSpan(row * (n + 3), n).Clear();
                scale.AsSpan(row * (n + 3), n).Clear();
            }
        }

        Accumulate(m, n, k, a.ToDoubles(), aRow, aCol, b.ToDoubles(), bRow, bCol, expected, scale, n + 3);
        KernelWidths.Kernels<T>(width).Multiply(m, n, k, a.Pointer, aRow, aCol, b.Pointer, bRow, bCol, c.Pointer, n + 3, accumulate);
        c.AssertClose(expected, scale, k + 2, $"{width} [{m}, {k}] x [{k}, {n}] layout {layout} accumulate {accumulate}");
    }

    private static void Accumulate(
        int m, int n, int k, ReadOnlySpan<double> a, int aRow, int aCol, ReadOnlySpan<double> b, int bRow, int bCol, Span<double> c, Span<double> scale, int cRow)
    {
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int l = 0; l < k; l++)
                {
                    double product = a[i * aRow + l * aCol] * b[l * bRow + j * bCol];
                    c[i * cRow + j] += product;
                    scale[i * cRow + j] += Math.Abs(product);
                }
            }
        }
    }
}
