namespace Exponential.Nn.Tests;

/// <summary>One distribution of the catalogue: how a random instance is made, and what is known of it by other means.</summary>
/// <param name="Name">Names the case.</param>
/// <param name="Make">Makes an instance.</param>
/// <param name="LogProb">The log-density of a batch of one, worked out in another way.</param>
internal sealed record DistributionCase(
    string Name, Func<Generator, DType, Distribution> Make, Func<Distribution, Tensor, Tensor?, double> LogProb)
{
    /// <summary>Draws a batch of the distribution's domain, in float64; standard Gaussian unless the domain is smaller.</summary>
    public Func<Shape, Generator, Tensor> Domain { get; init; } = (shape, generator) => generator.Normal(shape, DType.Float64);

    /// <summary>
    /// Takes samples to numbers whose mean, deviation and fourth moment over variance squared are known: [n, k] and, for each of the k, those.
    /// </summary>
    public required Func<Distribution, Tensor, Tensor?, (Tensor Numbers, double[] Mean, double[] Deviation, double Kurtosis)> Moments { get; init; }

    /// <summary>The interval that holds all but a negligible part of the probability; null where the event is not one number.</summary>
    public (double Low, double High)? Interval { get; init; }

    /// <summary>Height and width of the context; null for those of the event.</summary>
    public Shape? ContextSize { get; init; }

    /// <summary>Whether samples have a temperature.</summary>
    public bool HasTemperature { get; init; } = true;

    /// <summary>The rounded operations that one log-density is the end of, without its sum over the event.</summary>
    public int Work { get; init; } = 16;

    public override string ToString() => Name;

    public Distribution Instance(int seed, DType dtype = DType.Float64)
    {
        var generator = new Generator((ulong)seed);
        Distribution distribution = Make(generator, dtype);
        RandomState.Draw(distribution, generator);
        distribution.Eval();
        return distribution;
    }

    /// <summary>A random context for a batch; null if the distribution takes none.</summary>
    public Tensor? ContextFor(Distribution distribution, int batch, Generator generator) => distribution.ContextChannels == 0
        ? null
        : generator.Normal([batch, distribution.ContextChannels, .. ContextSize ?? distribution.EventShape[1..]], DType.Float64);
}
