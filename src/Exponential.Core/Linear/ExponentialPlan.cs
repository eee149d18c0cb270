using System.Globalization;

namespace Exponential;

/// <summary>
/// How an exponential of a linear operator is computed, and the error that this certifies: exp(M) is taken as the K-term series of
/// exp(M/s), applied s times.
/// </summary>
/// <remarks>
/// With rho at least the operator norm of M, one step of K terms leaves a remainder of at most
/// delta = (rho/s)^(K+1)/(K+1)! e^(rho/s) times |x|, and s steps leave s delta e^((s-1) rho/s) |x|. Rounding adds at most a few units in
/// the last place for each product, relative to e^rho |x|.
/// </remarks>
public sealed record ExponentialPlan
{
    /// <summary>Units of rounding that a product with its addition is charged with: the measured worst is below one.</summary>
    private const double RoundingUnitsPerTerm = 1;

    /// <summary>The most products that a plan may take: a norm that needs more overflows float32 long before.</summary>
    private const int MostProducts = 100_000;

    private const int MostTermsInStep = 200;

    private ExponentialPlan(int terms, int steps, double normBound, double remainder, double tolerance)
    {
        Terms = terms;
        Steps = steps;
        NormBound = normBound;
        RemainderBound = remainder;
        Tolerance = tolerance;
    }

    /// <summary>The number of terms K after the identity, in each step.</summary>
    public int Terms { get; }

    /// <summary>The number of steps s.</summary>
    public int Steps { get; }

    /// <summary>The bound rho on the norm of M that the plan rests on; NaN where none was given.</summary>
    public double NormBound { get; }

    /// <summary>
    /// The certified truncation error relative to |x|, in the vector norm that rho belongs to, in exact arithmetic; NaN where no norm was given.
    /// </summary>
    public double RemainderBound { get; }

    /// <summary>The truncation error that was asked for, after the cap of <see cref="LeastTolerance"/>; NaN for a fixed number of terms.</summary>
    public double Tolerance { get; }

    /// <summary>The least tolerance worth asking for: the unit roundoff of the element type, 2^-24 or 2^-53. Less is hidden by rounding.</summary>
    public static double LeastTolerance(DType dtype) => dtype == DType.Float32 ? 1.0 / (1 << 24) : 1.0 / (1L << 53);

    /// <summary>
    /// An estimate of the rounding error of this plan relative to |x|: one unit in the last place of e^rho for each product.
    /// </summary>
    /// <param name="dtype">The element type it is computed in.</param>
    public double RoundingBound(DType dtype) => RoundingUnitsPerTerm * 2 * LeastTolerance(dtype) * Terms * Steps * Math.Exp(NormBound);

    /// <summary>A plan of a fixed number of terms in one step, as in the paper (6 in training and 13 in evaluation for the mixing layer).</summary>
    /// <param name="terms">The number of terms after the identity; 0 or more.</param>
    /// <param name="normBound">A bound on the norm of M, from which the remainder is certified; NaN where it is not known.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of terms is negative, or the bound is.</exception>
    public static ExponentialPlan Fixed(int terms, double normBound = double.NaN)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(terms);
        if (normBound < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(normBound), $"ExponentialPlan: a norm is not negative; got {normBound}");
        }

        return new ExponentialPlan(terms, 1, normBound, Remainder(normBound, terms, 1), double.NaN);
    }

    /// <summary>The plan with the fewest products s K whose certified remainder meets a tolerance; of equals, the one with fewer steps.</summary>
    /// <param name="normBound">A certified bound rho on the operator norm of M.</param>
    /// <param name="tolerance">The error allowed, relative to |x|; raised to <see cref="LeastTolerance"/> where it is below.</param>
    /// <param name="dtype">The element type of the computation.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The tolerance is not positive, the norm is not a finite number, or e^rho overflows the element type.
    /// </exception>
    public static ExponentialPlan ForTolerance(double normBound, double tolerance, DType dtype = DType.Float32)
    {
        if (!(tolerance > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(tolerance), $"ExponentialPlan: the tolerance is positive; got {tolerance}");
        }

        if (!(normBound >= 0) || double.IsInfinity(normBound))
        {
            throw new ArgumentOutOfRangeException(
                nameof(normBound), $"ExponentialPlan: the norm bound is a finite number of 0 or more; got {normBound}. Is the kernel finite?");
        }

        double largest = dtype == DType.Float32 ? Math.Log(float.MaxValue) : Math.Log(double.MaxValue);
        if (normBound > largest)
        {
            throw new ArgumentOutOfRangeException(
                nameof(normBound),
                $"ExponentialPlan: the norm of the operator is only known to be at most {normBound:G6}, and e^{normBound:G6} overflows {dtype}. Scale the operator down, for example by a spectral norm");
        }

        double target = Math.Max(tolerance, LeastTolerance(dtype));
        ExponentialPlan? best = null;
        for (int steps = 1; best is null || steps < (long)best.Terms * best.Steps; steps++)
        {
            int limit = best is null ? MostTermsInStep : Math.Min(MostTermsInStep, ((best.Terms * best.Steps) - 1) / steps);
            int terms = LeastTerms(normBound, steps, target, limit);
            if (terms >= 0)
            {
                best = new ExponentialPlan(terms, steps, normBound, Remainder(normBound, terms, steps), target);
            }
            else if (steps > MostProducts)
            {
                throw new ArgumentOutOfRangeException(nameof(normBound), $"ExponentialPlan: no plan for norm {normBound:G6} and tolerance {target:G3}");
            }
        }

        return best;
    }

    /// <summary>The plan as text: <c>9 terms, 1 step, remainder at most 8.1e-07</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Terms} {(Terms == 1 ? "term" : "terms")}, {Steps} {(Steps == 1 ? "step" : "steps")}, {(double.IsNaN(RemainderBound) ? "remainder not certified" : $"remainder at most {RemainderBound:0.0e-00}")}");

    /// <summary>s (rho/s)^(K+1)/(K+1)! e^(rho/s) e^((s-1) rho/s), computed in logarithms so that nothing overflows on the way.</summary>
    private static double Remainder(double rho, int terms, int steps)
    {
        if (rho == 0)
        {
            return 0;
        }

        double logPower = (terms + 1) * Math.Log(rho / steps);
        for (int i = 2; i <= terms + 1; i++)
        {
            logPower -= Math.Log(i);
        }

        // A few parts in 10^14 are added for the rounding of the logarithms.
        return Math.Exp(logPower + Math.Log(steps) + rho) * (1 + 1e-13);
    }

    private static int LeastTerms(double rho, int steps, double target, int limit)
    {
        for (int terms = rho == 0 ? 0 : 1; terms <= limit; terms++)
        {
            if (Remainder(rho, terms, steps) <= target)
            {
                return terms;
            }
        }

        return -1;
    }
}
