using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>A function of one number with two scalars, for one element and for a vector of them.</summary>
internal interface IUnaryKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    static abstract T Invoke(T x, T p, T q);

    static abstract Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q);
}

/// <summary>
/// Element-wise functions of one row-major operand. What costs an instruction or two is a loop of our own; exp, tanh and the
/// sigmoid are <see cref="ExponentialFunctions{T}"/>; logarithms, sines, powers and roundings go to TensorPrimitives; what must be
/// accurate near 0 (expm1, log1p) is computed with Kahan's correction, one by one.
/// </summary>
internal static unsafe class UnaryKernels
{
    public static void Run<T>(UnaryKind kind, T* x, T* y, int count, T p, T q)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ElementBlocks.For(count, (start, length) => Block(kind, x + start, y + start, length, p, q));

    /// <summary>The same on the calling thread.</summary>
    public static void Block<T>(UnaryKind kind, T* x, T* y, int length, T p, T q)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var source = new ReadOnlySpan<T>(x, length);
        var destination = new Span<T>(y, length);
        switch (kind)
        {
            case UnaryKind.Affine:
                Loop<T, Affine<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Divide:
                Loop<T, Divide<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Clamp:
                Loop<T, Clamp<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Relu:
                Loop<T, Relu<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Abs:
                Loop<T, Abs<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Square:
                Loop<T, Square<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Sqrt:
                Loop<T, Sqrt<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Reciprocal:
                Loop<T, Reciprocal<T>>(x, y, length, p, q);
                break;
            case UnaryKind.Exp:
                VectorFunctions.Run<T, ExponentialFunctions<T>.Exp>(x, y, length);
                break;
            case UnaryKind.Log:
                TensorPrimitives.Log(source, destination);
                break;
            case UnaryKind.Tanh:
                VectorFunctions.Run<T, ExponentialFunctions<T>.Tanh>(x, y, length);
                break;
            case UnaryKind.Sigmoid:
                VectorFunctions.Run<T, ExponentialFunctions<T>.Sigmoid>(x, y, length);
                break;
            case UnaryKind.Sin:
                TensorPrimitives.Sin(source, destination);
                break;
            case UnaryKind.Cos:
                TensorPrimitives.Cos(source, destination);
                break;
            case UnaryKind.Power:
                TensorPrimitives.Pow(source, p, destination);
                break;
            case UnaryKind.Floor:
                TensorPrimitives.Floor(source, destination);
                break;
            case UnaryKind.Round:
                TensorPrimitives.Round(source, destination);
                break;
            case UnaryKind.Sign:
                for (int i = 0; i < length; i++)
                {
                    y[i] = x[i] > T.Zero ? T.One : x[i] < T.Zero ? -T.One : x[i];
                }

                break;
            case UnaryKind.Expm1:
                for (int i = 0; i < length; i++)
                {
                    y[i] = Expm1(x[i]);
                }

                break;
            case UnaryKind.Log1p:
                for (int i = 0; i < length; i++)
                {
                    y[i] = Log1p(x[i]);
                }

                break;
            case UnaryKind.Softplus:
                for (int i = 0; i < length; i++)
                {
                    y[i] = T.Max(x[i], T.Zero) + Log1p(T.Exp(-T.Abs(x[i])));
                }

                break;
            default:
                throw new InvalidOperationException($"UnaryKernels: no kernel for {kind}");
        }
    }

    /// <summary>ln(1 + x): the rounding of u = 1 + x is undone by the factor x / (u - 1) (Kahan; Goldberg 1991, theorem 4).</summary>
    private static T Log1p<T>(T x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T u = T.One + x;
        return u == T.One || T.IsPositiveInfinity(u) ? x : T.Log(u) * (x / (u - T.One));
    }

    /// <summary>e^x - 1, with the same correction through the logarithm of the rounded exponential.</summary>
    private static T Expm1<T>(T x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T u = T.Exp(x);
        if (u == T.One)
        {
            return x;
        }

        T difference = u - T.One;
        return difference == -T.One || T.IsPositiveInfinity(u) ? difference : difference * (x / T.Log(u));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<T, TKernel>(T* x, T* y, int length, T p, T q)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TKernel : struct, IUnaryKernel<T>
    {
        var vp = new Vector<T>(p);
        var vq = new Vector<T>(q);
        int i = 0;
        for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
        {
            TKernel.Invoke(Vector.Load(x + i), vp, vq).Store(y + i);
        }

        for (; i < length; i++)
        {
            y[i] = TKernel.Invoke(x[i], p, q);
        }
    }

    private readonly struct Affine<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => (x * p) + q;

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => (x * p) + q;
    }

    private readonly struct Divide<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => x / p;

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => x / p;
    }

    private readonly struct Clamp<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => T.Min(T.Max(x, p), q);

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => Vector.Min(Vector.Max(x, p), q);
    }

    private readonly struct Relu<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => T.Max(x, T.Zero);

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => Vector.Max(x, Vector<T>.Zero);
    }

    private readonly struct Abs<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => T.Abs(x);

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => Vector.Abs(x);
    }

    private readonly struct Square<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => x * x;

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => x * x;
    }

    private readonly struct Sqrt<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => T.Sqrt(x);

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => Vector.SquareRoot(x);
    }

    private readonly struct Reciprocal<T> : IUnaryKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static T Invoke(T x, T p, T q) => T.One / x;

        public static Vector<T> Invoke(Vector<T> x, Vector<T> p, Vector<T> q) => Vector<T>.One / x;
    }
}
