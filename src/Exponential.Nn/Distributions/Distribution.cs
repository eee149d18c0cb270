namespace Exponential.Nn;

/// <summary>A probability distribution over tensors of one event shape: log-densities in nats, and samples.</summary>
public abstract class Distribution : Module
{
    /// <summary>The shape of one event, without the batch axis.</summary>
    public abstract Shape EventShape { get; }

    /// <summary>The channels of the context that the distribution is conditioned on; 0 if it takes none.</summary>
    public virtual int ContextChannels => 0;

    /// <summary>The log-density of each event of a batch, in nats.</summary>
    /// <param name="x">[B, ..<see cref="EventShape"/>].</param>
    /// <param name="context">What the distribution is conditioned on, if it takes a context: batch first.</param>
    /// <returns>[B].</returns>
    /// <exception cref="ArgumentException">A shape or element type does not fit, or the batch is empty.</exception>
    public Tensor LogProb(Tensor x, Tensor? context = null)
    {
        CheckEvents(nameof(LogProb), nameof(x), x, EventShape);
        CheckContext(context, x.Shape[0]);
        FiniteChecks.Input(this, x);
        Tensor result = LogProbCore(x, context);
        FiniteChecks.LogDensity(this, result);
        return result;
    }

    /// <summary>Draws events, with their log-densities.</summary>
    /// <param name="count">How many.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <param name="context">What the distribution is conditioned on, if it takes a context; its batch is <paramref name="count"/>.</param>
    /// <param name="temperature">
    /// What Gaussian deviations are multiplied by: below 1, samples keep closer to the mode. The log-density is the distribution's own,
    /// that of temperature 1.
    /// </param>
    /// <returns>[count, ..<see cref="EventShape"/>] and [count].</returns>
    /// <exception cref="ArgumentException">The context does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is not positive or the temperature negative.</exception>
    public (Tensor Value, Tensor LogProb) Sample(int count, Generator generator, Tensor? context = null, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(generator);
        if (count < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(count), $"{GetType().Name}.Sample: count must be at least 1; it is {count}");
        }

        if (!(temperature >= 0) || double.IsInfinity(temperature))
        {
            throw new ArgumentOutOfRangeException(
                nameof(temperature), FormattableString.Invariant($"{GetType().Name}.Sample: temperature must be at least 0; it is {temperature}"));
        }

        CheckContext(context, count);
        return SampleCore(count, generator, context, temperature);
    }

    /// <summary>The log-densities [B], for arguments that fit.</summary>
    protected abstract Tensor LogProbCore(Tensor x, Tensor? context);

    /// <summary>Samples and log-densities [count], for arguments that fit.</summary>
    protected abstract (Tensor Value, Tensor LogProb) SampleCore(int count, Generator generator, Tensor? context, double temperature);

    /// <summary>Requires a batch of at least one event of a shape, in the element type of the parameters, if there are any.</summary>
    private protected void CheckEvents(string operation, string argument, Tensor batch, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(batch, argument);
        if (batch.Rank != shape.Rank + 1 || batch.Shape[1..] != shape || batch.Shape[0] == 0)
        {
            throw new ArgumentException(
                $"{GetType().Name}.{operation}: {argument} must be a batch [n, {string.Join(", ", shape)}] of at least one; it is {batch.Shape}",
                argument);
        }

        if (Parameters().FirstOrDefault() is { } parameter && parameter.DType != batch.DType)
        {
            throw new ArgumentException(
                $"{GetType().Name}.{operation}: {argument} must be {parameter.DType}, as the parameters are; it is {batch.DType}. Convert one with To(DType)",
                argument);
        }
    }

    /// <summary>Requires a context of the batch and <see cref="ContextChannels"/>, or none where none is taken.</summary>
    private protected void CheckContext(Tensor? context, int batch)
    {
        bool fits = ContextChannels == 0
            ? context is null
            : context is { Rank: >= 2 } && context.Shape[0] == batch && context.Shape[1] == ContextChannels;
        if (!fits)
        {
            string expected = ContextChannels == 0 ? "no context" : $"a context of batch {batch} and {ContextChannels} channels";
            throw new ArgumentException($"{GetType().Name}: it takes {expected}; {(context is null ? "none" : context.Shape)} was given");
        }
    }
}
