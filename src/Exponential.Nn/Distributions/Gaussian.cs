namespace Exponential.Nn;

/// <summary>The standard normal density of an event.</summary>
internal static class Gaussian
{
    private static readonly double HalfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    /// <summary>The sum over each event of -v²/2 - ln(2 pi)/2: [B].</summary>
    public static Tensor LogDensity(Tensor v)
    {
        Tensor squares = v.Square();
        Tensor sum = v.Rank == 1 ? squares : squares.Sum([.. Enumerable.Range(1, v.Rank - 1)]);
        return (sum * -0.5) - (HalfLogTwoPi * (v.ElementCount / v.Shape[0]));
    }
}
