using System.Globalization;

namespace Exponential.Core.Tests;

/// <summary>
/// Random arrays from a seed that every failure prints. The seed comes from a name, so that adding a test moves no other; the
/// environment variable EXPONENTIAL_SEED adds a number to all of them.
/// </summary>
internal sealed class Sampler
{
    private readonly Generator _generator;

    public Sampler(string name)
    {
        // FNV-1a: string.GetHashCode differs from process to process.
        ulong hash = 14695981039346656037;
        foreach (char character in name)
        {
            hash = (hash ^ character) * 1099511628211;
        }

        Seed = hash + Offset;
        _generator = new Generator(Seed);
    }

    public ulong Seed { get; }

    private static ulong Offset { get; } =
        ulong.TryParse(Environment.GetEnvironmentVariable("EXPONENTIAL_SEED"), CultureInfo.InvariantCulture, out ulong offset) ? offset : 0;

    public override string ToString() => $"seed {Seed}";

    public NaiveArray Normal(int[] shape, double scale = 1) => NaiveArray.Of(_generator.Normal(shape, DType.Float64)).Map(value => value * scale);

    public NaiveArray Uniform(int[] shape, double low, double high) =>
        NaiveArray.Of(_generator.Uniform(shape, DType.Float64)).Map(value => low + ((high - low) * value));

    /// <summary>Numbers that keep at least a quarter of <paramref name="gap"/> from each other and from 0, in random order: no ties, no kinks.</summary>
    public NaiveArray Distinct(int[] shape, double gap = 0.1)
    {
        int count = shape.Aggregate(1, (product, length) => product * length);
        int[] order = [.. Enumerable.Range(0, count)];
        _generator.Shuffle(order.AsSpan());
        return new NaiveArray(shape, [.. order.Select(rank => gap * (rank - (count / 2) + 0.5 + (0.25 * _generator.NextDouble())))]);
    }

    /// <summary>Uniform numbers that keep a distance from every multiple of a unit, where a step function jumps.</summary>
    public NaiveArray BetweenMultiples(int[] shape, double unit, double low, double high) =>
        Uniform(shape, low, high).Map(value => (Math.Floor(value / unit) + 0.1 + (0.8 * ((value / unit) - Math.Floor(value / unit)))) * unit);

    /// <summary>Each element one of a few.</summary>
    public NaiveArray Choice(int[] shape, params double[] values) => Uniform(shape, 0, values.Length).Map(value => values[(int)value]);

    /// <summary>Square matrices 2 I + N/3, N standard normal: invertible, of small condition.</summary>
    public NaiveArray Matrices(params int[] shape)
    {
        NaiveArray noise = Normal(shape, 1.0 / 3);
        return NaiveArray.Build(shape, index => noise[index] + (index[^1] == index[^2] ? 2 : 0));
    }
}
