using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The gradient for the kernel of 3x3 convolutions of stride 1 and padding 1 by F(3x3, 4x4), see
/// <see cref="TileCorrelation{T, TVector, TSimd}"/>.
/// </summary>
/// <remarks>
/// The columns of the product are cut into blocks that stay in cache. The batch is cut into few parts, whose gradients are added in
/// order: they do not depend on the number of threads.
/// </remarks>
internal static unsafe class WinogradKernelGradient<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Vectors of columns in a block.</summary>
    private const int BlockVectors = 4;

    /// <summary>Parts of the batch at most: each transforms its sums back.</summary>
    private const int MostParts = 4;

    /// <summary>Multiply-adds that adding the parts of a pair of channels up takes as long as.</summary>
    private const long FinalWork = 400;

    public static void Run(in ConvolutionGeometry geometry, T* input, T* outputGradient, T* kernelGradient)
    {
        ConvolutionGeometry g = geometry;
        int tiles = new TileGrid(g.InputHeight, g.InputWidth).Tiles;
        bool inputIsRows = PaddedSize(g.InputChannels, g.OutputChannels) < PaddedSize(g.OutputChannels, g.InputChannels);
        int rows = inputIsRows ? g.InputChannels : g.OutputChannels;
        int columns = inputIsRows ? g.OutputChannels : g.InputChannels;
        int blockColumns = BlockVectors * TSimd.Count;
        int blocks = (columns + blockColumns - 1) / blockColumns;
        int images = Math.Max(1, TileCorrelation<T, TVector, TSimd>.TilesAtOnce / tiles);
        int groups = (g.Batch + images - 1) / images;
        int parts = Math.Clamp(groups, 1, MostParts);
        nint rowStride = RoundUp(columns, TSimd.Count);
        nint tapStride = WinogradFilter<T, TVector, TSimd>.OddLines(rows * rowStride);
        nint partSize = 9 * tapStride;
        using var memory = new Scratch<T>(parts * partSize);
        T* partials = memory.Pointer;
        nint inputSize = (nint)g.InputChannels * g.InputPlane;
        nint outputSize = (nint)g.OutputChannels * g.OutputPlane;
        KernelWork.For((long)g.Batch * g.OutputPlane * g.OutputChannels * g.InputChannels * 3, parts * blocks, task =>
        {
            (int part, int block) = Math.DivRem(task, blocks);
            int column = block * blockColumns;
            using var sum = new TileCorrelation<T, TVector, TSimd>(
                g, inputIsRows, column, Math.Min(blockColumns, columns - column), images, partials + part * partSize + column, rowStride, tapStride);
            int end = Math.Min(g.Batch, (int)((long)groups * (part + 1) / parts) * images);
            int start = (int)((long)groups * part / parts) * images;
            sum.Fetch(g, input + start * inputSize, outputGradient + start * outputSize, Math.Min(images, end - start));
            for (int image = start; image < end; image += images)
            {
                int count = Math.Min(images, end - image);
                sum.AddImages(g, input + image * inputSize, outputGradient + image * outputSize, count, Math.Min(images, end - image - count));
            }

            sum.Finish();
        });

        KernelWork.For(FinalWork * rows * columns, rows, row =>
        {
            T* taps = partials + row * rowStride;
            AddParts(taps, tapStride, parts, partSize, columns);
            TileCorrelation<T, TVector, TSimd>.Gather(
                taps, tapStride, columns, kernelGradient + (nint)row * 9 * (inputIsRows ? 1 : columns), 9 * (inputIsRows ? rows : 1));
        });
    }

    // The first part becomes the sum of all.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddParts(T* taps, nint tapStride, int parts, nint partSize, int columns)
    {
        for (int t = 0; t < 9; t++, taps += tapStride)
        {
            for (int column = 0; column < columns; column += TSimd.Count)
            {
                TVector sum = TSimd.Load(taps + column);
                for (int part = 1; part < parts; part++)
                {
                    sum = TSimd.Add(sum, TSimd.Load(taps + column + part * partSize));
                }

                TSimd.Store(sum, taps + column);
            }
        }
    }

    /// <summary>The size of the product where so many channels are the rows and so many the columns.</summary>
    private static long PaddedSize(int rows, int columns) => (long)RoundUp(rows, 4) * RoundUp(columns, TSimd.Count);

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
