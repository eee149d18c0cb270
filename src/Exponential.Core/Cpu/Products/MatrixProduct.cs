using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>The packed matrix product behind <see cref="Gemm"/>.</summary>
/// <remarks>
/// A is packed whole, then C is cut into blocks of rows and columns, and each packs its part of B for itself, a slab of at most
/// <see cref="MostDepth"/> rows at a time. A thread mostly packs the rows of A that it reads: what two cores have read, the next call
/// writes at a tenth of the speed or less (27 ns a cache line, not 2.5, nor 0.6 in the core's own cache). So B, which all need, is
/// packed more than once. The order of each sum depends on k alone.
/// </remarks>
internal static unsafe class MatrixProduct<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>The most rows of B at a time: as many as let a block's slab of B, and the tiles of C between two slabs, stay in the second-level cache.</summary>
    private const int MostDepth = 384;

    /// <summary>The most rows of C in a block, a multiple of the tile's six: they share one packing of B.</summary>
    private const int MostRows = 528;

    /// <summary>The most values of A that are packed at once.</summary>
    private const int MostPacked = 1 << 22;

    /// <summary>Blocks for each thread that make the wait for the last one short.</summary>
    private const int BlocksPerThread = 4;

    private static int PanelWidth => PackedPanels<T, TVector, TSimd>.Width;

    /// <summary>The most columns of C in a block: 1 KiB of a row.</summary>
    private static int MostColumns => Math.Max(PanelWidth, 1024 / sizeof(T) / PanelWidth * PanelWidth);

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

        if (m == 0 || n == 0)
        {
            return;
        }

        int rowsAtOnce = Math.Max(MostRows, MostPacked / k / MostRows * MostRows);
        for (int row = 0; row < m; row += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, m - row);
            MultiplyRows(rows, n, k, a + row * aRow, aRow, aCol, b, bRow, bCol, c + row * cRow, cRow, accumulate, mayFork);
        }
    }

    private static void MultiplyRows(
        int m, int n, int k, T* a, nint aRow, nint aCol, T* b, nint bRow, nint bCol, T* c, nint cRow, bool accumulate, bool mayFork)
    {
        long work = mayFork ? (long)m * n * k : 0;
        var cut = new Cut(m, n, work >= KernelWork.WorthSharing ? Workers.Count : 1);
        int slabs = (k + MostDepth - 1) / MostDepth;
        int depth = (k + slabs - 1) / slabs;
        using var packed = new Scratch<T>((long)m * (k + slabs));
        T* packedA = packed.Pointer;

        // The rows are the slower index of the blocks, so that a thread's share of them are the rows that it packs.
        KernelWork.For(work, cut.RowBlocks, block =>
        {
            int firstRow = block * cut.Rows;
            int rows = Math.Min(cut.Rows, m - firstRow);
            for (int first = 0; first < k; first += depth)
            {
                int some = Math.Min(depth, k - first);
                PackedRows<T>.Pack(
                    a + firstRow * aRow + first * aCol, aRow, aCol, rows, some, null, packedA + PackedOffset(m, firstRow, first, some, depth));
            }
        });
        KernelWork.For(work, cut.RowBlocks * cut.ColumnBlocks, block =>
        {
            int firstRow = block / cut.ColumnBlocks * cut.Rows;
            int firstColumn = block % cut.ColumnBlocks * cut.Columns;
            int rows = Math.Min(cut.Rows, m - firstRow);
            int columns = Math.Min(cut.Columns, n - firstColumn);
            using var packedB = new Scratch<T>((long)depth * PackedPanels<T, TVector, TSimd>.Count(columns) * PanelWidth);
            for (int first = 0; first < k; first += depth)
            {
                int some = Math.Min(depth, k - first);
                PackedPanels<T, TVector, TSimd>.Pack(
                    b + first * bRow + firstColumn * bCol, bRow, bCol, some, columns, packedB.Pointer);
                MultiplyBlock(
                    rows, columns, some, packedA + PackedOffset(m, firstRow, first, some, depth), packedB.Pointer,
                    c + firstRow * cRow + firstColumn, cRow, accumulate || first > 0);
            }
        });
    }

    /// <summary>Where the rows of a slab of A begin: behind the slabs before, and the rows before, each with its start value.</summary>
    private static nint PackedOffset(int m, int row, int first, int some, int depth) =>
        (nint)m * (first + first / depth) + (nint)row * (some + 1);

    private static void MultiplyBlock(int rows, int columns, int depth, T* packedA, T* packedB, T* c, nint cRow, bool accumulate)
    {
        nint* offsets = stackalloc nint[MostDepth];
        for (int i = 0; i < depth; i++)
        {
            offsets[i] = i * PanelWidth;
        }

        nint* positions = stackalloc nint[TSimd.TileVectors];
        for (int v = 0; v < TSimd.TileVectors; v++)
        {
            positions[v] = v * TSimd.Count;
        }

        for (int column = 0; column < columns; column += PanelWidth)
        {
            MultiplyPanel(
                rows, Math.Min(PanelWidth, columns - column), depth, packedA, packedB + (nint)column * depth, offsets, positions, c + column,
                cRow, accumulate);
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

    /// <summary>The cut of C into blocks: rows in multiples of six, columns in whole panels.</summary>
    private readonly struct Cut
    {
        public Cut(int m, int n, int threads)
        {
            int tiles = (m + 5) / 6;
            int panels = PackedPanels<T, TVector, TSimd>.Count(n);
            int rowBlocks = (m + MostRows - 1) / MostRows;
            int columnBlocks = (n + MostColumns - 1) / MostColumns;
            if (threads > 1)
            {
                rowBlocks = Math.Min(tiles, (rowBlocks + threads - 1) / threads * threads);
                int wanted = (BlocksPerThread * threads + rowBlocks - 1) / rowBlocks;
                columnBlocks = Math.Clamp(wanted, columnBlocks, Math.Max(columnBlocks, panels));
            }

            Rows = (tiles + rowBlocks - 1) / rowBlocks * 6;
            RowBlocks = (m + Rows - 1) / Rows;
            Columns = (panels + columnBlocks - 1) / columnBlocks * PanelWidth;
            ColumnBlocks = (n + Columns - 1) / Columns;
        }

        public int Rows { get; }

        public int RowBlocks { get; }

        public int Columns { get; }

        public int ColumnBlocks { get; }
    }
}
