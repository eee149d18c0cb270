using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// The hyperbolic tangent. TensorPrimitives computes it from e^(-2|x|) - 1, which cancels near 0: all digits of x = 1e-8 are lost in
/// float32. Below 0.625 the rational function x + x^3 P(x^2)/Q(x^2) of the Cephes library (S. Moshier, tanh.c) takes its place.
/// </summary>
internal static unsafe class TanhKernel
{
    /// <summary>Elements at once: small enough for the stack, long enough for the vector loop.</summary>
    private const int Piece = 256;
    private const double Limit = 0.625;
    private const double P0 = -9.64399179425052238628e-1;
    private const double P1 = -9.92877231001918586564e1;
    private const double P2 = -1.61468768441708447952e3;
    private const double Q0 = 1.12811678491632931402e2;
    private const double Q1 = 2.23548839060100448583e3;
    private const double Q2 = 4.84406305325125486048e3;

    public static void Run<T>(T* x, T* y, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T* large = stackalloc T[Piece];
        for (int done = 0; done < length; done += Piece)
        {
            int count = Math.Min(Piece, length - done);
            TensorPrimitives.Tanh(new ReadOnlySpan<T>(x + done, count), new Span<T>(large, count));
            ReplaceSmall(x + done, large, y + done, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReplaceSmall<T>(T* x, T* large, T* y, int count)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (T limit, T p0, T p1, T p2) = (T.CreateTruncating(Limit), T.CreateTruncating(P0), T.CreateTruncating(P1), T.CreateTruncating(P2));
        (T q0, T q1, T q2) = (T.CreateTruncating(Q0), T.CreateTruncating(Q1), T.CreateTruncating(Q2));
        var vLimit = new Vector<T>(limit);
        (Vector<T> vp0, Vector<T> vp1, Vector<T> vp2) = (new(p0), new(p1), new(p2));
        (Vector<T> vq0, Vector<T> vq1, Vector<T> vq2) = (new(q0), new(q1), new(q2));
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> v = Vector.Load(x + i);
            Vector<T> z = v * v;
            Vector<T> ratio = ((((z * vp0) + vp1) * z) + vp2) / ((((z + vq0) * z) + vq1) * z + vq2);
            Vector.ConditionalSelect(Vector.LessThan(Vector.Abs(v), vLimit), v + (v * z * ratio), Vector.Load(large + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            T z = x[i] * x[i];
            T ratio = ((((z * p0) + p1) * z) + p2) / ((((z + q0) * z) + q1) * z + q2);
            y[i] = T.Abs(x[i]) < limit ? x[i] + (x[i] * z * ratio) : large[i];
        }
    }
}
