using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Exponential.Nn;

/// <summary>
/// A module's state: every parameter and buffer under its full name, in the order of registration. The names are those of the original
/// PyTorch code's <c>state_dict</c>. Its tensors stay what they were when it was taken, however the module is trained on.
/// </summary>
public sealed partial class StateDictionary : IReadOnlyDictionary<string, StateValue>
{
    private readonly OrderedDictionary<string, StateValue> _values = new(StringComparer.Ordinal);

    /// <summary>The number of entries.</summary>
    public int Count => _values.Count;

    /// <summary>The names, in order.</summary>
    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>The values, in order.</summary>
    public IEnumerable<StateValue> Values => _values.Values;

    /// <summary>The entry of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is no such entry.</exception>
    public StateValue this[string name] =>
        _values.TryGetValue(name, out StateValue value)
            ? value
            : throw new KeyNotFoundException($"StateDictionary: there is no entry '{name}' among {Count}");

    /// <summary>Adds an entry.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(string name, StateValue value)
    {
        if (!_values.TryAdd(name, value))
        {
            throw new ArgumentException($"StateDictionary: there are two entries '{name}'", nameof(name));
        }
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StateValue value) => _values.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, StateValue>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
