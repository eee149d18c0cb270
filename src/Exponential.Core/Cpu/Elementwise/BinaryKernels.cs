using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>A function of two numbers, for one element and for a vector of them.</summary>
internal interface IBinaryKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    static abstract T Invoke(T a, T b);

    static abstract Vector<T> Invoke(Vector<T> a, Vector<T> b);
}

/// <summary>
/// Element-wise functions of two operands stretched to one shape. Runs with strides of 1 or 0 go straight to a vector loop; other
/// strides (a permuted or flipped view) are gathered in small pieces first.
/// </summary>
internal static unsafe class BinaryKernels
{
    /// <summary>Elements gathered at once: small enough for the stack, long enough for the vector loop.</summary>
    private const int Piece = 256;

    public static void Run<T>(BinaryKind kind, T* a, Layout aLayout, T* b, Layout bLayout, T* y, Layout yLayout)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CollapsedAxes axes = CollapsedAxes.Of(yLayout.Shape, aLayout.Strides, bLayout.Strides, yLayout.Strides);
        int inner = axes.Inner;
        int aStride = axes.Strides[0][^1];
        int bStride = axes.Strides[1][^1];
        ElementBlocks.For(yLayout.Shape.ElementCount, (start, length) =>
        {
            for (int end = start + length; start < end;)
            {
                (int row, int column) = Math.DivRem(start, inner);
                int run = Math.Min(inner - column, end - start);
                T* first = a + axes.RowOffset(0, row) + ((nint)column * aStride);
                T* second = b + axes.RowOffset(1, row) + ((nint)column * bStride);
                if (aStride is 0 or 1 && bStride is 0 or 1)
                {
                    Segment(kind, first, aStride, second, bStride, y + start, run);
                }
                else
                {
                    Gathered(kind, first, aStride, second, bStride, y + start, run);
                }

                start += run;
            }
        });
    }

    private static void Gathered<T>(BinaryKind kind, T* a, nint aStride, T* b, nint bStride, T* y, int run)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T* first = stackalloc T[Piece];
        T* second = stackalloc T[Piece];
        for (int done = 0; done < run; done += Piece)
        {
            int length = Math.Min(Piece, run - done);
            for (nint i = 0; i < length; i++)
            {
                first[i] = a[(done + i) * aStride];
                second[i] = b[(done + i) * bStride];
            }

            Segment(kind, first, 1, second, 1, y + done, length);
        }
    }

    private static void Segment<T>(BinaryKind kind, T* a, int aStride, T* b, int bStride, T* y, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (kind)
        {
            case BinaryKind.Add:
                Loop<T, Add<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Subtract:
                Loop<T, Subtract<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Multiply:
                Loop<T, Multiply<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Divide:
                Loop<T, Divide<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Minimum:
                Loop<T, Minimum<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Maximum:
                Loop<T, Maximum<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Less:
                Loop<T, Less<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.LessOrEqual:
                Loop<T, LessOrEqual<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Greater:
                Loop<T, Less<T>>(b, bStride, a, aStride, y, length);
                break;
            case BinaryKind.GreaterOrEqual:
                Loop<T, LessOrEqual<T>>(b, bStride, a, aStride, y, length);
                break;
            case BinaryKind.Equal:
                Loop<T, Equal<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.TanhGradient:
                Loop<T, TanhGradient<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.SigmoidGradient:
                Loop<T, SigmoidGradient<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.ReluGradient:
                Loop<T, ReluGradient<T>>(a, aStride, b, bStride, y, length);
                break;
            case BinaryKind.Power:
                for (int i = 0; i < length; i++)
                {
                    y[i] = T.Pow(a[i * aStride], b[i * bStride]);
                }

                break;
            default:
                throw new InvalidOperationException($"BinaryKernels: no kernel for {kind}");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<T, TKernel>(T* a, int aStride, T* b, int bStride, T* y, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TKernel : struct, IBinaryKernel<T>
    {
        int i = 0;
        int last = length - Vector<T>.Count;
        if (aStride == 1 && bStride == 1)
        {
            for (; i <= last; i += Vector<T>.Count)
            {
                TKernel.Invoke(Vector.Load(a + i), Vector.Load(b + i)).Store(y + i);
            }
        }
        else if (aStride == 1)
        {
            var vb = new Vector<T>(*b);
            for (; i <= last; i += Vector<T>.Count)
            {
                TKernel.Invoke(Vector.Load(a + i), vb).Store(y + i);
            }
        }
        else if (bStride == 1)
        {
            var va = new Vector<T>(*a);
            for (; i <= last; i += Vector<T>.Count)
            {
                TKernel.Invoke(va, Vector.Load(b + i)).Store(y + i);
            }
        }

        for (; i < length; i++)
        {
            y[i] = TKernel.Invoke(a[i * aStride], b[i * bStride]);
        }
    }

    private readonly struct Add<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a + b;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => a + b;
    }

    private readonly struct Subtract<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a - b;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => a - b;
    }

    private readonly struct Multiply<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a * b;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => a * b;
    }

    private readonly struct Divide<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a / b;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => a / b;
    }

    private readonly struct Minimum<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => T.Min(a, b);

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => Vector.Min(a, b);
    }

    private readonly struct Maximum<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => T.Max(a, b);

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => Vector.Max(a, b);
    }

    private readonly struct Less<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a < b ? T.One : T.Zero;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => Vector.LessThan(a, b) & Vector<T>.One;
    }

    private readonly struct LessOrEqual<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a <= b ? T.One : T.Zero;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => Vector.LessThanOrEqual(a, b) & Vector<T>.One;
    }

    private readonly struct Equal<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a == b ? T.One : T.Zero;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => Vector.Equals(a, b) & Vector<T>.One;
    }

    private readonly struct TanhGradient<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a * (T.One - (b * b));

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => a * (Vector<T>.One - (b * b));
    }

    private readonly struct SigmoidGradient<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => a * (b * (T.One - b));

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => a * (b * (Vector<T>.One - b));
    }

    private readonly struct ReluGradient<T> : IBinaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T a, T b) => b > T.Zero ? a : T.Zero;

        public static Vector<T> Invoke(Vector<T> a, Vector<T> b) => a & Vector.GreaterThan(b, Vector<T>.Zero);
    }
}
