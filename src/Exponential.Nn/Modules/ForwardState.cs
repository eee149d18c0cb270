namespace Exponential.Nn;

/// <summary>
/// What a forward pass in training mode changes: generators, buffers and whole numbers. Capturing it copies references only, tensors being
/// values, so that every step can afford to know where it started.
/// </summary>
internal sealed class ForwardState
{
    private readonly Generator[] _generators;
    private readonly StateBuffer[] _buffers;
    private readonly IntegerBuffer[] _integers;

    /// <summary>Watches a module, and generators that it does not own.</summary>
    public ForwardState(Module module, params ReadOnlySpan<Generator> others)
    {
        _generators = [.. others, .. module.NamedGenerators().Select(item => item.Generator)];
        _buffers = [.. module.Buffers()];
        _integers = [.. module.Integers()];
    }

    public Values Capture() => new(
        Array.ConvertAll(_generators, generator => generator.Offset),
        Array.ConvertAll(_buffers, buffer => buffer.Value),
        Array.ConvertAll(_integers, integer => integer.Value));

    public void Restore(Values values)
    {
        for (int i = 0; i < _generators.Length; i++)
        {
            _generators[i].Offset = values.Generators[i];
        }

        for (int i = 0; i < _buffers.Length; i++)
        {
            _buffers[i].Value = values.Buffers[i];
        }

        for (int i = 0; i < _integers.Length; i++)
        {
            _integers[i].Value = values.Integers[i];
        }
    }

    /// <summary>The values at one moment.</summary>
    public readonly record struct Values(ulong[] Generators, Tensor[] Buffers, long[] Integers);
}
