using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// Box and Muller's transform of two uniform numbers into two independent standard normal ones (1958). Its logarithm, sine and cosine
/// are its own, in multiplications and additions that round alike on every processor: no fused multiply-add, no library function. So
/// normals too have the same bits at every vector width and on every CPU.
/// </summary>
internal static class BoxMuller
{
    /// <summary>
    /// In place: uniforms (u, v) in [0, 1) become (r cos(2 pi v), r sin(2 pi v)) with r = sqrt(-2 ln(1 - u)). 1 - u is exact and at least
    /// 2^-53, so the result is always finite. Both spans hold a whole number of vectors; what lies past <paramref name="pairs"/> may be
    /// overwritten, as the last vector is worked out in full.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform(Span<double> first, Span<double> second, int pairs)
    {
        for (int i = 0; i < pairs; i += Vector<double>.Count)
        {
            Vector<double> radius = Vector.SquareRoot(-2.0 * Log(Vector<double>.One - new Vector<double>(first[i..])));
            (Vector<double> cos, Vector<double> sin) = CosSinOfTurns(new Vector<double>(second[i..]));
            (radius * cos).CopyTo(first[i..]);
            (radius * sin).CopyTo(second[i..]);
        }
    }

    /// <summary>
    /// ln x for normal x in (0, 1], to a few ulp: x = 2^e m with m in [sqrt(1/2), sqrt(2)), and ln m = 2 artanh(f), f = (m - 1)/(m + 1),
    /// by its Taylor series: f^2 is at most 0.0295, so that what is left out is below 1e-18 of the sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<double> Log(Vector<double> x)
    {
        const long SqrtHalfBits = 0x3FE6A09E667F3BCD;
        const long Bias = 1023;

        // e <= 0, so the biased exponent is positive, and a logical shift will do (AVX2 has no arithmetic one).
        Vector<long> bits = Vector.AsVectorInt64(x);
        Vector<long> exponent = Vector.ShiftRightLogical(bits + new Vector<long>((Bias << 52) - SqrtHalfBits), 52) - new Vector<long>(Bias);
        Vector<double> m = Vector.AsVectorDouble(bits - Vector.ShiftLeft(exponent, 52));

        Vector<double> f = (m - Vector<double>.One) / (m + Vector<double>.One);
        Vector<double> s = f * f;
        Vector<double> sum = new(1.0 / 21);
        sum = sum * s + new Vector<double>(1.0 / 19);
        sum = sum * s + new Vector<double>(1.0 / 17);
        sum = sum * s + new Vector<double>(1.0 / 15);
        sum = sum * s + new Vector<double>(1.0 / 13);
        sum = sum * s + new Vector<double>(1.0 / 11);
        sum = sum * s + new Vector<double>(1.0 / 9);
        sum = sum * s + new Vector<double>(1.0 / 7);
        sum = sum * s + new Vector<double>(1.0 / 5);
        sum = sum * s + new Vector<double>(1.0 / 3);
        Vector<double> logM = 2.0 * (f + f * s * sum);
        return Vector.ConvertToDouble(exponent) * 0.6931471805599453 + logM;
    }

    /// <summary>
    /// cos(2 pi v) and sin(2 pi v) for v in [0, 1], to a few ulp: v less the nearest quarter is exact, and leaves an angle t of at most
    /// pi/4 either way to the Taylor series, whose remainders are below 1e-17 and 1e-19.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector<double> Cos, Vector<double> Sin) CosSinOfTurns(Vector<double> v)
    {
        Vector<double> quarter = Vector.Floor(v * 4.0 + new Vector<double>(0.5));
        Vector<double> t = (v - quarter * 0.25) * Math.Tau;
        Vector<double> t2 = t * t;

        Vector<double> cos = new(1.0 / 20922789888000); // 1/16!
        cos = cos * t2 - new Vector<double>(1.0 / 87178291200);
        cos = cos * t2 + new Vector<double>(1.0 / 479001600);
        cos = cos * t2 - new Vector<double>(1.0 / 3628800);
        cos = cos * t2 + new Vector<double>(1.0 / 40320);
        cos = cos * t2 - new Vector<double>(1.0 / 720);
        cos = cos * t2 + new Vector<double>(1.0 / 24);
        cos = cos * t2 - new Vector<double>(0.5);
        cos = cos * t2 + Vector<double>.One;

        Vector<double> sin = new(1.0 / 355687428096000); // 1/17!
        sin = sin * t2 - new Vector<double>(1.0 / 1307674368000);
        sin = sin * t2 + new Vector<double>(1.0 / 6227020800);
        sin = sin * t2 - new Vector<double>(1.0 / 39916800);
        sin = sin * t2 + new Vector<double>(1.0 / 362880);
        sin = sin * t2 - new Vector<double>(1.0 / 5040);
        sin = sin * t2 + new Vector<double>(1.0 / 120);
        sin = sin * t2 - new Vector<double>(1.0 / 6);
        sin = sin * t2 * t + t;

        // Quarter turns 0 to 4: (cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos), and (cos, sin) again.
        Vector<long> one = Vector.Equals(quarter, Vector<double>.One);
        Vector<long> two = Vector.Equals(quarter, new Vector<double>(2.0));
        Vector<long> three = Vector.Equals(quarter, new Vector<double>(3.0));
        Vector<long> swap = one | three;
        Vector<double> c = Vector.ConditionalSelect(swap, sin, cos);
        Vector<double> s = Vector.ConditionalSelect(swap, cos, sin);
        return (Vector.ConditionalSelect(one | two, -c, c), Vector.ConditionalSelect(two | three, -s, s));
    }
}
