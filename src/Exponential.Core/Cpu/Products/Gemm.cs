using System.Numerics;

namespace Exponential;

/// <summary>Matrix products.</summary>
internal static unsafe class Gemm
{
    /// <summary>C = A B, or C + A B, with A [m, k], B [k, n] of any element strides and C [m, n] with rows of unit stride.</summary>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A, rows of B; with 0 the product is zero.</param>
    /// <param name="a">The first element of A.</param>
    /// <param name="aRow">The distance of A's rows.</param>
    /// <param name="aCol">The distance of A's columns.</param>
    /// <param name="b">The first element of B.</param>
    /// <param name="bRow">The distance of B's rows.</param>
    /// <param name="bCol">The distance of B's columns.</param>
    /// <param name="c">The first element of C; it overlaps neither A nor B.</param>
    /// <param name="cRow">The distance of C's rows.</param>
    /// <param name="accumulate">Whether to add to C.</param>
    public static void Multiply<T>(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.Multiply(m, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate);

    /// <summary>
    /// Many products of the same sizes: C_i = A_i B_i, where item i begins at <c>a + aOffsets[i]</c>, <c>b + bOffsets[i]</c> and
    /// <c>c + i cItemStride</c>, the rows of C_i without gaps.
    /// </summary>
    public static void MultiplyBatched<T>(
        int m, int n, int k, T* a, ReadOnlySpan<nint> aOffsets, nint aRow, nint aCol, T* b, ReadOnlySpan<nint> bOffsets, nint bRow,
        nint bCol, T* c, nint cItemStride)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ContractionKernels<T>.Best.MultiplyBatched(m, n, k, a, aOffsets, aRow, aCol, b, bOffsets, bRow, bCol, c, cItemStride);
}
