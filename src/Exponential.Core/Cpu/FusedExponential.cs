using System.Numerics;

namespace Exponential;

/// <summary>
/// The exponential of a convolution in one pass over the batch: a few images at a time stay in cache through all terms and
/// steps, and the factor 1/i, the sum and the store of Horner's form are one multiply-add of the register tile.
/// </summary>
internal static unsafe class FusedExponential<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    public static void Apply(
        in ConvolutionExponentialGeometry geometry, T* x, T* kernel, double scale, int terms, int steps, bool adjoint, T* y)
    {
        ConvolutionGeometry g = geometry.Product;
        var layout = PaddedLayout.Input(g, TSimd.Count);
        using var product = new ShiftedProduct<T, TVector, TSimd>(g, adjoint, kernel, T.CreateChecked(scale), null, layout, layout, layout);
        nint imageSize = (nint)g.InputChannels * g.InputPlane;
        int groups = (g.Batch + layout.Lanes - 1) / layout.Lanes;
        KernelWork.For((long)g.Batch * imageSize * g.Depth * terms * steps, groups, group =>
        {
            int first = group * layout.Lanes;
            int count = Math.Min(layout.Lanes, g.Batch - first);
            using var memory = new Scratch<T>(3 * layout.Size);
            new Span<T>(memory.Pointer, checked((int)(3 * layout.Size))).Clear();
            T* value = memory.Pointer;
            T* next = value + layout.Size;
            T* spare = next + layout.Size;
            PaddedImages<T, TVector, TSimd>.Pack(layout, x + first * imageSize, count, value);
            for (int step = 0; step < steps && terms > 0; step++)
            {
                Step(product, layout, terms, value, spare, next);
                T* former = value;
                value = next;
                next = former;
            }

            PaddedImages<T, TVector, TSimd>.Unpack(layout, value, count, y + first * imageSize);
        });
    }

    /// <summary>result = the truncated exponential of value, by Horner's form with at least one term; spare is overwritten.</summary>
    public static void Step(in ShiftedProduct<T, TVector, TSimd> product, in PaddedLayout layout, int terms, T* value, T* spare, T* result)
    {
        T* sum = value;
        for (int i = terms; i > 0; i--)
        {
            T* next = i % 2 == 1 ? result : spare; // so that the last, i = 1, is the result
            Multiply(product, layout, sum, value, T.One / T.CreateChecked(i), next);
            sum = next;
        }
    }

    /// <summary>destination = addend + alpha M source, or without addend alpha M source, its padding zero.</summary>
    public static void Multiply(
        in ShiftedProduct<T, TVector, TSimd> product, in PaddedLayout layout, T* source, T* addend, T alpha, T* destination)
    {
        product.Run(
            source + layout.Origin, addend == null ? null : addend + layout.Origin, alpha, destination + layout.Origin, layout.PlaneStride);
        layout.ClearPadding(destination, TSimd.Count);
    }
}
