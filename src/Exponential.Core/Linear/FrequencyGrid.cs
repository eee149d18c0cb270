namespace Exponential;

/// <summary>
/// The frequencies theta_u = 2 pi (u + s) / N, u = 0 .. N - 1, of a direction of period N, s = 0 or, for a twist by a phase of pi, 1/2.
/// </summary>
internal readonly struct FrequencyGrid(int period, bool half)
{
    /// <summary>The number of frequencies.</summary>
    public int Period => period;

    /// <summary>How many, from 0 on, are enough to have one of each pair u, <see cref="Mirror"/>(u).</summary>
    public int HalfCount => half ? (period + 1) / 2 : period / 2 + 1;

    /// <summary>The index of -theta_u.</summary>
    public int Mirror(int u) => half ? period - 1 - u : (period - u) % period;

    /// <summary>e^(i theta_u offset).</summary>
    public (double Cos, double Sin) Wave(int u, int offset)
    {
        // The angle in units of pi / N, brought near zero while it is an integer.
        long turn = (2L * u + (half ? 1 : 0)) * offset % (2 * period);
        turn -= turn > period ? 2 * period : turn < -period ? -2 * period : 0;
        (double sin, double cos) = double.SinCosPi(turn / (double)period);
        return (cos, sin);
    }
}
