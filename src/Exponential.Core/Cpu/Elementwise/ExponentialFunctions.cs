using System.Numerics;
using System.Runtime.CompilerServices;
using static Exponential.VectorFunctions;

namespace Exponential;

/// <summary>
/// e^x and the functions made of it. With n the integer nearest to x / ln 2 and r = x - n ln 2, so that |r| is at most ln 2 / 2,
/// e^x = 2^n (1 + p) with p = e^r - 1 from Taylor's series: in float32 to r^8, with a remainder below 3e-10, in float64 to r^13, below 5e-18.
/// </summary>
internal static class ExponentialFunctions<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Beyond it, e^x is infinite.</summary>
    private static Vector<T> Largest => Constant(88.722839f, 709.78271289338397);

    /// <summary>Below it, e^x is less than half of the smallest denormal number.</summary>
    private static Vector<T> Smallest => Constant(-103.97208f, -745.13321910194122);

    /// <summary>Tanh rounds to 1 here; it does so from 9.02 and 19.07 on.</summary>
    private static Vector<T> Saturated => Constant(10, 20);

    /// <summary>1.5 times the number whose last bit is 1: added to a small number, it leaves the nearest integer in the last bits.</summary>
    private static Vector<T> Rounder => Constant(12582912, 6755399441055744);

    /// <summary>e^x, down to the denormal numbers.</summary>
    public readonly struct Exp : IVectorFunction<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Invoke(Vector<T> x)
        {
            Vector<T> n = MultiplyAdd(x, Constant(1 / Math.Log(2)), Rounder) - Rounder;

            // 2^n in two factors, for n runs one beyond the largest exponent, and as far below the smallest as denormal numbers reach.
            Vector<T> half = MultiplyAdd(n, Constant(0.5), Rounder);
            Vector<T> rest = n - (half - Rounder) + Rounder;
            Vector<T> result = (Vector<T>.One + Expm1Near0(Reduce(x, n))) * PowerOf2(half) * PowerOf2(rest);
            result = Vector.ConditionalSelect(Vector.GreaterThan(x, Largest), Constant(double.PositiveInfinity), result);
            return Vector.ConditionalSelect(Vector.LessThan(x, Smallest), Vector<T>.Zero, result);
        }
    }

    /// <summary>1 / (1 + e^-x), where x is negative as e^x / (1 + e^x).</summary>
    public readonly struct Sigmoid : IVectorFunction<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Invoke(Vector<T> x)
        {
            Vector<T> e = Exp.Invoke(-Vector.Abs(x));
            return Vector.ConditionalSelect(Vector.LessThan(x, Vector<T>.Zero), e, Vector<T>.One) / (Vector<T>.One + e);
        }
    }

    /// <summary>
    /// With e = e^(-2|x|) and q = e - 1, both by fused sums of few roundings: q / -(1 + e) where |x| is small, for q keeps all digits near 0,
    /// and 1 - 2 e / (1 + e) elsewhere, where the error of the quotient counts half at most; with the sign of x.
    /// </summary>
    public readonly struct Tanh : IVectorFunction<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Invoke(Vector<T> x)
        {
            Vector<T> magnitude = Vector.Abs(x);
            Vector<T> z = Vector.ConditionalSelect(Vector.GreaterThan(magnitude, Saturated), Saturated, magnitude) * Constant(-2);
            Vector<T> rounded = MultiplyAdd(z, Constant(1 / Math.Log(2)), Rounder);
            Vector<T> power = PowerOf2(rounded);
            Vector<T> p = Expm1Near0(Reduce(z, rounded - Rounder));
            Vector<T> e = MultiplyAdd(power, p, power);
            Vector<T> q = MultiplyAdd(power, p, power - Vector<T>.One);
            Vector<T> isLarge = Vector.GreaterThan(magnitude, Constant(0.55));
            Vector<T> quotient = Vector.ConditionalSelect(isLarge, Constant(-2) * e, Vector.Abs(q)) / (Vector<T>.One + e);
            return (quotient + (isLarge & Vector<T>.One)) | (x & Constant(-0.0));
        }
    }

    /// <summary>x - n ln 2, with ln 2 in two parts of which the first has so few bits that its product with n is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Reduce(Vector<T> x, Vector<T> n) =>
        MultiplyAdd(n, Constant(2.12194440e-4f, -1.42860682030941723212e-6), MultiplyAdd(n, Constant(-0.693359375f, -0.693145751953125), x));

    /// <summary>e^r - 1 = r + r^2 (1/2! + r/3! + ...), with all digits near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Expm1Near0(Vector<T> r)
    {
        Vector<T> sum;
        if (typeof(T) == typeof(float))
        {
            sum = Constant(1 / 40320.0);
        }
        else
        {
            sum = MultiplyAdd(Constant(1 / 6227020800.0), r, Constant(1 / 479001600.0));
            sum = MultiplyAdd(sum, r, Constant(1 / 39916800.0));
            sum = MultiplyAdd(sum, r, Constant(1 / 3628800.0));
            sum = MultiplyAdd(sum, r, Constant(1 / 362880.0));
            sum = MultiplyAdd(sum, r, Constant(1 / 40320.0));
        }

        sum = MultiplyAdd(sum, r, Constant(1 / 5040.0));
        sum = MultiplyAdd(sum, r, Constant(1 / 720.0));
        sum = MultiplyAdd(sum, r, Constant(1 / 120.0));
        sum = MultiplyAdd(sum, r, Constant(1 / 24.0));
        sum = MultiplyAdd(sum, r, Constant(1 / 6.0));
        sum = MultiplyAdd(sum, r, Constant(0.5));
        return MultiplyAdd(sum, r * r, r);
    }

    /// <summary>2^n from n + <see cref="Rounder"/>: the last bits, moved into the exponent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> PowerOf2(Vector<T> rounded) => typeof(T) == typeof(float)
        ? Vector.As<int, T>((Vector.As<T, int>(rounded) << 23) + Vector.As<T, int>(Vector<T>.One))
        : Vector.As<long, T>((Vector.As<T, long>(rounded) << 52) + Vector.As<T, long>(Vector<T>.One));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Constant(double value) => Constant((float)value, value);

    /// <summary>A constant of each type; not converted by T, so that the compiler folds it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Constant(float single, double wide) => typeof(T) == typeof(float)
        ? Vector.As<float, T>(new Vector<float>(single))
        : Vector.As<double, T>(new Vector<double>(wide));
}
