namespace Exponential.Nn;

/// <summary>
/// One step of a <see cref="Flow"/>, from data towards the base distribution: a <see cref="Bijection"/>, or a <see cref="SplitPrior"/>, which
/// also takes some of the dimensions out.
/// </summary>
public abstract class FlowStep : Module
{
    /// <summary>The only event shape that the step takes, without the batch axis; null if it takes several.</summary>
    public virtual Shape? EventShape => null;

    /// <summary>The channels of the context that the step needs; 0 if it takes none.</summary>
    public virtual int ContextChannels => 0;

    /// <summary>The event shape that comes out for one that goes in.</summary>
    /// <exception cref="ArgumentException">The step does not take this shape.</exception>
    public virtual Shape OutputShape(Shape input) => RequireEvent(input, EventShape);

    /// <summary>The event shape that goes in for one that comes out.</summary>
    /// <exception cref="ArgumentException">The step does not give this shape.</exception>
    public virtual Shape InputShape(Shape output) => RequireEvent(output, EventShape);

    /// <summary>
    /// One step towards the base: the value, and what it adds to the log-density. Latents taken out are appended to
    /// <paramref name="latents"/> unless it is null.
    /// </summary>
    internal abstract (Tensor Value, Tensor LogDensity) Encode(Tensor x, Tensor? context, List<Tensor>? latents);

    /// <summary>One step back towards the data, with the latents that <see cref="Encode"/> took out; the last one put in comes first.</summary>
    internal abstract Tensor Decode(Tensor z, Tensor? context, Stack<Tensor> latents);

    /// <summary>One step back towards the data, drawing the latents taken out: the value, and what it adds to the log-density.</summary>
    internal abstract (Tensor Value, Tensor LogDensity) Sample(Tensor z, Tensor? context, Generator generator, double temperature);

    /// <summary>The part of a context that this step takes.</summary>
    internal Tensor? ContextOf(Tensor? context) => ContextChannels > 0 ? context : null;

    /// <summary>Checks a batch and returns its event shape.</summary>
    private protected Shape EventOf(Tensor x, string argument)
    {
        ArgumentNullException.ThrowIfNull(x, argument);
        if (x.Rank == 0 || x.Shape[0] == 0)
        {
            throw new ArgumentException($"{GetType().Name}: {argument} must be a batch of at least one; it is {x.Shape}", argument);
        }

        return x.Shape[1..];
    }

    private protected void CheckContext(Tensor? context, Tensor x)
    {
        if (ContextChannels == 0 && context is not null)
        {
            throw new ArgumentException($"{GetType().Name}: it takes no context; one of {context.Shape} was given", nameof(context));
        }

        if (ContextChannels == 0)
        {
            return;
        }

        if (context is null)
        {
            throw new ArgumentException(
                $"{GetType().Name}: it needs a context of {ContextChannels} channels; none was given", nameof(context));
        }

        if (context.Rank < 2 || context.Shape[0] != x.Shape[0] || context.Shape[1] != ContextChannels)
        {
            throw new ArgumentException(
                $"{GetType().Name}: context must have batch {x.Shape[0]} and {ContextChannels} channels; it is {context.Shape}",
                nameof(context));
        }
    }

    /// <summary>Requires a shape to equal the expected one, if there is one.</summary>
    private protected Shape RequireEvent(Shape actual, Shape? expected) =>
        expected is not { } shape || shape == actual
            ? actual
            : throw new ArgumentException($"{GetType().Name}: the event shape must be {shape}; it is {actual}");

    /// <summary>Requires a shape [C, H, W] with C channels, or any number of them if <paramref name="channels"/> is null.</summary>
    private protected Shape RequireImage(Shape actual, int? channels = null) =>
        actual.Rank == 3 && actual[0] == (channels ?? actual[0])
            ? actual
            : throw new ArgumentException(
                $"{GetType().Name}: the event shape must be [{(channels is null ? "channels" : $"{channels}")}, height, width]; it is {actual}");
}
