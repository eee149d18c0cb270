using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The gradient for the kernel of 3x3 convolutions of stride 1 and padding 1 by F(3x3, 4x4), the transpose of the convolution's
/// F(4x4, 3x3): in each of 36 planes a matrix product over the tiles of the batch, transformed back once.
/// </summary>
/// <remarks>
/// One of the two sets of channels is the rows of the product, the other its columns, in vectors; the columns are cut into blocks
/// that stay in cache. A few images at a time are laid out with their channels innermost and transformed, some tiles at a time. The batch is cut
/// into few parts, whose gradients are added in order: they do not depend on the number of threads.
/// </remarks>
internal static unsafe class WinogradKernelGradient<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Tiles that are transformed before they are multiplied.</summary>
    private const int TilesAtOnce = 32;

    /// <summary>Vectors of columns in a block.</summary>
    private const int BlockVectors = 4;

    /// <summary>Parts of the batch at most: each transforms its sums back.</summary>
    private const int MostParts = 4;

    public static void Run(in ConvolutionGeometry geometry, T* input, T* outputGradient, T* kernelGradient)
    {
        ConvolutionGeometry g = geometry;
        var grid = new TileGrid(g.InputHeight, g.InputWidth);
        bool inputIsRows = RowsCost(g.InputChannels, g.OutputChannels) < RowsCost(g.OutputChannels, g.InputChannels);
        int rows = inputIsRows ? g.InputChannels : g.OutputChannels;
        int columns = inputIsRows ? g.OutputChannels : g.InputChannels;
        int blockColumns = BlockVectors * TSimd.Count;
        int blocks = (columns + blockColumns - 1) / blockColumns;
        int images = Math.Max(1, TilesAtOnce / grid.Tiles);
        int room = RoundUp(columns, TSimd.Count);
        nint tapStride = WinogradFilter<T, TVector, TSimd>.OddLines((nint)rows * room);
        nint partSize = 9 * tapStride;
        int groups = (g.Batch + images - 1) / images;
        int parts = Math.Clamp(groups, 1, MostParts);
        using var partial = new Scratch<T>(parts * partSize);
        T* partials = partial.Pointer;
        KernelWork.For((long)g.Batch * g.OutputPlane * g.OutputChannels * g.InputChannels * 3, parts * blocks, task =>
        {
            (int part, int block) = Math.DivRem(task, blocks);
            int firstColumn = block * blockColumns;
            int count = Math.Min(blockColumns, columns - firstColumn);
            var rowSums = new Block(g, grid, inputIsRows, 0, rows);
            var columnSums = new Block(g, grid, !inputIsRows, firstColumn, count);
            nint sumRows = RoundUp(rows, 4);
            nint sumStride = WinogradFilter<T, TVector, TSimd>.OddLines(sumRows * columnSums.Layout.Channels);
            using var memory = new Scratch<T>(WinogradPoints.Planes * sumStride + rowSums.Size(images) + columnSums.Size(images));
            T* sums = memory.Pointer;
            T* rowMemory = sums + WinogradPoints.Planes * sumStride;
            T* columnMemory = rowMemory + rowSums.Size(images);
            new Span<T>(sums, checked((int)(WinogradPoints.Planes * sumStride))).Clear();
            rowSums.Clear(images, rowMemory);
            columnSums.Clear(images, columnMemory);
            int end = Math.Min(g.Batch, (int)((long)groups * (part + 1) / parts) * images);
            for (int image = (int)((long)groups * part / parts) * images; image < end; image += images)
            {
                int imageCount = Math.Min(images, end - image);
                rowSums.Pack(image, imageCount, inputIsRows ? input : outputGradient, rowMemory);
                columnSums.Pack(image, imageCount, inputIsRows ? outputGradient : input, columnMemory);
                int tiles = imageCount * grid.Tiles;
                for (int tile = 0; tile < tiles; tile += TilesAtOnce)
                {
                    int tileCount = Math.Min(TilesAtOnce, tiles - tile);
                    T* left = rowSums.Transform(images, tile, tileCount, rowMemory);
                    T* right = columnSums.Transform(images, tile, tileCount, columnMemory);
                    Accumulate((int)sumRows, tileCount, left, rowSums, right, columnSums, sums, sumStride);
                }
            }

            T* result = partials + part * partSize + firstColumn;
            for (int row = 0; row < rows; row++)
            {
                WinogradGradientTransform<T, TVector, TSimd>.Kernel(
                    sums + (nint)row * columnSums.Layout.Channels, sumStride, columnSums.Layout.Channels / TSimd.Count,
                    result + (nint)row * room, tapStride);
            }
        });

        KernelWork.For(18L * rows * columns, rows, row =>
        {
            T* taps = partials + (nint)row * room;
            T* destination = kernelGradient + (nint)row * 9 * (inputIsRows ? 1 : columns);
            Gather(taps, tapStride, parts, partSize, columns, destination, 9 * (inputIsRows ? rows : 1));
        });
    }

    // sums[p] += leftᵀ right in every plane, [tile][channel] both.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(
        int rows, int tiles, T* left, in Block leftBlock, T* right, in Block rightBlock, T* sums, nint sumStride)
    {
        int columns = rightBlock.Layout.Channels;
        for (int plane = 0; plane < WinogradPoints.Planes; plane++)
        {
            for (int column = 0; column < columns; column += PanelTile<T, TVector, TSimd>.Vectors * TSimd.Count)
            {
                int vectors = Math.Min(PanelTile<T, TVector, TSimd>.Vectors, (columns - column) / TSimd.Count);
                int height;
                for (int row = 0; row < rows; row += height)
                {
                    height = PanelTile<T, TVector, TSimd>.TileHeight(row, rows);
                    PanelTile<T, TVector, TSimd>.Run(
                        height, vectors, tiles, left + plane * leftBlock.PlaneStride + row, leftBlock.Pitch,
                        right + plane * rightBlock.PlaneStride + column, columns, sums + plane * sumStride + (nint)row * columns + column,
                        columns, accumulate: true);
                }
            }
        }
    }

    // destination[column columnStride + t] = the sum over parts of taps[t, column]; the first part is overwritten by the sum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(T* taps, nint tapStride, int parts, nint partSize, int columns, T* destination, nint columnStride)
    {
        for (int t = 0; t < 9; t++)
        {
            T* row = taps + t * tapStride;
            for (int column = 0; column < columns; column += TSimd.Count)
            {
                TVector sum = TSimd.Load(row + column);
                for (int part = 1; part < parts; part++)
                {
                    sum = TSimd.Add(sum, TSimd.Load(row + column + part * partSize));
                }

                TSimd.Store(sum, row + column);
            }
        }

        for (int column = 0; column < columns; column++, taps++, destination += columnStride)
        {
            destination[0] = taps[0];
            destination[1] = taps[tapStride];
            destination[2] = taps[2 * tapStride];
            destination[3] = taps[3 * tapStride];
            destination[4] = taps[4 * tapStride];
            destination[5] = taps[5 * tapStride];
            destination[6] = taps[6 * tapStride];
            destination[7] = taps[7 * tapStride];
            destination[8] = taps[8 * tapStride];
        }
    }

    /// <summary>The padded rows and columns of the product where so many channels are the rows and so many the columns.</summary>
    private static long RowsCost(int rows, int columns) => (long)RoundUp(rows, 4) * RoundUp(columns, TSimd.Count);

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    /// <summary>Some channels of the input or of the output's gradient: where their images and the planes of their tiles lie in memory.</summary>
    private readonly struct Block(ConvolutionGeometry g, TileGrid grid, bool isInput, int firstChannel, int channels)
    {
        /// <summary>The layout of images.</summary>
        public PixelLayout Layout { get; } = new(grid, channels, isInput ? 1 : 0, TSimd.Count);

        /// <summary>The distance of planes.</summary>
        public nint PlaneStride => WinogradFilter<T, TVector, TSimd>.OddLines(TilesAtOnce * (nint)Layout.Channels);

        /// <summary>The distance of tiles in a plane.</summary>
        public nint Pitch => Layout.Channels;

        /// <summary>The room for images and planes.</summary>
        public nint Size(int images) => images * Layout.ImageStride + WinogradPoints.Planes * PlaneStride;

        public void Clear(int images, T* memory) => new Span<T>(memory, checked((int)(images * Layout.ImageStride))).Clear();

        public void Pack(int image, int count, T* source, T* memory)
        {
            int all = isInput ? g.InputChannels : g.OutputChannels;
            for (int i = 0; i < count; i++)
            {
                Layout.Pack(source + ((nint)(image + i) * all + firstChannel) * g.InputPlane, channels, memory + i * Layout.ImageStride);
            }
        }

        /// <summary>The planes [tile][channel] of some tiles.</summary>
        public T* Transform(int images, int tile, int count, T* memory)
        {
            T* planes = memory + images * Layout.ImageStride;
            for (int i = 0; i < count; i++)
            {
                if (isInput)
                {
                    WinogradGradientTransform<T, TVector, TSimd>.Input(
                        memory + Layout.Tile(tile + i), Layout.Channels, Layout.RowStride, planes + i * Pitch, PlaneStride);
                }
                else
                {
                    WinogradGradientTransform<T, TVector, TSimd>.Output(
                        memory + Layout.Tile(tile + i), Layout.Channels, Layout.RowStride, planes + i * Pitch, PlaneStride);
                }
            }

            return planes;
        }
    }
}
