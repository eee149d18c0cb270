namespace Exponential.Nn;

/// <summary>The unit that image models are compared in.</summary>
public static class BitsPerDim
{
    /// <summary>-logProb / (n ln 2), with n the number of elements of an event.</summary>
    /// <param name="logProb">Log-densities or log-probabilities in nats.</param>
    /// <param name="eventShape">The shape of one event.</param>
    public static Tensor FromNats(Tensor logProb, Shape eventShape)
    {
        ArgumentNullException.ThrowIfNull(logProb);
        return logProb * (-1 / (eventShape.ElementCount * Math.Log(2)));
    }

    /// <summary>The nats an event of a figure in bits per dimension: b n ln 2, with n the number of elements of an event.</summary>
    /// <param name="bitsPerDim">b.</param>
    /// <param name="eventShape">The shape of one event.</param>
    public static double ToNats(double bitsPerDim, Shape eventShape) => bitsPerDim * eventShape.ElementCount * Math.Log(2);
}
