namespace Exponential.Nn;

/// <summary>Reads an optimizer's entries from a state and collects what does not fit, so that one error tells all of it.</summary>
internal sealed class OptimizerStateReader(StateDictionary state)
{
    /// <summary>Names an error lists: enough to see which model the state is of.</summary>
    private const int MostListed = 8;

    private readonly HashSet<string> _unread = [.. state.Keys];
    private readonly List<string> _missing = [];
    private readonly List<string> _wrong = [];

    /// <summary>A count of steps; 0 where it does not fit.</summary>
    public long Count(string name)
    {
        if (!TryRead(name, out StateValue value))
        {
            return 0;
        }

        if (value.IsInteger && value.Integer >= 0)
        {
            return value.Integer;
        }

        _wrong.Add($"{name} must be a count; it is {value}");
        return 0;
    }

    /// <summary>A moment, float[] or double[] as its parameter is; null where it does not fit.</summary>
    public Array? Moment(string name, Parameter parameter)
    {
        if (!TryRead(name, out StateValue value))
        {
            return null;
        }

        if (value.IsInteger || value.Tensor.Shape != parameter.Shape || value.Tensor.DType != parameter.DType)
        {
            string actual = value.IsInteger ? "an integer" : $"{value.Tensor.DType} {value.Tensor.Shape}";
            _wrong.Add($"{name} must be {parameter.DType} {parameter.Shape}; it is {actual}");
            return null;
        }

        return parameter.DType == DType.Float32 ? value.Tensor.ToArray<float>() : value.Tensor.ToArray<double>();
    }

    /// <summary>Ends the reading.</summary>
    /// <exception cref="InvalidDataException">Something was missing or wrong, or there is more than was read.</exception>
    public void ThrowIfUnfit()
    {
        string[] faults = [.. Listed("missing", _missing), .. Listed("unknown", _unread.Order()), .. _wrong.Take(MostListed)];
        if (faults.Length > 0)
        {
            throw new InvalidDataException($"optimizer state: it belongs to another model or optimizer: {string.Join("; ", faults)}");
        }
    }

    private static IEnumerable<string> Listed(string what, IEnumerable<string> names)
    {
        string[] all = [.. names];
        if (all.Length > 0)
        {
            string more = all.Length > MostListed ? $" and {all.Length - MostListed} more" : "";
            yield return $"{what}: {string.Join(", ", all.Take(MostListed))}{more}";
        }
    }

    private bool TryRead(string name, out StateValue value)
    {
        _unread.Remove(name);
        if (state.TryGetValue(name, out value))
        {
            return true;
        }

        _missing.Add(name);
        return false;
    }
}
