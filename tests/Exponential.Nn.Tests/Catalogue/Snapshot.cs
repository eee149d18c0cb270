namespace Exponential.Nn.Tests;

/// <summary>
/// A module's state and the places of its generators. Restored before each call, it makes training mode repeatable: dropout draws the
/// same mask, and the power iteration starts from the same vectors.
/// </summary>
internal sealed class Snapshot(Module module)
{
    private readonly StateDictionary _state = module.State();
    private readonly (Generator Generator, ulong Offset)[] _generators =
        [.. module.NamedGenerators().Select(item => (item.Generator, item.Generator.Offset))];

    public void Restore()
    {
        module.LoadState(_state);
        foreach ((Generator generator, ulong offset) in _generators)
        {
            generator.Offset = offset;
        }
    }
}
