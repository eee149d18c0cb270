using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

public class ExponentialPlanTests
{
    // M = rho I attains the norm at every step. What is left out is a sum of positive numbers, so float64 has it to a few ulp.
    [Property(MaxTest = 500)]
    public void The_certificate_bounds_the_remainder_of_a_scalar_and_is_at_most_ten_times_it(ushort norm, byte digits)
    {
        double rho = norm / 65535.0 * (norm % 3 == 0 ? 88 : norm % 3 == 1 ? 8 : 1);
        double tolerance = Math.Pow(10, -1 - digits % 15);
        ExponentialPlan plan = ExponentialPlan.ForTolerance(rho, tolerance, DType.Float64);
        double remainder = ScalarRemainder(rho, plan.Terms, plan.Steps);
        Assert.True(plan.RemainderBound >= remainder * (1 - 1e-13), $"rho {rho}: {plan}, true remainder {remainder:R}");
        Assert.True(plan.RemainderBound <= 10 * remainder, $"rho {rho}: {plan}, true remainder {remainder:R}");
        Assert.True(plan.RemainderBound <= tolerance);
        Assert.Equal((rho, tolerance), (plan.NormBound, plan.Tolerance));
    }

    // A matrix without negative entries and with equal row and column sums has that sum as its 2-norm and as its eigenvalue.
    [Property(MaxTest = 60)]
    public void The_certificate_bounds_the_remainder_of_a_matrix_that_attains_its_norm(ulong seed, byte norm, byte digits)
    {
        const int N = 6;
        double rho = (norm + 1) / 64.0;
        double[] a = Array.ConvertAll(MatrixTesting.Normal<double>(seed, N), Math.Abs);
        double sum = a.Sum();
        double[] m = new double[N * N];
        for (int i = 0; i < N * N; i++)
        {
            m[i] = a[(i % N + N - i / N) % N] * rho / sum; // circulant
        }

        ExponentialPlan plan = ExponentialPlan.ForTolerance(rho * (1 + 1e-14), Math.Pow(10, -1 - digits % 9), DType.Float64);
        double[] exact = Exponential(m, N, terms: 40, steps: 8);
        double[] truncated = Exponential(m, N, plan.Terms, plan.Steps);
        double[] difference = [.. exact.Zip(truncated, (x, y) => x - y)];
        double remainder = new NaiveConvolution(difference, N, N, 1, 1, 1, 1).NormFromBelow();

        // Both exponentials are rounded, relative to e^rho.
        double rounding = 200 * MatrixTesting.Epsilon<double>() * Math.Exp(rho);
        Assert.True(plan.RemainderBound >= remainder - rounding, $"{plan}, true remainder {remainder:R}");
        Assert.True(plan.RemainderBound <= 10 * remainder + rounding, $"{plan}, true remainder {remainder:R}");
    }

    [Property(MaxTest = 150)]
    public void No_plan_with_fewer_products_meets_the_tolerance(ushort norm, byte digits, bool isDouble)
    {
        double rho = norm / 65535.0 * (norm % 2 == 0 ? 80 : 4);
        DType dtype = isDouble ? DType.Float64 : DType.Float32;
        double tolerance = Math.Max(Math.Pow(10, -1 - digits % 15), ExponentialPlan.LeastTolerance(dtype));
        ExponentialPlan plan = ExponentialPlan.ForTolerance(rho, tolerance, dtype);

        // Steps whose rounding stays within the tolerance, or 16 units.
        double growth = Math.Max(16, tolerance / ExponentialPlan.LeastTolerance(dtype));
        Assert.InRange(Math.Exp(rho / plan.Steps), 1, growth * (1 + 1e-12));
        int best = int.MaxValue;
        for (int steps = (int)Math.Max(1, Math.Ceiling(rho / Math.Log(growth))); steps <= 300; steps++)
        {
            for (int terms = 1; terms <= 200 && terms * steps < best; terms++)
            {
                if (Certificate(rho, terms, steps) <= tolerance * (1 - 1e-9))
                {
                    best = terms * steps;
                }
            }
        }

        // The certificate is worked out otherwise here: at a tie within 1e-9 of the tolerance the two may differ.
        Assert.True(plan.Terms * plan.Steps <= best, $"rho {rho}, tolerance {tolerance}: {plan}, but {best} products do");
        double own = Certificate(rho, plan.Terms, plan.Steps);
        Assert.InRange(plan.RemainderBound, own * (1 - 1e-10), own * (1 + 1e-9) + double.Epsilon);
    }

