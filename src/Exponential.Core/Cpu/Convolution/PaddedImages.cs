using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>Copies images [channel, row, column] into a <see cref="PaddedLayout"/> and back.</summary>
internal static unsafe class PaddedImages<T, TVector, TSimd>
    where T : unmanaged
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>
    /// Writes the values of up to <see cref="PaddedLayout.Lanes"/> images, and zeros for those that are missing; the padding is
    /// not touched and must be zero already.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(in PaddedLayout layout, T* images, int count, T* memory)
    {
        int width = layout.Width;
        int lanes = layout.Lanes;
        nint imageStride = (nint)layout.Channels * layout.Height * width;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            T* row = memory + layout.Origin + channel * layout.PlaneStride;
            for (int y = 0; y < layout.Height; y++, row += layout.RowStride, images += width)
            {
                if (lanes == 1)
                {
                    Copy(images, row, width);
                }
                else if (count == 2 && lanes == 2)
                {
                    Interleave(images, images + imageStride, row, width);
                }
                else
                {
                    for (int lane = 0; lane < lanes; lane++)
                    {
                        T* source = images + lane * imageStride;
                        T* target = row + lane;
                        for (int x = 0; x < width; x++, target += lanes)
                        {
                            *target = lane < count ? source[x] : default;
                        }
                    }
                }
            }
        }
    }

    /// <summary>Writes images from the layout.</summary>
    public static void Unpack(in PaddedLayout layout, T* memory, int count, T* images) =>
        Unpack(layout, memory, count, images, 0, layout.Channels);

    /// <summary>
    /// Writes the channels from <paramref name="firstChannel"/> to <paramref name="endChannel"/> of images from the layout.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(in PaddedLayout layout, T* memory, int count, T* images, int firstChannel, int endChannel)
    {
        int width = layout.Width;
        int lanes = layout.Lanes;
        nint imageStride = (nint)layout.Channels * layout.Height * width;
        images += (nint)firstChannel * layout.Height * width;
        for (int channel = firstChannel; channel < endChannel; channel++)
        {
            T* row = memory + layout.Origin + channel * layout.PlaneStride;
            for (int y = 0; y < layout.Height; y++, row += layout.RowStride, images += width)
            {
                if (lanes == 1)
                {
                    Copy(row, images, width);
                }
                else if (count == 2 && lanes == 2)
                {
                    Deinterleave(row, images, images + imageStride, width);
                }
                else
                {
                    for (int lane = 0; lane < count; lane++)
                    {
                        T* source = row + lane;
                        T* target = images + lane * imageStride;
                        for (int x = 0; x < width; x++, source += lanes)
                        {
                            target[x] = *source;
                        }
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(T* source, T* destination, int count)
    {
        int i = 0;
        for (; i <= count - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Load(source + i), destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = source[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(T* a, T* b, T* destination, int count)
    {
        int half = TSimd.Count / 2;
        int i = 0;
        for (; i <= count - half; i += half)
        {
            TSimd.Store(TSimd.Interleave(a + i, b + i), destination + 2 * i);
        }

        for (; i < count; i++)
        {
            destination[2 * i] = a[i];
            destination[2 * i + 1] = b[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Deinterleave(T* source, T* a, T* b, int count)
    {
        int half = TSimd.Count / 2;
        int i = 0;
        for (; i <= count - half; i += half)
        {
            TSimd.Deinterleave(TSimd.Load(source + 2 * i), a + i, b + i);
        }

        for (; i < count; i++)
        {
            a[i] = source[2 * i];
            b[i] = source[2 * i + 1];
        }
    }
}
