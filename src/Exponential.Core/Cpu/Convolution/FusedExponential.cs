using System.Numerics;

namespace Exponential;

/// <summary>
/// The exponential of a convolution in one pass over the batch: a few images at a time stay in cache through all terms and
/// steps, and the factor 1/i, the sum and the store of Horner's form are part of the product.
/// </summary>
internal static unsafe class FusedExponential<T, TProduct>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TProduct : struct, IImageProduct<T>
{
    /// <summary>y = (sum over i up to terms of M^i / i!)^steps x.</summary>
    public static void Apply(in ConvolutionExponentialGeometry geometry, TProduct product, T* x, int terms, int steps, T* y)
    {
        ConvolutionGeometry g = geometry.Product;
        nint imageSize = (nint)g.InputChannels * g.InputPlane;
        int images = product.Images;
        KernelWork.For((long)g.Batch * imageSize * g.Depth * terms * steps, (g.Batch + images - 1) / images, group =>
        {
            int first = group * images;
            int count = Math.Min(images, g.Batch - first);
            using var memory = new Scratch<T>(3 * product.Size + product.Workspace);
            new Span<T>(memory.Pointer, checked((int)(3 * product.Size))).Clear();
            T* value = memory.Pointer;
            T* next = value + product.Size;
            T* spare = next + product.Size;
            T* workspace = spare + product.Size;
            product.Pack(x + first * imageSize, count, value);
            for (int step = 0; step < steps && terms > 0; step++)
            {
                Step(product, terms, value, spare, next, workspace);
                T* former = value;
                value = next;
                next = former;
            }

            product.Unpack(value, count, y + first * imageSize);
        });
    }

    /// <summary>result = the truncated exponential of value, by Horner's form with at least one term; spare is overwritten.</summary>
    public static void Step(in TProduct product, int terms, T* value, T* spare, T* result, T* workspace)
    {
        T* sum = value;
        for (int i = terms; i > 0; i--)
        {
            T* next = i % 2 == 1 ? result : spare; // so that the last, i = 1, is the result
            product.Multiply(sum, value, T.One / T.CreateChecked(i), next, workspace);
            sum = next;
        }
    }
}
