using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>The packed matrix product behind <see cref="Gemm"/>.</summary>
/// <remarks>
/// A is packed whole, for all; then C is cut into blocks of rows and columns, and each packs its part of B as it goes, a slab of
/// <see cref="DepthBlock"/> rows at a time, as panels [k][vectors] that the register tile reads in order. The order of each
/// sum depends on k alone.
/// </remarks>
internal static unsafe class MatrixProduct<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Rows of B at a time: a panel of them and a tile of A stay in the first-level cache.</summary>
    private const int DepthBlock = 256;

    /// <summary>Rows of C in a block, a multiple of the tile's six.</summary>
    private const int RowBlock = 192;

    /// <summary>The most values of A that are packed at once.</summary>
    private const int PackedLimit = 1 << 22;

    private static int PanelWidth => TSimd.TileVectors * TSimd.Count;

    /// <summary>Columns of C in a block: 1 KiB of a row.</summary>
    private static int ColumnBlock => Math.Max(PanelWidth, 1024 / sizeof(T) / PanelWidth * PanelWidth);

    public static void Multiply(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate) =>
        Multiply(m, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate, mayFork: true);

    public static void MultiplyBatched(
        int m, int n, int k, T* a, ReadOnlySpan<nint> aOffsets, nint aRow, nint aCol, T* b, ReadOnlySpan<nint> bOffsets, nint bRow,
        nint bCol, T* c, nint cItemStride)
    {
        int items = aOffsets.Length;
        long work = (long)m * n * k;
        if (items <= 1 || work >= 16 * KernelWork.WorthSharing)
        {
            for (int i = 0; i < items; i++)
            {
                Multiply(m, n, k, a + aOffsets[i], aRow, aCol, b + bOffsets[i], bRow, bCol, c + i * cItemStride, n, false, mayFork: true);
            }

            return;
        }

        using var offsets = new Scratch<nint>(2L * items);
        nint* aStart = offsets.Pointer;
        nint* bStart = aStart + items;
        aOffsets.CopyTo(new Span<nint>(aStart, items));
        bOffsets.CopyTo(new Span<nint>(bStart, items));
        int itemsPerBlock = (int)Math.Clamp(KernelWork.WorthSharing / Math.Max(work, 1), 1, items);
        Workers.For((items + itemsPerBlock - 1) / itemsPerBlock, block =>
        {
            int end = Math.Min(items, (block + 1) * itemsPerBlock);
            for (int i = block * itemsPerBlock; i < end; i++)
            {
                Multiply(m, n, k, a + aStart[i], aRow, aCol, b + bStart[i], bRow, bCol, c + i * cItemStride, n, false, mayFork: false);
            }
        });
    }

    /// <summary>The product on the calling thread alone, for kernels that share out their work themselves.</summary>
    public static void MultiplySerial(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate) =>
        Multiply(m, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate, mayFork: false);

    private static void Multiply(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate, bool mayFork)
    {
        if (k == 0)
        {
            for (int row = 0; row < m && !accumulate; row++)
            {
                new Span<T>(c + row * cRow, n).Clear();
            }

            return;
        }

        int rowsAtOnce = Math.Max(RowBlock, PackedLimit / k / RowBlock * RowBlock);
        for (int row = 0; row < m; row += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, m - row);
            MultiplyRows(rows, n, k, a + row * aRow, aRow, aCol, b, bRow, bCol, c + row * cRow, cRow, accumulate, mayFork);
        }
    }

    private static void MultiplyRows(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate, bool mayFork)
    {
        int slabs = (k + DepthBlock - 1) / DepthBlock;
        int rowBlocks = (m + RowBlock - 1) / RowBlock;
        int columnBlocks = (n + ColumnBlock - 1) / ColumnBlock;
        long work = mayFork ? (long)m * n * k : 0;
        using var packed = new Scratch<T>((long)m * (k + slabs));
        T* packedA = packed.Pointer;

        KernelWork.For(work, rowBlocks, block => PackRows(block, m, k, a, aRow, aCol, packedA));
        KernelWork.For(work, rowBlocks * columnBlocks, block =>
            MultiplyBlock(block % rowBlocks, block / rowBlocks, m, n, k, packedA, b, bRow, bCol, c, cRow, accumulate));
    }

    private static T* PackedSlab(T* packedA, int slab, int m, int firstRow, int depth) =>
        packedA + (nint)slab * m * (DepthBlock + 1) + (nint)firstRow * (depth + 1);

    private static void PackRows(int block, int m, int k, T* a, nint aRow, nint aCol, T* packedA)
    {
        int firstRow = block * RowBlock;
        int rows = Math.Min(RowBlock, m - firstRow);
        nint* columns = stackalloc nint[DepthBlock];
        for (int i = 0; i < DepthBlock; i++)
        {
            columns[i] = i * aCol;
        }

        for (int slab = 0; slab * DepthBlock < k; slab++)
        {
            int depth = Math.Min(DepthBlock, k - slab * DepthBlock);
            T* first = a + firstRow * aRow + slab * DepthBlock * aCol;
            PackedRows<T>.Pack(first, aRow, columns, rows, depth, T.One, null, PackedSlab(packedA, slab, m, firstRow, depth));
        }
    }

    private static void MultiplyBlock(
        int rowBlock, int columnBlock, int m, int n, int k, T* packedA, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate)
    {
        int firstRow = rowBlock * RowBlock;
        int rows = Math.Min(RowBlock, m - firstRow);
        int firstColumn = columnBlock * ColumnBlock;
        int columns = Math.Min(ColumnBlock, n - firstColumn);
        int panels = (columns + PanelWidth - 1) / PanelWidth;
        using var panelMemory = new Scratch<T>((long)Math.Min(DepthBlock, k) * panels * PanelWidth);
        nint* offsets = stackalloc nint[DepthBlock];
        for (int i = 0; i < DepthBlock; i++)
        {
            offsets[i] = i * PanelWidth;
        }

        nint* positions = stackalloc nint[TSimd.TileVectors];
        for (int v = 0; v < TSimd.TileVectors; v++)
        {
            positions[v] = v * TSimd.Count;
        }

        for (int slab = 0; slab * DepthBlock < k; slab++)
        {
            int depth = Math.Min(DepthBlock, k - slab * DepthBlock);
            T* slabB = b + slab * DepthBlock * bRow + firstColumn * bCol;
            PackPanels(slabB, bRow, bCol, depth, columns, panelMemory.Pointer);
            T* slabA = PackedSlab(packedA, slab, m, firstRow, depth);
            for (int panel = 0; panel < panels; panel++)
            {
                int column = panel * PanelWidth;
                MultiplyPanel(
                    rows, Math.Min(PanelWidth, columns - column), depth, slabA, panelMemory.Pointer + (nint)column * depth, offsets,
                    positions, c + firstRow * cRow + firstColumn + column, cRow, accumulate || slab > 0);
            }
        }
    }

    private static void MultiplyPanel(
        int rows, int columns, int depth, T* packedA, T* panel, nint* offsets, nint* positions, T* c, nint cRow, bool accumulate)
    {
        int whole = columns / TSimd.Count;
        int rest = columns % TSimd.Count;
        T* edge = stackalloc T[6 * TSimd.Count];
        int height;
        for (int row = 0; row < rows; row += height)
        {
            height = PackedRows<T>.TileHeight(rows - row);
            T* destination = c + row * cRow;
            T* addend = accumulate ? destination : null;
            if (whole > 0)
            {
                RegisterTile<T, TVector, TSimd>.Run(
                    height, whole, depth, packedA, panel, offsets, positions, positions, addend, destination, cRow, T.One);
            }

            if (rest > 0)
            {
                // The vector that sticks out of C goes by way of a buffer.
                RegisterTile<T, TVector, TSimd>.Run(
                    height, 1, depth, packedA, panel + whole * TSimd.Count, offsets, positions, positions, null, edge, TSimd.Count, T.One);
                AddEdge(height, rest, edge, destination + whole * TSimd.Count, cRow, accumulate);
            }

            packedA += (nint)height * (depth + 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddEdge(int rows, int columns, T* edge, T* c, nint cRow, bool accumulate)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                T value = edge[row * TSimd.Count + column];
                c[row * cRow + column] = accumulate ? c[row * cRow + column] + value : value;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPanels(T* b, nint bRow, nint bCol, int depth, int columns, T* panels)
    {
        for (int column = 0; column < columns; column += PanelWidth, b += PanelWidth * bCol, panels += (nint)depth * PanelWidth)
        {
            int width = Math.Min(PanelWidth, columns - column);
            if (bCol == 1 && width == PanelWidth)
            {
                for (int row = 0; row < depth; row++)
                {
                    for (int i = 0; i < PanelWidth; i += TSimd.Count)
                    {
                        TSimd.Store(TSimd.Load(b + row * bRow + i), panels + (nint)row * PanelWidth + i);
                    }
                }
            }
            else if (bCol == 1)
            {
                for (int row = 0; row < depth; row++)
                {
                    var panelRow = new Span<T>(panels + (nint)row * PanelWidth, PanelWidth);
                    new ReadOnlySpan<T>(b + row * bRow, width).CopyTo(panelRow);
                    panelRow[width..].Clear();
                }
            }
            else
            {
                PackColumns(b, bRow, bCol, depth, width, panels);
            }
        }
    }

    // The columns of B are the rows of a transposed matrix: eight are read side by side, each in its own order.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackColumns(T* b, nint bRow, nint bCol, int depth, int width, T* panel)
    {
        int column = 0;
        for (; column <= width - 8; column += 8)
        {
            T* source0 = b + column * bCol;
            T* source1 = source0 + bCol;
            T* source2 = source1 + bCol;
            T* source3 = source2 + bCol;
            T* source4 = source3 + bCol;
            T* source5 = source4 + bCol;
            T* source6 = source5 + bCol;
            T* source7 = source6 + bCol;
            T* target = panel + column;
            nint offset = 0;
            for (int row = 0; row < depth; row++, offset += bRow, target += PanelWidth)
            {
                target[0] = source0[offset];
                target[1] = source1[offset];
                target[2] = source2[offset];
                target[3] = source3[offset];
                target[4] = source4[offset];
                target[5] = source5[offset];
                target[6] = source6[offset];
                target[7] = source7[offset];
            }
        }

        for (; column < PanelWidth; column++)
        {
            for (int row = 0; row < depth; row++)
            {
                panel[(nint)row * PanelWidth + column] = column < width ? b[row * bRow + column * bCol] : T.Zero;
            }
        }
    }
}
