using System.Numerics;

namespace Exponential;

/// <summary>The gradient for the kernel of the convolutions whose images can be correlated as they lie: those that go pixel by pixel.</summary>
/// <remarks>
/// The batch is cut into blocks of images with a partial gradient each, which are added in their order: a thread reads the images that it has
/// mostly computed itself, and each of them from memory once.
/// </remarks>
internal static unsafe class PointwiseKernelGradient<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>The most columns in a block: of a few images they stay in the second-level cache.</summary>
    private const int MostColumns = 32;

    /// <summary>Whether this kernel takes a convolution.</summary>
    public static bool Takes(in ConvolutionGeometry geometry)
    {
        ConvolutionGeometry g = geometry.Flattened();
        if (g.Batch == 0 || !DirectConvolution<T, TVector, TSimd>.Takes(g))
        {
            return false;
        }

        var right = PaddedLayout.Input(g, TSimd.Count);
        return right.IsPlain && PaddedLayout.Centres(g, right, TSimd.Count).IsPlain;
    }

    public static void Run(in ConvolutionGeometry geometry, T* input, T* outputGradient, T* kernelGradient)
    {
        ConvolutionGeometry g = geometry.Flattened();
        var right = PaddedLayout.Input(g, TSimd.Count);
        using var correlation = new Correlation<T, TVector, TSimd>(g, right, PaddedLayout.Centres(g, right, TSimd.Count));
        nint inputSize = (nint)g.InputChannels * g.InputPlane;
        nint outputSize = (nint)g.OutputChannels * g.OutputPlane;
        int rows = correlation.Rows, columns = correlation.Columns;
        int size = rows * columns;
        int imagesAtOnce = Math.Clamp(Correlation<T, TVector, TSimd>.EnoughVectors / correlation.Vectors, 1, g.Batch);
        var partition = new BatchPartition(g.Batch, size, (g.Batch + imagesAtOnce - 1) / imagesAtOnce);

        // As many blocks as the threads share out without a rest, of whole tiles.
        int columnBlocks = (columns + MostColumns - 1) / MostColumns;
        while (partition.Blocks * columnBlocks % Workers.Count != 0 && columns / columnBlocks > 8)
        {
            columnBlocks++;
        }

        int tile = CorrelationTile<T, TVector, TSimd>.Columns;
        int columnBlock = ((columns + columnBlocks - 1) / columnBlocks + tile - 1) / tile * tile;
        columnBlocks = (columns + columnBlock - 1) / columnBlock;
        int blocks = partition.Blocks * columnBlocks;
        using var memory = new Scratch<T>((long)partition.Blocks * size);
        T* partial = memory.Pointer;
        KernelWork.For((long)g.Batch * g.OutputPlane * size, blocks, block =>
        {
            (int part, int index) = Math.DivRem(block, columnBlocks);
            int column = index * columnBlock;
            int endColumn = Math.Min(column + columnBlock, columns);
            T* sums = partial + (nint)part * size;
            for (int row = 0; row < rows; row++)
            {
                new Span<T>(sums + (nint)row * columns + column, endColumn - column).Clear();
            }

            T** rightImages = stackalloc T*[imagesAtOnce];
            T** leftImages = stackalloc T*[imagesAtOnce];
            for (int image = partition.Start(part); image < partition.Start(part + 1); image += imagesAtOnce)
            {
                int count = Math.Min(imagesAtOnce, partition.Start(part + 1) - image);
                for (int i = 0; i < count; i++)
                {
                    rightImages[i] = input + (image + i) * inputSize;
                    leftImages[i] = outputGradient + (image + i) * outputSize;
                }

                // What comes next, in this block or in this thread's next one.
                nint next = 0;
                if (image + imagesAtOnce < partition.Start(part + 1))
                {
                    next = imagesAtOnce * inputSize;
                }
                else if (block + 1 < blocks && !Workers.BeginsShare(block + 1, blocks))
                {
                    int nextColumn = index + 1 < columnBlocks ? endColumn : 0;
                    int nextImage = partition.Start(index + 1 < columnBlocks ? part : part + 1);
                    next = (nextImage - image) * inputSize + (nint)(nextColumn - column) * g.InputPlane;
                }

                correlation.Accumulate(
                    count, leftImages, rightImages, .., column..endColumn, sums, next, next == 0 ? 0 : (nint)columnBlock * g.InputPlane);
            }
        });
        partition.Reduce(partial, T.One, kernelGradient);
    }
}
