namespace Exponential.Nn.Tests;

/// <summary>
/// Numerical differentiation that measures its own error: extrapolated central differences at falling steps, of which the one with the
/// least estimated error counts. So a kink near the point (a ReLU's) makes it step closer instead of spoiling the result.
/// </summary>
internal static class NumericDerivative
{
    // From there on, rounding outweighs truncation for functions of our scale.
    private const int SmallestStep = 22;

    /// <summary>Asserts that a derivative at 0 equals the numerical one of a function, within ten times the latter's estimated error.</summary>
    public static void Assert(double derivative, Func<double, double> f, string what)
    {
        (double value, double error) = Estimate(f);
        double scale = Math.Max(1, Math.Abs(value));
        Xunit.Assert.True(
            error <= 1e-6 * scale,
            FormattableString.Invariant($"{what}: the numerical derivative {value:G6} is only known to {error:G3}, too coarse to compare with"));
        double allowed = (10 * error) + (1e-10 * scale);
        Xunit.Assert.True(
            Math.Abs(derivative - value) <= allowed,
            FormattableString.Invariant($"{what}: the derivative is {derivative:G12}, numerically {value:G12}; {allowed:G3} is allowed"));
    }

    private static (double Value, double Error) Estimate(Func<double, double> f)
    {
        (double Value, double Error) best = (double.NaN, double.PositiveInfinity);
        for (int exponent = 7; exponent <= SmallestStep; exponent += 3)
        {
            double step = Math.ScaleB(1, -exponent);
            double scale = 0;
            double first = Central(f, step, ref scale);
            double second = Central(f, step / 2, ref scale);
            double third = Central(f, step / 4, ref scale);

            // Richardson: the error of a central difference falls with the square of the step.
            double coarse = ((4 * second) - first) / 3;
            double fine = ((4 * third) - second) / 3;
            double rounding = 64 * Math.ScaleB(1, -52) * scale / step;
            double error = Math.Abs(fine - coarse) + rounding;
            best = error < best.Error ? (fine, error) : best;
            if (best.Error <= 1e-9 * Math.Max(1, Math.Abs(best.Value)))
            {
                break;
            }
        }

        return best;
    }

    private static double Central(Func<double, double> f, double step, ref double scale)
    {
        (double above, double below) = (f(step), f(-step));
        scale = Math.Max(scale, Math.Max(Math.Abs(above), Math.Abs(below)));
        return (above - below) / (2 * step);
    }
}
