using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>y = a b + c of three operands stretched to one shape.</summary>
internal static unsafe class MultiplyAddKernel
{
    /// <summary>Elements gathered at once: small enough for the stack, long enough for the vector loop.</summary>
    private const int Piece = 256;

    public static void Run<T>(T* a, Layout aLayout, T* b, Layout bLayout, T* c, Layout cLayout, T* y, Layout yLayout)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CollapsedAxes axes = CollapsedAxes.Of(yLayout.Shape, aLayout.Strides, bLayout.Strides, cLayout.Strides, yLayout.Strides);
        int inner = axes.Inner;
        (int aStride, int bStride, int cStride) = (axes.Strides[0][^1], axes.Strides[1][^1], axes.Strides[2][^1]);
        bool isEven = aStride is 0 or 1 && bStride is 0 or 1 && cStride is 0 or 1;
        ElementBlocks.For(yLayout.Shape.ElementCount, (start, length) =>
        {
            for (int end = start + length; start < end;)
            {
                (int row, int column) = Math.DivRem(start, inner);
                int run = Math.Min(inner - column, end - start);
                T* first = a + axes.RowOffset(0, row) + ((nint)column * aStride);
                T* second = b + axes.RowOffset(1, row) + ((nint)column * bStride);
                T* third = c + axes.RowOffset(2, row) + ((nint)column * cStride);
                if (isEven)
                {
                    Segment(first, aStride, second, bStride, third, cStride, y + start, run);
                }
                else
                {
                    Gathered(first, aStride, second, bStride, third, cStride, y + start, run);
                }

                start += run;
            }
        });
    }

    private static void Gathered<T>(T* a, nint aStride, T* b, nint bStride, T* c, nint cStride, T* y, int run)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T* first = stackalloc T[Piece];
        T* second = stackalloc T[Piece];
        T* third = stackalloc T[Piece];
        for (int done = 0; done < run; done += Piece)
        {
            int length = Math.Min(Piece, run - done);
            for (nint i = 0; i < length; i++)
            {
                first[i] = a[(done + i) * aStride];
                second[i] = b[(done + i) * bStride];
                third[i] = c[(done + i) * cStride];
            }

            Segment(first, 1, second, 1, third, 1, y + done, length);
        }
    }

    /// <summary>A run with strides of 1 or 0. An operand of stride 0 is read again and again from a vector of its value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Segment<T>(T* a, int aStride, T* b, int bStride, T* c, int cStride, T* y, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int lanes = Vector<T>.Count;
        T* constants = stackalloc T[3 * lanes];
        new Vector<T>(*a).Store(constants);
        new Vector<T>(*b).Store(constants + lanes);
        new Vector<T>(*c).Store(constants + (2 * lanes));
        T* va = aStride == 0 ? constants : a;
        T* vb = bStride == 0 ? constants + lanes : b;
        T* vc = cStride == 0 ? constants + (2 * lanes) : c;
        nint i = 0;
        for (; i <= length - lanes; i += lanes)
        {
            MultiplyAdd(Vector.Load(va + (i * aStride)), Vector.Load(vb + (i * bStride)), Vector.Load(vc + (i * cStride))).Store(y + i);
        }

        for (; i < length; i++)
        {
            y[i] = T.MultiplyAddEstimate(a[i * aStride], b[i * bStride], c[i * cStride]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> MultiplyAdd<T>(Vector<T> a, Vector<T> b, Vector<T> c)
        where T : unmanaged => typeof(T) == typeof(float)
        ? Vector.As<float, T>(Vector.MultiplyAddEstimate(Vector.As<T, float>(a), Vector.As<T, float>(b), Vector.As<T, float>(c)))
        : Vector.As<double, T>(Vector.MultiplyAddEstimate(Vector.As<T, double>(a), Vector.As<T, double>(b), Vector.As<T, double>(c)));
}
