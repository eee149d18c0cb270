namespace Exponential.Nn;

/// <summary>
/// What drawing needs of mathematics, from +, -, *, / and square root alone: IEEE 754 rounds these alike everywhere, and .NET neither
/// contracts nor reorders them, where Math.Sin may differ by an ulp between machines.
/// </summary>
internal static class SceneMath
{
    /// <summary>(cos, sin) of an angle in turns, to 4e-6.</summary>
    public static (double Cos, double Sin) UnitCircle(double turns) => (Sine(turns + 0.25), Sine(turns));

    /// <summary>sin(2 pi t), to 4e-6.</summary>
    public static double Sine(double turns)
    {
        // To [-1/4, 1/4] by sin(x) = sin(pi - x), then Taylor's polynomial of degree 9, whose first omitted term is (pi/2)^11/11! = 4e-6.
        double t = turns - Math.Floor(turns + 0.5);
        t = t > 0.25 ? 0.5 - t : t < -0.25 ? -0.5 - t : t;
        double x = 2 * Math.PI * t;
        double y = x * x;
        return x * (1 - (y / 6 * (1 - (y / 20 * (1 - (y / 42 * (1 - (y / 72))))))));
    }

    /// <summary>0 below 0, 1 above 1, between them 3t^2 - 2t^3.</summary>
    public static double SmoothStep(double t)
    {
        t = Saturate(t);
        return t * t * (3 - (2 * t));
    }

    /// <summary>t held in [0, 1].</summary>
    public static double Saturate(double t) => t > 0 ? (t < 1 ? t : 1) : 0;

    /// <summary>Length of (x, y).</summary>
    public static double Length(double x, double y) => Math.Sqrt((x * x) + (y * y));
}
