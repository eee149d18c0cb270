using System.Numerics;

namespace Exponential;

/// <summary>Convolutions of stride 1 whose padding is smaller than the kernel, read in place through shifted loads.</summary>
internal static unsafe class DirectConvolution<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Whether these kernels take a convolution.</summary>
    public static bool Takes(in ConvolutionGeometry g) =>
        g.StrideHeight == 1 && g.StrideWidth == 1 && g.PaddingHeight < g.KernelHeight && g.PaddingWidth < g.KernelWidth;

    public static void Forward(in ConvolutionGeometry g, T* input, T* kernel, T* bias, T* output, bool rectified) =>
        Run(g, transposed: false, input, kernel, bias, output, rectified);

    /// <summary>The convolution of the output's gradient with the kernel turned by 180 degrees, its channels swapped.</summary>
    public static void InputGradient(in ConvolutionGeometry g, T* outputGradient, T* kernel, T* inputGradient) =>
        Run(
            g with
            {
                InputChannels = g.OutputChannels,
                InputHeight = g.OutputHeight,
                InputWidth = g.OutputWidth,
                OutputChannels = g.InputChannels,
                OutputHeight = g.InputHeight,
                OutputWidth = g.InputWidth,
                PaddingHeight = g.KernelHeight - 1 - g.PaddingHeight,
                PaddingWidth = g.KernelWidth - 1 - g.PaddingWidth,
            },
            transposed: true, outputGradient, kernel, null, inputGradient, rectified: false);

    private static void Run(in ConvolutionGeometry geometry, bool transposed, T* input, T* kernel, T* bias, T* output, bool rectified)
    {
        ConvolutionGeometry g = geometry.Flattened();
        var inputLayout = PaddedLayout.Input(g, TSimd.Count);
        var centres = PaddedLayout.Centres(g, inputLayout, TSimd.Count);
        var outputLayout = PaddedLayout.Output(centres, TSimd.Count);
        using var product = new ShiftedProduct<T, TVector, TSimd>(g, transposed, kernel, T.One, bias, inputLayout, centres, outputLayout);
        nint inputSize = (nint)g.InputChannels * g.InputPlane;
        nint outputSize = (nint)g.OutputChannels * g.OutputPlane;
        int lanes = inputLayout.Lanes;
        int groups = (g.Batch + lanes - 1) / lanes;

        // Fewer groups of images than threads: the output channels are shared out too, which changes no sum.
        int parts = Math.Clamp((Workers.Count + groups - 1) / Math.Max(groups, 1), 1, (g.OutputChannels + 5) / 6);
        KernelWork.For((long)g.Batch * outputSize * g.Depth, groups * parts, block =>
        {
            int first = block / parts * lanes;
            int part = block % parts;
            int firstRow = PackedRows<T>.TileStart(g.OutputChannels, part * g.OutputChannels / parts);
            int endRow = PackedRows<T>.TileStart(g.OutputChannels, (part + 1) * g.OutputChannels / parts);
            int count = Math.Min(lanes, g.Batch - first);
            T* source = input + first * inputSize;
            T* result = output + first * outputSize;
            nint inputRoom = inputLayout.IsPlain ? 0 : inputLayout.Size;
            using var memory = new Scratch<T>(inputRoom + (outputLayout.IsPlain ? 0 : outputLayout.Size));
            T* paddedSource = inputLayout.IsPlain ? source : memory.Pointer;
            T* paddedResult = outputLayout.IsPlain ? result : memory.Pointer + inputRoom;
            if (!inputLayout.IsPlain)
            {
                new Span<T>(paddedSource, checked((int)inputLayout.Size)).Clear();
                PaddedImages<T, TVector, TSimd>.Pack(inputLayout, source, count, paddedSource);
            }

            // The next images, where this thread will come to them.
            var ahead = default(Ahead);
            if (parts == 1 && first + lanes < g.Batch && !Workers.BeginsShare(block + 1, groups))
            {
                ahead = new Ahead(
                    source + lanes * inputSize, lanes * inputSize * sizeof(T), result + lanes * outputSize, lanes * outputSize * sizeof(T));
            }

            product.Run(paddedSource + inputLayout.Origin, null, T.One, paddedResult, outputLayout.PlaneStride, firstRow, endRow, ahead);
            if (!outputLayout.IsPlain)
            {
                PaddedImages<T, TVector, TSimd>.Unpack(outputLayout, paddedResult, count, result, firstRow, endRow);
            }

            // Here, where the values still lie in the cache.
            int written = (endRow - firstRow) * g.OutputPlane;
            for (int image = 0; rectified && image < count; image++)
            {
                T* values = result + (image * outputSize) + ((nint)firstRow * g.OutputPlane);
                UnaryKernels.Block(UnaryKind.Relu, values, values, written, T.Zero, T.Zero);
            }
        });
    }
}
