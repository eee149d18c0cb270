using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// Convolutions of any stride and padding by matrix products over an image unrolled into columns [channel and tap, output
/// position]. The general case; those that matter for speed have kernels of their own.
/// </summary>
internal static unsafe class ColumnConvolution<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    public static void Forward(in ConvolutionGeometry geometry, T* input, T* kernel, T* bias, T* output, bool rectified)
    {
        ConvolutionGeometry g = geometry;
        KernelWork.For(Work(g), g.Batch, image =>
        {
            T* result = output + (nint)image * g.OutputChannels * g.OutputPlane;
            for (int channel = 0; channel < g.OutputChannels && bias != null; channel++)
            {
                new Span<T>(result + (nint)channel * g.OutputPlane, g.OutputPlane).Fill(bias[channel]);
            }

            using var columns = new Scratch<T>((long)g.Depth * g.OutputPlane);
            Unroll(g, input + (nint)image * g.InputChannels * g.InputPlane, columns.Pointer);
            MatrixProduct<T, TVector, TSimd>.MultiplySerial(
                g.OutputChannels, g.OutputPlane, g.Depth, kernel, g.Depth, 1, columns.Pointer, g.OutputPlane, 1, result, g.OutputPlane,
                bias != null);
            if (rectified)
            {
                UnaryKernels.Block(UnaryKind.Relu, result, result, g.OutputChannels * g.OutputPlane, T.Zero, T.Zero);
            }
        });
    }

    public static void InputGradient(in ConvolutionGeometry geometry, T* outputGradient, T* kernel, T* inputGradient)
    {
        ConvolutionGeometry g = geometry;
        KernelWork.For(Work(g), g.Batch, image =>
        {
            using var columns = new Scratch<T>((long)g.Depth * g.OutputPlane);
            MatrixProduct<T, TVector, TSimd>.MultiplySerial(
                g.Depth, g.OutputPlane, g.OutputChannels, kernel, 1, g.Depth,
                outputGradient + (nint)image * g.OutputChannels * g.OutputPlane, g.OutputPlane, 1, columns.Pointer, g.OutputPlane, false);
            Fold(g, columns.Pointer, inputGradient + (nint)image * g.InputChannels * g.InputPlane);
        });
    }

    public static void KernelGradient(in ConvolutionGeometry geometry, T* input, T* outputGradient, T* kernelGradient)
    {
        ConvolutionGeometry g = geometry;
        int size = g.OutputChannels * g.Depth;
        if (g.Batch == 0)
        {
            new Span<T>(kernelGradient, size).Clear();
            return;
        }

        var partition = new BatchPartition(g.Batch, size);
        using var partial = new Scratch<T>((long)partition.Blocks * size);
        T* sums = partial.Pointer;
        KernelWork.For(Work(g), partition.Blocks, block =>
        {
            using var columns = new Scratch<T>((long)g.Depth * g.OutputPlane);
            for (int image = partition.Start(block); image < partition.Start(block + 1); image++)
            {
                Unroll(g, input + (nint)image * g.InputChannels * g.InputPlane, columns.Pointer);
                MatrixProduct<T, TVector, TSimd>.MultiplySerial(
                    g.OutputChannels, g.Depth, g.OutputPlane, outputGradient + (nint)image * g.OutputChannels * g.OutputPlane,
                    g.OutputPlane, 1, columns.Pointer, 1, g.OutputPlane, sums + (nint)block * size, g.Depth,
                    image > partition.Start(block));
            }
        });
        partition.Reduce(sums, T.One, kernelGradient);
    }

    private static long Work(in ConvolutionGeometry g) => (long)g.Batch * g.OutputChannels * g.OutputPlane * g.Depth;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unroll(in ConvolutionGeometry g, T* image, T* columns)
    {
        for (int channel = 0; channel < g.InputChannels; channel++, image += g.InputPlane)
        {
            for (int i = 0; i < g.KernelHeight; i++)
            {
                for (int j = 0; j < g.KernelWidth; j++, columns += g.OutputPlane)
                {
                    for (int y = 0; y < g.OutputHeight; y++)
                    {
                        int inputY = y * g.StrideHeight + i - g.PaddingHeight;
                        T* column = columns + (nint)y * g.OutputWidth;
                        for (int x = 0; x < g.OutputWidth; x++)
                        {
                            int inputX = x * g.StrideWidth + j - g.PaddingWidth;
                            bool inside = (uint)inputY < (uint)g.InputHeight && (uint)inputX < (uint)g.InputWidth;
                            column[x] = inside ? image[(nint)inputY * g.InputWidth + inputX] : T.Zero;
                        }
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fold(in ConvolutionGeometry g, T* columns, T* image)
    {
        for (int channel = 0; channel < g.InputChannels; channel++, image += g.InputPlane)
        {
            new Span<T>(image, g.InputPlane).Clear();
            for (int i = 0; i < g.KernelHeight; i++)
            {
                for (int j = 0; j < g.KernelWidth; j++, columns += g.OutputPlane)
                {
                    for (int y = 0; y < g.OutputHeight; y++)
                    {
                        int inputY = y * g.StrideHeight + i - g.PaddingHeight;
                        T* column = columns + (nint)y * g.OutputWidth;
                        for (int x = 0; x < g.OutputWidth; x++)
                        {
                            int inputX = x * g.StrideWidth + j - g.PaddingWidth;
                            if ((uint)inputY < (uint)g.InputHeight && (uint)inputX < (uint)g.InputWidth)
                            {
                                image[(nint)inputY * g.InputWidth + inputX] += column[x];
                            }
                        }
                    }
                }
            }
        }
    }
}
