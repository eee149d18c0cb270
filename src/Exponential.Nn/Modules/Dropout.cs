namespace Exponential.Nn;

/// <summary>
/// In training, zeroes each element with probability p and multiplies the others by 1/(1-p), so that the mean is kept; in evaluation the
/// identity.
/// </summary>
public sealed class Dropout : Network
{
    private readonly double _probability;
    private readonly Generator _generator;

    /// <summary>Makes the layer.</summary>
    /// <param name="probability">The probability p of dropping an element, in [0, 1).</param>
    /// <param name="generator">Seeds the layer's own generator, which <see cref="Module.NamedGenerators"/> lists; a fresh random one if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability lies outside [0, 1).</exception>
    public Dropout(double probability, Generator? generator = null)
    {
        if (!(probability >= 0 && probability < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(probability), $"Dropout: probability must lie in [0, 1); it is {FormattableString.Invariant($"{probability}")}");
        }

        _probability = probability;
        _generator = AddGenerator("generator", new Generator(Initialization.OrFresh(generator).NextUInt64()));
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x)
    {
        if (!Training || _probability == 0)
        {
            return x;
        }

        Tensor kept = _generator.Uniform(x.Shape, x.DType).GreaterOrEqual(_probability);
        return x * (kept * (1 / (1 - _probability)));
    }
}
