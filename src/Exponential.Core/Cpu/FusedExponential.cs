using System.Numerics;

namespace Exponential;

/// <summary>The exponential of a convolution, one product at a time.</summary>
internal static unsafe class FusedExponential<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    public static void Apply(in ConvolutionExponentialGeometry g, T* x, T* kernel, double scale, int terms, int steps, bool adjoint, T* y)
    {
        int size = g.Batch * g.Channels * g.Height * g.Width;
        using var memory = new Scratch<T>(2L * size);
        T* start = memory.Pointer;
        T* product = start + size;
        Copy(x, y, size);
        for (int step = 0; step < steps; step++)
        {
            Copy(y, start, size);
            for (int i = terms; i > 0; i--)
            {
                Product(g, y, kernel, adjoint, product);
                Combine(start, product, T.CreateChecked(scale / i), y, size);
            }
        }
    }

    public static void Gradient(
        in ConvolutionExponentialGeometry g, T* x, T* kernel, double scale, int terms, int steps, T* yBar, T* xBar, T* kernelBar)
    {
        int size = g.Batch * g.Channels * g.Height * g.Width;
        int kernelSize = g.Channels * g.Channels * g.KernelHeight * g.KernelWidth;
        using var memory = new Scratch<T>((long)size * (steps + terms + 4));
        T* inputs = memory.Pointer;
        T* powers = inputs + (nint)size * steps;
        T* start = powers + (nint)size * (terms + 1);
        T* a = start + size;
        T* product = a + size;
        using var kernelMemory = new Scratch<T>(kernelSize);
        if (kernelBar != null)
        {
            new Span<T>(kernelBar, kernelSize).Clear();
        }

        Copy(x, inputs, size);
        for (int step = 1; step < steps; step++)
        {
            Apply(g, inputs + (nint)size * (step - 1), kernel, scale, terms, 1, false, inputs + (nint)size * step);
        }

        Copy(yBar, start, size);
        for (int step = steps - 1; step >= 0; step--)
        {
            Copy(inputs + (nint)size * step, powers, size);
            for (int i = 1; i < terms; i++)
            {
                Product(g, powers + (nint)size * (i - 1), kernel, false, product);
                Combine(null, product, T.CreateChecked(scale / (i + 1)), powers + (nint)size * i, size);
            }

            Copy(start, a, size);
            for (int i = terms; i > 0; i--)
            {
                if (kernelBar != null)
                {
                    ColumnConvolution<T, TVector, TSimd>.KernelGradient(Geometry(g), powers + (nint)size * (i - 1), a, kernelMemory.Pointer);
                    Combine(kernelBar, kernelMemory.Pointer, T.CreateChecked(scale), kernelBar, kernelSize);
                }

                Product(g, a, kernel, true, product);
                Combine(start, product, T.CreateChecked(scale / i), a, size);
            }

            Copy(a, start, size);
        }

        if (xBar != null)
        {
            Copy(start, xBar, size);
        }
    }

    private static ConvolutionGeometry Geometry(in ConvolutionExponentialGeometry g) => new(
        g.Batch, g.Channels, g.Height, g.Width, g.Channels, g.Height, g.Width, g.KernelHeight, g.KernelWidth, 1, 1, g.KernelHeight / 2, g.KernelWidth / 2);

    private static void Product(in ConvolutionExponentialGeometry g, T* x, T* kernel, bool adjoint, T* result)
    {
        if (adjoint)
        {
            ColumnConvolution<T, TVector, TSimd>.InputGradient(Geometry(g), x, kernel, result);
        }
        else
        {
            ColumnConvolution<T, TVector, TSimd>.Forward(Geometry(g), x, kernel, null, result);
        }
    }

    private static void Copy(T* source, T* destination, int size) => new ReadOnlySpan<T>(source, size).CopyTo(new Span<T>(destination, size));

    private static void Combine(T* addend, T* product, T factor, T* result, int size)
    {
        for (int i = 0; i < size; i++)
        {
            result[i] = addend == null ? product[i] * factor : addend[i] + product[i] * factor;
        }
    }
}
