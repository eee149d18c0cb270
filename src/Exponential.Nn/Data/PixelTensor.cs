using System.Buffers;
using System.Numerics;

namespace Exponential.Nn;

/// <summary>Bytes of images as tensors.</summary>
internal static class PixelTensor
{
    /// <summary>The bytes as numbers 0..255.</summary>
    public static Tensor FromBytes(ReadOnlySpan<byte> pixels, Shape shape, DType dtype) =>
        dtype == DType.Float32 ? FromBytes<float>(pixels, shape) : FromBytes<double>(pixels, shape);

    private static Tensor FromBytes<T>(ReadOnlySpan<byte> pixels, Shape shape)
        where T : unmanaged, INumber<T>
    {
        T[] rented = ArrayPool<T>.Shared.Rent(pixels.Length);
        Span<T> values = rented.AsSpan(0, pixels.Length);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateTruncating(pixels[i]);
        }

        Tensor tensor = Tensor.FromSpan<T>(values, shape);
        ArrayPool<T>.Shared.Return(rented);
        return tensor;
    }
}
