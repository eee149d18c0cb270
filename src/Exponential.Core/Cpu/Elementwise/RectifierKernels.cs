using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>The gradient of a rectified layer and of its bias in one pass.</summary>
internal static unsafe class RectifierKernels
{
    /// <summary>Elements that one running sum takes, so that its error stays short; sums are combined in double precision.</summary>
    private const int SumLength = 4096;

    /// <summary>gradient = cotangent where value is positive, else 0, and its sums by channel; items of channels times plane elements.</summary>
    public static void Gradient<T>(int batch, int channels, int plane, Items<T> cotangent, Items<T> value, T* gradient, T* sums)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // A block takes some channels of an image.
        int perBlock = Math.Clamp(ElementBlocks.Size / Math.Max(1, plane), 1, Math.Max(1, channels));
        int blocks = (channels + perBlock - 1) / perBlock;
        using var scratch = new Scratch<double>(Math.Max(1, (long)batch * channels));
        double* partial = scratch.Pointer;
        KernelWork.For(8L * batch * channels * plane, batch * blocks, index =>
        {
            (int image, int block) = Math.DivRem(index, blocks);
            for (int channel = block * perBlock; channel < Math.Min(channels, (block + 1) * perBlock); channel++)
            {
                nint start = (nint)channel * plane;
                double sum = 0;
                for (int done = 0; done < plane; done += SumLength)
                {
                    sum += double.CreateTruncating(Run(
                        cotangent[image] + start + done, value[image] + start + done,
                        gradient + ((nint)image * channels * plane) + start + done, Math.Min(SumLength, plane - done)));
                }

                partial[(image * channels) + channel] = sum;
            }
        });
        for (int channel = 0; channel < channels; channel++)
        {
            double sum = 0;
            for (int image = 0; image < batch; image++)
            {
                sum += partial[(image * channels) + channel];
            }

            sums[channel] = T.CreateTruncating(sum);
        }
    }

    /// <summary>Writes the gradient and sums it while it lies in the level-1 cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Run<T>(T* cotangent, T* value, T* gradient, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
        {
            (Vector.Load(cotangent + i) & Vector.GreaterThan(Vector.Load(value + i), Vector<T>.Zero)).Store(gradient + i);
        }

        for (; i < length; i++)
        {
            gradient[i] = value[i] > T.Zero ? cotangent[i] : T.Zero;
        }

        return ReduceKernels.Sum(gradient, length);
    }
}
