using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

public sealed unsafe class GemmTests
{
    [Fact]
    public void MatchesNaiveForAllTailsInFloat32() => CheckTails<float>();

    [Fact]
    public void MatchesNaiveForAllTailsInFloat64() => CheckTails<double>();

    [Fact]
    public void BatchedMatchesNaiveInFloat32() => CheckBatches<float>();

    [Fact]
    public void BatchedMatchesNaiveInFloat64() => CheckBatches<double>();

    /// <summary>The runs of this suite with instruction sets off must be what they are meant to be.</summary>
    [Fact]
    public void WidthFollowsTheInstructionSets()
    {
        SimdWidth best = ContractionKernels.BestWidth;
        if (IsOff("EnableHWIntrinsic"))
        {
            Assert.Equal(SimdWidth.Scalar, best);
        }
        else if (IsOff("EnableAVX2"))
        {
            Assert.Equal(SimdWidth.Width128, best);
        }
        else if (IsOff("EnableAVX512"))
        {
            Assert.Equal(System.Runtime.Intrinsics.X86.Avx2.IsSupported ? SimdWidth.Width256 : SimdWidth.Width128, best);
        }
        else
        {
            Assert.True(best >= (System.Runtime.Intrinsics.X86.Avx2.IsSupported ? SimdWidth.Width256 : SimdWidth.Width128));
        }

        static bool IsOff(string set) => Environment.GetEnvironmentVariable("DOTNET_" + set) == "0";
    }

    [Fact]
    public void WiderVectorsThanTheMachineHasAreRefused()
    {
        var absent = (SimdWidth)((int)SimdWidth.Width512 + 1);
        string message = Assert.Throws<PlatformNotSupportedException>(() => ContractionKernels<float>.Of(absent)).Message;
        Assert.Equal($"{absent}: the widest vectors of this machine are {ContractionKernels.BestWidth}", message);
    }

    private static void CheckTails<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(1);
        for (int m = 1; m <= 14; m++)
        {
            foreach (int n in (int[])[1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 40, 63, 64, 65, 100])
            {
                CheckProduct<T>(random, m, n, 1 + (m * n) % 13, 0, false);
            }
        }

        foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 1, 0), (3, 5, 0), (3, 0, 5), (0, 5, 3), (193, 3, 5), (3, 259, 5), (7, 9, 255),
            (7, 9, 256), (7, 9, 383), (7, 9, 384), (7, 9, 385), (130, 300, 520), (545, 17, 33), (40, 600, 21), (64, 64, 770)])
        {
            for (int layout = 0; layout < 7; layout++)
            {
                CheckProduct<T>(random, m, n, k, layout, false);
                CheckProduct<T>(random, m, n, k, layout, true);
            }
        }
    }

    // The strides of A and B: each in rows or in columns, every second value, the same row or column again and again.
    private static (int ARow, int ACol, int BRow, int BCol) Strides(int layout, int m, int n, int k) => layout switch
    {
        0 => (k, 1, n, 1),
        1 => (1, m, n, 1),
        2 => (k, 1, 1, k),
        3 => (1, m, 1, k),
        4 => (2 * k, 2, 2, 2 * k),
        5 => (0, 1, 0, 1),
        _ => (1, 0, 1, 0),
    };

    // Rows of C have a gap of 3.
    private static void CheckProduct<T>(Random random, int m, int n, int k, int layout, bool accumulate)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (int aRow, int aCol, int bRow, int bCol) = Strides(layout, m, n, k);
        GuardedBuffer<T> a = GuardedBuffer<T>.Random(Extent(m, aRow, k, aCol), random);
        GuardedBuffer<T> b = GuardedBuffer<T>.Random(Extent(k, bRow, n, bCol), random);
        GuardedBuffer<T> before = GuardedBuffer<T>.Random(Extent(m, n + 3, n, 1), random);
        double[] expected = before.ToDoubles();
        double[] scale = Naive.Absolute(expected);
        if (!accumulate)
        {
            for (int row = 0; row < m && n > 0; row++)
            {
                expected.AsSpan(row * (n + 3), n).Clear();
                scale.AsSpan(row * (n + 3), n).Clear();
            }
        }

        Accumulate(m, n, k, a.ToDoubles(), aRow, aCol, b.ToDoubles(), bRow, bCol, expected, scale, n + 3);
        foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
        {
            GuardedBuffer<T> c = GuardedBuffer<T>.Of(before.ToDoubles());
            kernels.Multiply(m, n, k, a.Pointer, aRow, aCol, b.Pointer, bRow, bCol, c.Pointer, n + 3, accumulate);
            c.AssertClose(expected, scale, k + 2, $"{width} [{m}, {k}] x [{k}, {n}] layout {layout} accumulate {accumulate}");
        }

        static int Extent(int rows, int rowStride, int columns, int columnStride) =>
            rows == 0 || columns == 0 ? 0 : ((rows - 1) * rowStride) + ((columns - 1) * columnStride) + 1;
    }

    private static void CheckBatches<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(2);
        (int, int, int, int)[] sizes =
        [
            (0, 2, 2, 2), (1, 3, 4, 5), (37, 4, 4, 4), (5, 13, 17, 3), (3, 90, 110, 100), (2, 210, 200, 210), (2, 3, 5, 0), (4, 3, 0, 5),
            (4, 0, 5, 3),
        ];
        foreach ((int items, int m, int n, int k) in sizes)
        {
            GuardedBuffer<T> a = GuardedBuffer<T>.Random(items * m * k, random);
            GuardedBuffer<T> b = GuardedBuffer<T>.Random(k * n, random); // broadcast over the items
            nint[] aOffsets = [.. Enumerable.Range(0, items).Select(i => (nint)((items - 1 - i) * m * k))];
            double[] left = a.ToDoubles(), right = b.ToDoubles();
            var expected = new double[items * m * n];
            var scale = new double[items * m * n];
            for (int i = 0; i < items; i++)
            {
                Accumulate(
                    m, n, k, left.AsSpan((int)aOffsets[i], m * k), k, 1, right, n, 1,
                    expected.AsSpan(i * m * n), scale.AsSpan(i * m * n), n);
            }

            foreach ((SimdWidth width, ContractionKernels<T> kernels) in KernelWidths.Kernels<T>())
            {
                var c = new GuardedBuffer<T>(items * m * n);
                kernels.MultiplyBatched(m, n, k, a.Pointer, aOffsets, k, 1, b.Pointer, new nint[items], n, 1, c.Pointer, m * n);
                c.AssertClose(expected, scale, k + 2, $"{width} [{items}, {m}, {k}] x [{k}, {n}]");
            }
        }
    }

    private static void Accumulate(
        int m, int n, int k, ReadOnlySpan<double> a, int aRow, int aCol, ReadOnlySpan<double> b, int bRow, int bCol, Span<double> c,
        Span<double> scale, int cRow)
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
