using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>A function of one number, for a vector of them.</summary>
internal interface IVectorFunction<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    static abstract Vector<T> Invoke(Vector<T> x);
}

/// <summary>
/// Runs a function over an array, and has the multiply-add of any element type. What is left behind the last whole vector is computed in a vector too: a value's result never depends on its place.
/// </summary>
internal static unsafe class VectorFunctions
{
    /// <summary>y = f(x); y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T, TFunction>(T* x, T* y, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TFunction : struct, IVectorFunction<T>
    {
        int i = 0;
        for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
        {
            TFunction.Invoke(Vector.Load(x + i)).Store(y + i);
        }

        if (i < length)
        {
            T* tail = stackalloc T[Vector<T>.Count];
            new ReadOnlySpan<T>(x + i, length - i).CopyTo(new Span<T>(tail, length - i));
            TFunction.Invoke(Vector.Load(tail)).Store(tail);
            new ReadOnlySpan<T>(tail, length - i).CopyTo(new Span<T>(y + i, length - i));
        }
    }

    /// <summary>a b + c, fused where the hardware fuses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> MultiplyAdd<T>(Vector<T> a, Vector<T> b, Vector<T> c)
        where T : unmanaged => typeof(T) == typeof(float)
        ? Vector.As<float, T>(Vector.MultiplyAddEstimate(Vector.As<T, float>(a), Vector.As<T, float>(b), Vector.As<T, float>(c)))
        : Vector.As<double, T>(Vector.MultiplyAddEstimate(Vector.As<T, double>(a), Vector.As<T, double>(b), Vector.As<T, double>(c)));
}
