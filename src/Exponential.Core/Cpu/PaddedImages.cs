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
        int lanes = layout.Lanes;
        int width = layout.Width;
        nint imageStride = (nint)layout.Channels * layout.Height * width;
        for (int lane = 0; lane < lanes; lane++, images += imageStride)
        {
            T* source = images;
            T* plane = memory + layout.Origin + lane;
            for (int channel = 0; channel < layout.Channels; channel++, plane += layout.PlaneStride)
            {
                T* row = plane;
                for (int y = 0; y < layout.Height; y++, row += layout.RowStride)
                {
                    if (lane >= count)
                    {
                        Scatter(null, row, width, lanes);
                        continue;
                    }

                    if (lanes == 1)
                    {
                        Copy(source, row, width);
                    }
                    else
                    {
                        Scatter(source, row, width, lanes);
                    }

                    source += width;
                }
            }
        }
    }

    /// <summary>Writes images from the layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(in PaddedLayout layout, T* memory, int count, T* images)
    {
        int lanes = layout.Lanes;
        int width = layout.Width;
        for (int lane = 0; lane < count; lane++)
        {
            T* plane = memory + layout.Origin + lane;
            for (int channel = 0; channel < layout.Channels; channel++, plane += layout.PlaneStride)
            {
                T* row = plane;
                for (int y = 0; y < layout.Height; y++, row += layout.RowStride, images += width)
                {
                    if (lanes == 1)
                    {
                        Copy(row, images, width);
                        continue;
                    }

                    for (int x = 0; x < width; x++)
                    {
                        images[x] = row[(nint)x * lanes];
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
    private static void Scatter(T* source, T* destination, int count, int lanes)
    {
        for (int x = 0; x < count; x++)
        {
            destination[(nint)x * lanes] = source == null ? default : source[x];
        }
    }
}
