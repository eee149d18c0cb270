namespace Exponential.Core.Tests;

/// <summary>
/// Central differences in float64. With the step eps^(1/3) times the size of x, truncation (h^2 f'''/6) and rounding (eps f / h)
/// both stay near eps^(2/3), so that is the unit of the tolerance.
/// </summary>
internal static class FiniteDifferences
{
    private static readonly double Step = Math.Cbrt(Tolerance.Epsilon(DType.Float64));

    /// <summary>eps^(2/3), 4e-11: the relative error of a central difference of a function whose derivatives are of one size.</summary>
    public static double Unit => Step * Step;

    /// <summary>The derivative of f with respect to every element of one of its arguments.</summary>
    public static NaiveArray Gradient(Func<NaiveArray[], double> f, NaiveArray[] inputs, int input)
    {
        NaiveArray x = inputs[input];
        double[] gradient = new double[x.Count];
        for (int position = 0; position < x.Count; position++)
        {
            double value = x.Values[position];
            double above = value + (Step * Math.Max(1, Math.Abs(value)));
            double below = value - (Step * Math.Max(1, Math.Abs(value)));
            gradient[position] = (At(above) - At(below)) / (above - below);

            double At(double moved) => f([.. inputs.Select((other, index) => index == input ? x.With(position, moved) : other)]);
        }

        return new NaiveArray(x.Shape, gradient);
    }
}
