using System.Numerics;
using System.Numerics.Tensors;

namespace Exponential;

/// <summary>
/// The gate a + b s(c) and its gradient, in pieces that stay in the level-1 cache. An item of x holds a, b and c one after another, each
/// as long as an item of the result.
/// </summary>
internal static unsafe class GateKernels
{
    /// <summary>Elements at once: small enough for the stack, long enough for the vector loops.</summary>
    private const int Piece = 512;

    /// <summary>y = a + b s(c): count elements, length an item.</summary>
    public static void Apply<T>(int count, int length, Items<T> x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => ForPieces(count, length, (item, start, run) =>
        {
            T* buffer = stackalloc T[Piece];
            var gate = new Span<T>(buffer, run);
            T* a = x[item] + start;
            VectorFunctions.Run<T, ExponentialFunctions<T>.Sigmoid>(a + (2 * (nint)length), buffer, run);
            TensorPrimitives.MultiplyAdd(
                new ReadOnlySpan<T>(a + length, run), gate, new ReadOnlySpan<T>(a, run), new Span<T>(y + ((nint)item * length) + start, run));
        });

    /// <summary>The gradients g, g s(c) and g b s(c) (1 - s(c)) for a, b and c.</summary>
    public static void Gradient<T>(int count, int length, Items<T> x, Items<T> cotangent, T* gradient)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => ForPieces(count, length, (item, start, run) =>
        {
            T* buffer = stackalloc T[Piece];
            var gate = new Span<T>(buffer, run);
            T* a = x[item] + start;
            T* forA = gradient + (3 * (nint)item * length) + start;
            var g = new ReadOnlySpan<T>(cotangent[item] + start, run);
            var forB = new Span<T>(forA + length, run);
            var forC = new Span<T>(forA + (2 * (nint)length), run);
            VectorFunctions.Run<T, ExponentialFunctions<T>.Sigmoid>(a + (2 * (nint)length), buffer, run);
            g.CopyTo(new Span<T>(forA, run));
            TensorPrimitives.Multiply(g, gate, forB);
            TensorPrimitives.Multiply(forB, new ReadOnlySpan<T>(a + length, run), forC);
            TensorPrimitives.Subtract(T.One, gate, gate);
            TensorPrimitives.Multiply(forC, gate, forC);
        });

    private static void ForPieces(int count, int length, Action<int, int, int> body) => ElementBlocks.For(count, (start, block) =>
    {
        for (int end = start + block; start < end;)
        {
            (int item, int position) = Math.DivRem(start, length);
            int run = Math.Min(Piece, Math.Min(length - position, end - start));
            body(item, position, run);
            start += run;
        }
    });
}
