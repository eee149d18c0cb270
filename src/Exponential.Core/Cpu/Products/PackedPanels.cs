using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The layout of a matrix [k, columns] that a register tile passes over: panels of <see cref="Width"/> columns, each [k][column] without
/// gaps, zeros beyond the last column.
/// </summary>
internal static unsafe class PackedPanels<T, TVector, TSimd>
    where T : unmanaged, INumberBase<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>The columns of a panel.</summary>
    public static int Width => TSimd.TileVectors * TSimd.Count;

    /// <summary>The number of panels.</summary>
    public static int Count(int columns) => (columns + Width - 1) / Width;

    /// <summary>Packs all panels.</summary>
    /// <param name="b">The first value.</param>
    /// <param name="rowStride">The distance of k.</param>
    /// <param name="columnStride">The distance of columns.</param>
    /// <param name="depth">The number of k.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="panels">Room for <see cref="Count"/> times depth times <see cref="Width"/> values.</param>
    public static void Pack(T* b, nint rowStride, nint columnStride, int depth, int columns, T* panels)
    {
        int whole = columnStride == 1 ? columns / Width : 0;
        CopyPanels(b, rowStride, depth, whole, panels);
        for (int column = whole * Width; column < columns; column += Width)
        {
            int width = Math.Min(Width, columns - column);
            T* panel = panels + (nint)depth * column;
            if (columnStride == 1)
            {
                CopyRows(b + column, rowStride, depth, width, panel);
            }
            else
            {
                PackColumns(b + column * columnStride, rowStride, columnStride, depth, width, panel);
            }
        }
    }

    private static void CopyRows(T* b, nint rowStride, int depth, int columns, T* panel)
    {
        for (int row = 0; row < depth; row++, b += rowStride, panel += Width)
        {
            var target = new Span<T>(panel, Width);
            new ReadOnlySpan<T>(b, columns).CopyTo(target);
            target[columns..].Clear();
        }
    }

    // A small method of its own: as a part of a larger one this loop ran at a fifth of the speed.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyPanels(T* b, nint rowStride, int depth, int count, T* panels)
    {
        nint stride = (nint)depth * Width;
        for (int row = 0; row < depth; row++, b += rowStride, panels += Width)
        {
            T* source = b;
            T* end = b + (nint)count * Width;
            for (T* panel = panels; source < end; panel += stride)
            {
                for (int i = 0; i < Width; i += TSimd.Count, source += TSimd.Count)
                {
                    TSimd.Store(TSimd.Load(source), panel + i);
                }
            }
        }
    }

    // The columns of a transposed matrix are its rows: four are read side by side, each in its own order.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackColumns(T* b, nint rowStride, nint columnStride, int depth, int columns, T* panel)
    {
        int column = 0;
        for (; column <= columns - 4; column += 4)
        {
            T* source0 = b + column * columnStride;
            T* source1 = source0 + columnStride;
            T* source2 = source1 + columnStride;
            T* source3 = source2 + columnStride;
            T* target = panel + column;
            int row = 0;
            if (rowStride == 1)
            {
                for (; row <= depth - 4; row += 4, target += 4 * Width)
                {
                    Transposition.FourByFour(
                        source0 + row, source1 + row, source2 + row, source3 + row,
                        target, target + Width, target + 2 * Width, target + 3 * Width);
                }
            }

            for (nint offset = row * rowStride; row < depth; row++, offset += rowStride, target += Width)
            {
                target[0] = source0[offset];
                target[1] = source1[offset];
                target[2] = source2[offset];
                target[3] = source3[offset];
            }
        }

        for (; column < Width; column++)
        {
            for (int row = 0; row < depth; row++)
            {
                panel[(nint)row * Width + column] = column < columns ? b[row * rowStride + column * columnStride] : T.Zero;
            }
        }
    }
}
