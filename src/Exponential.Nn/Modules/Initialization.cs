namespace Exponential.Nn;

/// <summary>What the initial values of parameters are drawn from.</summary>
internal static class Initialization
{
    /// <summary>The given generator, or a fresh one with a random seed, so that two modules made without one still differ.</summary>
    public static Generator OrFresh(Generator? generator) => generator ?? new Generator((ulong)Random.Shared.NextInt64());

    /// <summary>Uniform in [-bound, bound).</summary>
    public static Tensor Uniform(Shape shape, double bound, Generator generator, DType dtype) =>
        (generator.Uniform(shape, dtype) * (2 * bound)) - bound;
}
