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

    public ForwardState(Module model, Generator noise)
    {
        _generators = [noise, .. model.NamedGenerators().Select(item => item.Generator)];
        _buffers = [.. model.Buffers()];
        _integers = [.. model.Integers()];
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
