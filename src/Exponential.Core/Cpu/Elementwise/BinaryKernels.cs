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

/// <summary>Element-wise functions of two operands stretched to one shape.</summary>
internal static unsafe class BinaryKernels
{
    public static void Run<T>(BinaryKind kind, T* a, Layout aLayout, T* b, Layout bLayout, T* y, Layout yLayout)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CollapsedAxes axes = CollapsedAxes.Of(yLayout.Shape, aLayout.Strides, bLayout.Strides, yLayout.Strides);
        OperandRuns.For(new Kernel<T>(kind), axes, yLayout.Shape.ElementCount, a, b, null, y);
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

    private readonly struct Kernel<T>(BinaryKind kind) : IRunKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run(T* a, int aStride, T* b, int bStride, T* c, int cStride, T* y, int length) =>
            Segment(kind, a, aStride, b, bStride, y, length);
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
