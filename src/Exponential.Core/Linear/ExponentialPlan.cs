using System.Globalization;

namespace Exponential;

/// <summary>
/// How an exponential of a linear operator is computed, and the error that this certifies: exp(M) is taken as the K-term series of
/// exp(M/s), applied s times.
/// </summary>
/// <remarks>
/// <para>
/// With rho at least the operator norm of M and q = rho/s, one step of K terms leaves a remainder of at most
/// <c>delta = q^(K+1)/(K+1)! min(e^q, 1/(1 - q/(K+2)))</c> times |x|: from its first term on, the rest is at most that term times the
/// series of e^q, and times a geometric series (used up to q = (K+2)/2). Then s steps leave at most <c>s delta e^((s-1) q)</c>, as each
/// of the other steps multiplies by e^q at most. M = rho I comes close to it.
/// </para>
/// <para>
/// What is certified is the truncation, in exact arithmetic. Rounding comes on top: see <see cref="RoundingEstimate"/>. So a tolerance
/// below the unit roundoff u of the element type buys nothing and is raised to it (<see cref="LeastTolerance"/>). Within a step values may
/// grow to e^q |x| and cancel again, as for exp(-rho I), and leave a rounding error of u e^q |x|. So steps are kept short enough for
/// <c>u e^q</c> to stay within the tolerance, or within 16 u where that is less: one step up to norm 2.77 at the least.
/// </para>
/// <para>
/// The derivative with respect to M is that of the truncated series, whose remainder is about (K+1)/rho times as large.
/// </para>
/// </remarks>
public sealed record ExponentialPlan
{
    /// <summary>Units of rounding that a product with its addition is charged with: the measured worst is below one where arithmetic is tight.</summary>
    private const double RoundingUnitsPerTerm = 1;

    // What a step may multiply rounding by, where the tolerance would not allow even that.
    private const double LeastGrowth = 16;

    // Enough at q <= 1 for any norm whose exponential is a number, and so for any plan: 1/200! is 1e-375.
    private const int MostTermsInStep = 200;

    /// <summary>The most terms of a step: where more would be needed, more steps are cheaper.</summary>
    public const int MostTerms = 1000;

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
    /// The certified truncation error relative to |x|, in the vector norm that rho belongs to, in exact arithmetic; NaN where no norm was
    /// given.
    /// </summary>
    public double RemainderBound { get; }

    /// <summary>The truncation error that was asked for, after the cap of <see cref="LeastTolerance"/>; NaN for a fixed number of terms.</summary>
    public double Tolerance { get; }

    /// <summary>The least tolerance worth asking for: the unit roundoff of the element type, 2^-24 or 2^-53. Less is hidden by rounding.</summary>
    public static double LeastTolerance(DType dtype) => dtype == DType.Float32 ? 1.0 / (1 << 24) : 1.0 / (1L << 53);

    /// <summary>
    /// An estimate of the rounding error of this plan relative to |x|: one unit in the last place of e^rho for each product. It holds for
    /// <see cref="ArithmeticAccuracy.Tight"/>; with <see cref="ArithmeticAccuracy.Fast"/> a convolution in float32 may err by up to 5e-6 instead.
    /// </summary>
    /// <param name="dtype">The element type it is computed in.</param>
    public double RoundingEstimate(DType dtype) => RoundingUnitsPerTerm * 2 * LeastTolerance(dtype) * Terms * Steps * Math.Exp(NormBound);

    /// <summary>A plan of a fixed number of terms in one step, as in the paper (6 in training and 13 in evaluation for the mixing layer).</summary>
    /// <param name="terms">The number of terms after the identity; 0 or more.</param>
    /// <param name="normBound">A bound on the norm of M, from which the remainder is certified; NaN where it is not known.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of terms is negative or above <see cref="MostTerms"/>, or the bound is negative.</exception>
    public static ExponentialPlan Fixed(int terms, double normBound = double.NaN)
    {
        if (terms is < 0 or > MostTerms)
        {
            throw new ArgumentOutOfRangeException(nameof(terms), $"ExponentialPlan: expects 0 to {MostTerms} terms; got {terms}");
        }

        if (normBound < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(normBound), $"ExponentialPlan: a norm is not negative; got {normBound}");
        }

        RemainderSeries series = new(normBound, 1);
        while (series.Terms < terms)
        {
            series.AddTerm();
        }

