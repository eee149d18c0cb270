using System.Numerics;

namespace Exponential;

/// <summary>
/// The gradient for the kernel of the convolutions that <see cref="DirectConvolution{T, TVector, TSimd}"/> takes; those that
/// <see cref="PointwiseKernelGradient{T, TVector, TSimd}"/> takes are faster there.
/// </summary>
/// <remarks>
/// Some images at a time are copied into padded layouts, then the gradient is cut into blocks of rows and columns, each summed
/// over those images by one thread: there are no partial gradients to add up, and the order of a sum does not depend on threads.
/// </remarks>
internal static unsafe class DirectKernelGradient<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Output channels in a block: two tiles.</summary>
    private const int RowBlock = 12;

    /// <summary>Columns in a block: four channels of nine taps.</summary>
    private const int ColumnBlock = 36;

    /// <summary>The most bytes of images that are in padded layouts at once.</summary>
    private const long MostBytes = 1 << 21;

    public static void Run(in ConvolutionGeometry geometry, T* input, T* outputGradient, T* kernelGradient)
    {
        ConvolutionGeometry g = geometry.Flattened();
        new Span<T>(kernelGradient, g.OutputChannels * g.Depth).Clear();
        var right = PaddedLayout.Input(g, TSimd.Count);
        var left = PaddedLayout.Centres(g, right, TSimd.Count);
        using var correlation = new Correlation<T, TVector, TSimd>(g, right, left);
        nint inputSize = (nint)g.InputChannels * g.InputPlane;
        nint outputSize = (nint)g.OutputChannels * g.OutputPlane;
        int lanes = right.Lanes;
        int groups = (g.Batch + lanes - 1) / lanes;
        int groupsAtOnce = Math.Max(1, Correlation<T, TVector, TSimd>.EnoughVectors / correlation.Vectors);
        groupsAtOnce = (int)Math.Clamp(MostBytes / ((right.Size + left.Size) * sizeof(T)), 1, groupsAtOnce);
        groupsAtOnce = Math.Min(groupsAtOnce, Math.Max(1, groups));
        using var segmentMemory = new Scratch<nint>(2 * groupsAtOnce);
        T** rightSegments = (T**)segmentMemory.Pointer;
        T** leftSegments = rightSegments + groupsAtOnce;
        using var memory = new Scratch<T>(groupsAtOnce * (right.Size + left.Size));
        new Span<T>(memory.Pointer, checked((int)(groupsAtOnce * (right.Size + left.Size)))).Clear();
        T* padded = memory.Pointer;
        for (int start = 0; start < groups; start += groupsAtOnce)
        {
            int count = Math.Min(groupsAtOnce, groups - start);
            int firstGroup = start;
            KernelWork.For(8L * count * (right.Size + left.Size), count, i =>
            {
                int image = (firstGroup + i) * lanes;
                int images = Math.Min(lanes, g.Batch - image);
                T* rightMemory = padded + i * (right.Size + left.Size);
                T* leftMemory = rightMemory + right.Size;
                PaddedImages<T, TVector, TSimd>.Pack(right, input + image * inputSize, images, rightMemory);
                PaddedImages<T, TVector, TSimd>.Pack(left, outputGradient + image * outputSize, images, leftMemory);
                rightSegments[i] = rightMemory + right.Origin;
                leftSegments[i] = leftMemory + left.Origin;
            });

            int rowBlocks = (g.OutputChannels + RowBlock - 1) / RowBlock;
            int columnBlocks = (g.Depth + ColumnBlock - 1) / ColumnBlock;
            long work = count * outputSize * lanes * g.Depth;
            KernelWork.For(work, rowBlocks * columnBlocks, block =>
            {
                int row = block % rowBlocks * RowBlock;
                int column = block / rowBlocks * ColumnBlock;
                correlation.Accumulate(
                    count, leftSegments, rightSegments, row..Math.Min(row + RowBlock, g.OutputChannels),
                    column..Math.Min(column + ColumnBlock, g.Depth), kernelGradient);
            });
        }
    }
}
