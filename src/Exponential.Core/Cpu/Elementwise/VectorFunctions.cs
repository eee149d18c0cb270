using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>A function of one number, for a vector of them.</summary>
internal interface IVectorFunction<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    static abstract Vector<T> Invoke(Vector<T> x);
}

/// <summary>Runs a function over an array. What is left behind the last whole vector is computed in a vector too: a value's result never depends on its place.</summary>
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
}