        return new ExponentialPlan(terms, 1, normBound, series.Bound(), double.NaN);
    }

    /// <summary>
    /// The plan with the fewest products s K whose certified remainder meets a tolerance, among those whose steps are short enough for
    /// their rounding; of equals, the one with fewer steps. It has at least one term, even where none would do: without it M would have no
    /// derivative.
    /// </summary>
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
                nameof(normBound),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"ExponentialPlan: the norm bound is a finite number of 0 or more; got {normBound}. Is the kernel finite?"));
        }

        double largest = dtype == DType.Float32 ? Math.Log(float.MaxValue) : Math.Log(double.MaxValue);
        if (normBound > largest)
        {
            throw new ArgumentOutOfRangeException(
                nameof(normBound),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"ExponentialPlan: the norm of the operator is only known to be at most {normBound:G6}, and e^{normBound:G6} overflows {dtype}. ") +
                "Scale the operator down, for example by a spectral norm");
        }

        double target = Math.Max(tolerance, LeastTolerance(dtype));
        double longestStep = Math.Log(Math.Max(target / LeastTolerance(dtype), LeastGrowth));
        int fewestSteps = Math.Max(1, (int)Math.Ceiling(normBound / longestStep));

        // A step of K terms is at least one product, so more steps than the best plan has products cannot be better.
        ExponentialPlan? best = null;
        for (int steps = fewestSteps; best is null || steps < best.Terms * best.Steps; steps++)
        {
            int limit = best is null ? MostTermsInStep : Math.Min(MostTermsInStep, (best.Terms * best.Steps - 1) / steps);
            RemainderSeries series = new(normBound, steps);
            while (series.Terms < limit)
            {
                series.AddTerm();
                double remainder = series.Bound();
                if (remainder <= target)
                {
                    best = new ExponentialPlan(series.Terms, steps, normBound, remainder, target);
                    break;
                }
            }
        }

        return best;
    }

    /// <summary>The plan as text: <c>9 terms, 1 step, remainder at most 8.1e-7</c>, the last number rounded up.</summary>
    public override string ToString()
    {
        string remainder = double.IsNaN(RemainderBound) ? "remainder not certified" : $"remainder at most {RoundedUp(RemainderBound)}";
        return $"{Terms} {(Terms == 1 ? "term" : "terms")}, {Steps} {(Steps == 1 ? "step" : "steps")}, {remainder}";
    }

    private static string RoundedUp(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        // Two digits; in decimal, where tenths of a power of ten are exact.
        string text = value.ToString("0.0e-0", CultureInfo.InvariantCulture);
        if (double.Parse(text, CultureInfo.InvariantCulture) >= value)
        {
            return text;
        }

        int split = text.IndexOf('e', StringComparison.Ordinal);
        decimal digits = decimal.Parse(text.AsSpan(0, split), CultureInfo.InvariantCulture) + 0.1m;
        int exponent = int.Parse(text.AsSpan(split + 1), CultureInfo.InvariantCulture);
        return digits < 10 ? FormattableString.Invariant($"{digits}e{exponent}") : FormattableString.Invariant($"1.0e{exponent + 1}");
    }

    /// <summary>The certified remainder as terms are added one by one, in logarithms, so that nothing overflows on the way.</summary>
    private struct RemainderSeries
    {
        private const double U = 1.0 / (1L << 53);

        private readonly double _q;
        private double _log; // of s e^((s-1) q) q^(K+1)/(K+1)!
        private double _size; // the sum of the absolute values that make it up

        public RemainderSeries(double rho, int steps)
        {
            _q = rho / steps;
            _log = Math.Log(steps) + (rho - _q) + Math.Log(_q);
            _size = Math.Log(steps) + rho + Math.Abs(Math.Log(_q));
        }

        public int Terms { get; private set; }

        public void AddTerm()
        {
            Terms++;
            double log = Math.Log(_q / (Terms + 1));
            _log += log;
            _size += Math.Abs(log);
        }

        public readonly double Bound()
        {
            if (_q == 0 || !double.IsFinite(_q))
            {
                return _q;
            }

            double tail = _q <= (Terms + 2) / 2.0 ? Math.Min(_q, -Math.Log(1 - _q / (Terms + 2))) : _q;

            // Each logarithm is off by a few u of itself and of 1, the sum by u of what has been added up, at each addition.
            double rounding = 2 * (Terms + 8) * U * (_size + tail + 1);
            return Math.BitIncrement(Math.Exp(_log + tail + rounding) * (1 + 4 * U));
        }
    }
}
