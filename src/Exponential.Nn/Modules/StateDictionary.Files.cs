namespace Exponential.Nn;

public sealed partial class StateDictionary
{
    /// <summary>Reads a state from a safetensors file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or holds something else than floating tensors and single whole numbers.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static StateDictionary Load(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return Read(file);
    }

    /// <summary>Reads a state from the entries of a safetensors file whose names start with a prefix, under what follows it.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="prefix">What the names start with.</param>
    /// <param name="except">Entries whose names start with this are left out, unread; null leaves none out.</param>
    /// <exception cref="InvalidDataException">An entry is neither a floating tensor nor a single whole number.</exception>
    public static StateDictionary Read(SafetensorsFile file, string prefix = "", string? except = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(prefix);
        var state = new StateDictionary();
        foreach ((string name, SafetensorsEntry entry) in file.Entries)
        {
            bool isLeftOut = except is not null && name.StartsWith(except, StringComparison.Ordinal);
            if (!isLeftOut && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                state.Add(name[prefix.Length..], ReadValue(file, entry));
            }
        }

        return state;
    }

    /// <summary>Writes the state to a safetensors file, in one piece: a kill at any moment leaves a whole file, the old or the new.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <exception cref="IOException">It could not be written; what was there before is untouched.</exception>
    public void Save(string path)
    {
        var writer = new SafetensorsWriter();
        Write(writer);
        writer.Write(path);
    }

    /// <summary>Adds the state to a safetensors file that is being put together, each name behind a prefix.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="prefix">What the names will start with.</param>
    public void Write(SafetensorsWriter writer, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(writer);
        foreach ((string name, StateValue value) in _values)
        {
            if (value.IsInteger)
            {
                writer.Add(prefix + name, new long[] { value.Integer }, []);
            }
            else
            {
                writer.Add(prefix + name, value.Tensor);
            }
        }
    }

    private static StateValue ReadValue(SafetensorsFile file, SafetensorsEntry entry)
    {
        switch (entry.Type)
        {
            case SafetensorsType.Float64:
                return Tensor.FromArray(file.ReadDoubles(entry.Name), ShapeOf(entry));
            case SafetensorsType.Float16 or SafetensorsType.BFloat16 or SafetensorsType.Float32:
                return Tensor.FromArray(file.ReadFloats(entry.Name), ShapeOf(entry));
            default:
                return entry.ElementCount == 1
                    ? file.ReadIntegers(entry.Name)[0]
                    : throw new InvalidDataException($"StateDictionary: {entry} is an array of whole numbers; a state holds single ones");
        }
    }

    // The number of elements fits an array, for they have been read; a length next to one of zero need not fit.
    private static Shape ShapeOf(SafetensorsEntry entry) =>
        entry.Shape.All(length => length <= int.MaxValue)
            ? entry.Shape.Select(length => (int)length).ToArray()
            : throw new InvalidDataException($"StateDictionary: {entry} has an axis longer than {int.MaxValue}");
}
