using System.Text;

namespace Exponential.Nn;

/// <summary>Matches a state against a module's entries: collects what fits and what does not, and changes the module only if all fits.</summary>
internal sealed class StateLoader(StateDictionary state)
{
    // Long lists of errors hide the pattern; a checkpoint of another model can differ in hundreds of entries.
    private const int MostListed = 20;

    private readonly List<Action> _assignments = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _missing = [];
    private readonly List<string> _misfits = [];
    private readonly List<string> _altered = [];

    public void Tensor(string name, Tensor current, Action<Tensor> assign)
    {
        if (!Find(name, out StateValue value))
        {
            return;
        }

        if (value.IsInteger || !(value.Tensor.Shape == current.Shape || (current.Rank == 0 && value.Tensor.Shape == [1])))
        {
            _misfits.Add($"{name}: expected {current.Shape}, found {(value.IsInteger ? "an integer" : value.Tensor.Shape)}");
            return;
        }

        _assignments.Add(() => assign(value.Tensor.Detach().Reshape(current.Shape).To(current.DType)));
    }

    public void Buffer(string name, StateBuffer buffer)
    {
        if (buffer.IsConstant && state.TryGetValue(name, out StateValue value) && !value.IsInteger && value.Tensor.Shape == buffer.Value.Shape
            && !Values(value.Tensor).AsSpan().SequenceEqual(Values(buffer.Value)))
        {
            _altered.Add(name);
        }

        Tensor(name, buffer.Value, value => buffer.Value = value);
    }

    public void Integer(string name, Action<long> assign)
    {
        if (!Find(name, out StateValue value))
        {
            return;
        }

        if (!value.IsInteger)
        {
            _misfits.Add($"{name}: expected an integer, found {value}");
            return;
        }

        _assignments.Add(() => assign(value.Integer));
    }

    public void Commit(string module)
    {
        List<string> unknown = [.. state.Keys.Where(name => !_known.Contains(name))];
        if (_missing.Count + unknown.Count + _misfits.Count + _altered.Count > 0)
        {
            var message = new StringBuilder($"{module}.LoadState: the state belongs to another module or other settings; nothing was loaded");
            Append(message, "missing", _missing);
            Append(message, "unknown", unknown);
            Append(message, "wrong shape", _misfits);
            Append(message, "constant of the module with other values", _altered);
            throw new InvalidDataException(message.ToString());
        }

        _assignments.ForEach(assign => assign());
    }

    private static void Append(StringBuilder message, string title, List<string> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        message.Append($"; {title} ({items.Count}): {string.Join(", ", items.Take(MostListed))}");
        if (items.Count > MostListed)
        {
            message.Append(", ...");
        }
    }

    private static double[] Values(Tensor tensor) => tensor.Detach().To(DType.Float64).ToArray<double>();

    private bool Find(string name, out StateValue value)
    {
        _known.Add(name);
        bool found = state.TryGetValue(name, out value);
        if (!found)
        {
            _missing.Add(name);
        }

        return found;
    }
}
