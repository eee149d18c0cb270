using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>y = condition is not 0 ? a : b over row-major operands.</summary>
internal static unsafe class SelectKernel
{
    public static void Run<T>(T* condition, T* a, T* b, T* y, int count)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ElementBlocks.For(count, (start, length) => Block(condition + start, a + start, b + start, y + start, length));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<T>(T* condition, T* a, T* b, T* y, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> isZero = Vector.Equals(Vector.Load(condition + i), Vector<T>.Zero);
            Vector.ConditionalSelect(isZero, Vector.Load(b + i), Vector.Load(a + i)).Store(y + i);
        }

        for (; i < length; i++)
        {
            y[i] = condition[i] == T.Zero ? b[i] : a[i];
        }
    }
}
