using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The layout of the weights of a contraction: rows cut into tiles of 6, 4, 3, 2 or 1, each tile as its start values [rows]
/// followed by [k][rows], the order in which <see cref="RegisterTile{T, TVector, TSimd}"/> reads them.
/// </summary>
/// <remarks>The tile that begins at row r begins at r (depth + 1), whatever the heights above it.</remarks>
internal static unsafe class PackedRows<T>
    where T : unmanaged, INumberBase<T>
{
    /// <summary>
    /// The height of the next tile where <paramref name="remaining"/> rows are left: no tile of one or two rows where it can be helped.
    /// </summary>
    public static int TileHeight(int remaining) => remaining switch
    {
        7 or 8 or 11 => 4,
        5 => 3,
        >= 6 => 6,
        _ => remaining,
    };

    /// <summary>The first row of the tile that <paramref name="row"/> lies in; the end of all rows is its own start.</summary>
    public static int TileStart(int rows, int row)
    {
        int start = 0;
        while (start < rows && start + TileHeight(rows - start) <= row)
        {
            start += TileHeight(rows - start);
        }

        return start;
    }

    /// <summary>The number of values of packed rows.</summary>
    public static long Size(int rows, int depth) => (long)rows * (depth + 1);

    /// <summary>Packs <c>scale a[row rowStride + columnOffsets[k]]</c>.</summary>
    /// <param name="a">The first weight.</param>
    /// <param name="rowStride">The distance of rows.</param>
    /// <param name="columnOffsets">The offset of each k.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="depth">The number of k.</param>
    /// <param name="scale">A factor on the weights, not on the start values.</param>
    /// <param name="start">The start value of each row, or null for zeros.</param>
    /// <param name="packed">Room for <see cref="Size"/> values.</param>
    public static void Pack(T* a, nint rowStride, nint* columnOffsets, int rows, int depth, T scale, T* start, T* packed)
    {
        int height;
        for (int row = 0; row < rows; row += height)
        {
            height = TileHeight(rows - row);
            PackTile(a + row * rowStride, rowStride, columnOffsets, height, depth, scale, start == null ? null : start + row, packed);
            packed += (nint)height * (depth + 1);
        }
    }

    /// <summary>Packs <c>a[row rowStride + k columnStride]</c>.</summary>
    /// <param name="a">The first weight.</param>
    /// <param name="rowStride">The distance of rows.</param>
    /// <param name="columnStride">The distance of k.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="depth">The number of k.</param>
    /// <param name="start">The start value of each row, or null for zeros.</param>
    /// <param name="packed">Room for <see cref="Size"/> values.</param>
    public static void Pack(T* a, nint rowStride, nint columnStride, int rows, int depth, T* start, T* packed)
    {
        int height;
        for (int row = 0; row < rows; row += height)
        {
            height = TileHeight(rows - row);
            for (int r = 0; r < height; r++)
            {
                packed[r] = start == null ? T.Zero : start[row + r];
            }

            PackTile(a + row * rowStride, rowStride, columnStride, height, depth, packed + height);
            packed += (nint)height * (depth + 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTile(T* a, nint rowStride, nint columnStride, int height, int depth, T* packed)
    {
        int k = 0;
        if (height >= 4 && columnStride == 1)
        {
            T* a1 = a + rowStride, a2 = a1 + rowStride, a3 = a2 + rowStride;
            T* a4 = a + (height - 2) * rowStride, a5 = a4 + rowStride;
            for (; k <= depth - 4; k += 4, packed += 4 * height)
            {
                T* packed1 = packed + height, packed2 = packed1 + height, packed3 = packed2 + height;
                Transposition.FourByFour(a + k, a1 + k, a2 + k, a3 + k, packed, packed1, packed2, packed3);
                if (height == 6)
                {
                    // The middle rows a second time: two rows alone make no whole vectors.
                    Transposition.FourByFour(a2 + k, a3 + k, a4 + k, a5 + k, packed + 2, packed1 + 2, packed2 + 2, packed3 + 2);
                }
            }
        }
        else if (height == 6 && rowStride == 1)
        {
            for (; k < depth; k++, packed += 6)
            {
                *(Column*)packed = *(Column*)(a + k * columnStride);
            }
        }

        for (; k < depth; k++, packed += height)
        {
            T* value = a + k * columnStride;
            for (int row = 0; row < height; row++, value += rowStride)
            {
                packed[row] = *value;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTile(T* a, nint rowStride, nint* columnOffsets, int height, int depth, T scale, T* start, T* packed)
    {
        for (int r = 0; r < height; r++)
        {
            *packed++ = start == null ? T.Zero : start[r];
        }

        T* row1 = a + rowStride;
        T* row2 = row1 + rowStride;
        T* row3 = row2 + rowStride;
        nint* end = columnOffsets + depth;
        if (height == 6)
        {
            T* row4 = row3 + rowStride;
            T* row5 = row4 + rowStride;
            for (; columnOffsets < end; columnOffsets++, packed += 6)
            {
                nint offset = *columnOffsets;
                packed[0] = scale * a[offset];
                packed[1] = scale * row1[offset];
                packed[2] = scale * row2[offset];
                packed[3] = scale * row3[offset];
                packed[4] = scale * row4[offset];
                packed[5] = scale * row5[offset];
            }
        }
        else if (height == 4)
        {
            for (; columnOffsets < end; columnOffsets++, packed += 4)
            {
                nint offset = *columnOffsets;
                packed[0] = scale * a[offset];
                packed[1] = scale * row1[offset];
                packed[2] = scale * row2[offset];
                packed[3] = scale * row3[offset];
            }
        }
        else
        {
            for (; columnOffsets < end; columnOffsets++, packed += height)
            {
                T* value = a + *columnOffsets;
                for (int r = 0; r < height; r++, value += rowStride)
                {
                    packed[r] = scale * *value;
                }
            }
        }
    }

    /// <summary>The values of one k in a tile of six rows, to copy at once.</summary>
    [InlineArray(6)]
    private struct Column
    {
        private T _first;
    }
}