    [Property(MaxTest = 100)]
    public void A_looser_tolerance_or_a_smaller_norm_never_costs_more(ushort norm, byte digits, byte more)
    {
        double rho = norm / 65535.0 * 40;
        double tolerance = Math.Pow(10, -1 - digits % 15);
        int cost = Cost(rho, tolerance);
        Assert.True(Cost(rho, tolerance * (1 + more / 16.0)) <= cost);
        Assert.True(Cost(rho / (1 + more / 256.0), tolerance) <= cost);

        static int Cost(double rho, double tolerance)
        {
            ExponentialPlan plan = ExponentialPlan.ForTolerance(rho, tolerance, DType.Float64);
            return plan.Terms * plan.Steps;
        }
    }

    [Fact]
    public void A_tolerance_below_the_roundoff_of_the_type_is_raised_to_it()
    {
        Assert.Equal(Math.Pow(2, -24), ExponentialPlan.ForTolerance(1, 1e-30, DType.Float32).Tolerance);
        Assert.Equal(Math.Pow(2, -53), ExponentialPlan.ForTolerance(1, 1e-30, DType.Float64).Tolerance);
        Assert.Equal(1e-10, ExponentialPlan.ForTolerance(1, 1e-10, DType.Float64).Tolerance);
    }

    // With no terms a kernel that starts at zero would have no gradient and stay there.
    [Theory]
    [InlineData(0)]
    [InlineData(1e-300)]
    [InlineData(1e-12)]
    public void There_is_always_a_term(double rho)
    {
        ExponentialPlan plan = ExponentialPlan.ForTolerance(rho, 1e-6);
        Assert.Equal((1, 1), (plan.Terms, plan.Steps));
        Assert.Equal(rho == 0, plan.RemainderBound == 0);
        Assert.InRange(plan.RemainderBound, 0, rho * rho / 2 * (1 + 1e-9) + double.Epsilon);
    }

    [Theory]
    [InlineData(88.5, DType.Float32)]
    [InlineData(709.5, DType.Float64)]
    public void The_largest_norms_have_plans(double rho, DType dtype)
    {
        ExponentialPlan plan = ExponentialPlan.ForTolerance(rho, 1e-30, dtype);
        Assert.True(plan.RemainderBound <= plan.Tolerance);
        Assert.InRange(plan.Steps * plan.Terms, 2 * (int)rho, 140 * (int)rho);
    }

    [Theory]
    [InlineData(89, DType.Float32, "the norm of the operator is only known to be at most 89, and e^89 overflows Float32")]
    [InlineData(710, DType.Float64, "the norm of the operator is only known to be at most 710, and e^710 overflows Float64")]
    [InlineData(double.PositiveInfinity, DType.Float32, "the norm bound is a finite number of 0 or more; got Infinity. Is the kernel finite?")]
    [InlineData(double.NaN, DType.Float32, "the norm bound is a finite number of 0 or more; got NaN. Is the kernel finite?")]
    [InlineData(-1, DType.Float32, "the norm bound is a finite number of 0 or more; got -1")]
    public void Norms_without_a_plan_are_errors(double rho, DType dtype, string expected)
    {
        ArgumentOutOfRangeException exception =
            Assert.Throws<ArgumentOutOfRangeException>(() => ExponentialPlan.ForTolerance(rho, 1e-6, dtype));
        Assert.StartsWith("ExponentialPlan: " + expected, exception.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1e-3)]
    [InlineData(double.NaN)]
    public void A_tolerance_must_be_positive(double tolerance)
    {
        Assert.StartsWith(
            "ExponentialPlan: the tolerance is positive; got ",
            Assert.Throws<ArgumentOutOfRangeException>(() => ExponentialPlan.ForTolerance(1, tolerance)).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(13)]
    [InlineData(400)]
    public void A_fixed_number_of_terms_is_certified_where_the_norm_is_known(int terms)
    {
        foreach (double rho in (double[])[0.01, 0.95, 3, 30])
        {
            ExponentialPlan plan = ExponentialPlan.Fixed(terms, rho);
            Assert.Equal((terms, 1), (plan.Terms, plan.Steps));
            Assert.True(plan.RemainderBound >= ScalarRemainder(rho, terms, 1) * (1 - 1e-13));
        }

        Assert.Equal(0, ExponentialPlan.Fixed(terms, 0).RemainderBound);
        Assert.Equal(double.PositiveInfinity, ExponentialPlan.Fixed(terms, double.PositiveInfinity).RemainderBound);
        Assert.True(double.IsNaN(ExponentialPlan.Fixed(terms).RemainderBound));
        Assert.True(double.IsNaN(ExponentialPlan.Fixed(terms, 1).Tolerance));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExponentialPlan.Fixed(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExponentialPlan.Fixed(1, -1));
    }

    // The paper's 6 terms at norm 0.95, as design notes quote: 0.95^7/7! is 1.4e-4.
    [Fact]
    public void Text()
    {
        Assert.Equal("6 terms, 1 step, remainder at most 1.6e-4", ExponentialPlan.Fixed(6, 0.95).ToString());
        Assert.Equal("9 terms, 1 step, remainder not certified", ExponentialPlan.Fixed(9).ToString());
        Assert.Equal("1 term, 1 step, remainder at most 0", ExponentialPlan.ForTolerance(0, 1e-6).ToString());
        Assert.Matches("^[0-9]+ terms, [0-9]+ steps, remainder at most [0-9.e-]+$", ExponentialPlan.ForTolerance(20, 1e-6).ToString());
    }

    [Property(MaxTest = 500)]
    public void The_text_never_claims_less_than_the_certificate(ushort norm, byte terms)
    {
        ExponentialPlan plan = ExponentialPlan.Fixed(terms % 20, (norm + 1) / 10000.0);
        string text = plan.ToString();
        double claimed = double.Parse(text[(text.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(claimed, plan.RemainderBound, 1.1 * plan.RemainderBound);
    }

    // exp(-rho) by one long series would be lost in the rounding of its e^rho; short steps keep it.
    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(30)]
    public void Rounding_stays_small_where_the_exponential_is_small(double rho)
    {
        ExponentialPlan plan = ExponentialPlan.ForTolerance(rho, 1e-6, DType.Float32);
        float value = 1;
        for (int step = 0; step < plan.Steps; step++)
        {
            float start = value;
            for (int i = plan.Terms; i >= 1; i--)
            {
                value = start - (float)rho * value / (i * plan.Steps);
            }
        }

        // Truncation, and each step's rounding of 16 u or so.
        Assert.InRange(Math.Abs(value - Math.Exp(-rho)), 0, plan.RemainderBound + 20 * Math.Pow(2, -24));
    }

    private static double ScalarRemainder(double rho, int terms, int steps)
    {
        double q = rho / steps;
        double term = 1;
        double series = 1;
        for (int i = 1; i <= terms; i++)
        {
            term *= q / i;
            series += term;
        }

        double rest = 0;
        for (int i = terms + 1; i <= terms + 1000; i++)
        {
            term *= q / i;
            rest += term;
        }

        // e^(sq) - T^s = (e^q - T) (e^((s-1)q) + e^((s-2)q) T + ... + T^(s-1)): all positive, and every product of the same size.
        double sum = 0;
        for (int j = 0; j < steps; j++)
        {
            sum += Math.Exp((steps - 1 - j) * q) * Math.Pow(series, j);
        }

        return rest * sum;
    }

    private static double Certificate(double rho, int terms, int steps)
    {
        double q = rho / steps;
        double first = 1;
        for (int i = 1; i <= terms + 1; i++)
        {
            first *= q / i;
        }

        double tail = q <= (terms + 2) / 2.0 ? Math.Min(Math.Exp(q), 1 / (1 - q / (terms + 2))) : Math.Exp(q);
        return steps * first * tail * Math.Exp((steps - 1) * q);
    }

    // exp(m / steps) by its series, to the power of steps by products; plain loops.
    private static double[] Exponential(double[] m, int n, int terms, int steps)
    {
        double[] result = MatrixTesting.Identity(n);
        for (int step = 0; step < steps; step++)
        {
            double[] start = result;
            for (int i = terms; i >= 1; i--)
            {
                double[] product = MatrixTesting.Multiply(m, result, n, n, n);
                result = [.. start.Zip(product, (x, y) => x + y / (i * steps))];
            }
        }

        return result;
    }
}
