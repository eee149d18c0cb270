using System.Text.Json;
using System.Text.Unicode;

namespace Exponential;

/// <summary>
/// Reads the header of a safetensors file and checks all that it claims against the length of the data that follows: afterwards every
/// entry lies inside the file, has the bytes that its type and shape need, and the entries cover the data without overlap or hole.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The longest header accepted, as in the format's reference implementation.</summary>
    public const long MaxLength = 100_000_000;

    private const string MetadataKey = "__metadata__";
    private const int MaxRank = 64;

    private readonly string _file;
    private readonly long _dataLength;

    private SafetensorsHeader(string file, long dataLength)
    {
        _file = file;
        _dataLength = dataLength;
    }

    public OrderedDictionary<string, SafetensorsEntry> Entries { get; } = [];

    public OrderedDictionary<string, string> Metadata { get; } = [];

    /// <summary>What a file of another format shows first.</summary>
    public const string Doubt = "; it is cut short, or no safetensors file";

    /// <summary>Checks the header's length as given in the file's first 8 bytes.</summary>
    public static int CheckLength(string file, ulong headerLength, long fileLength)
    {
        ulong rest = (ulong)fileLength - 8;
        if (headerLength > rest)
        {
            throw Error(file, $"expected a header of {headerLength} bytes, as its first 8 bytes say; only {rest} bytes follow them{Doubt}");
        }

        if (headerLength > MaxLength)
        {
            throw Error(file, $"the header may have at most {MaxLength} bytes; its first 8 bytes say {headerLength}{Doubt}");
        }

        return (int)headerLength;
    }

    /// <summary>Parses and checks a header, in front of <paramref name="dataLength"/> bytes of data.</summary>
    public static SafetensorsHeader Parse(string file, ReadOnlySpan<byte> json, long dataLength)
    {
        SafetensorsHeader header = new(file, dataLength);
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw Error(file, "the header must begin with '{'; " + (json.IsEmpty ? "it is empty" : $"it begins with byte {json[0]}") + Doubt);
        }

        if (!Utf8.IsValid(json))
        {
            throw Error(file, "the header is not valid UTF-8");
        }

        // Three levels are all there is: the header, an entry, its shape.
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
        try
        {
            header.ReadAll(ref reader);
        }
        catch (JsonException exception)
        {
            throw Error(file, $"the header is not valid JSON: {exception.Message}");
        }

        header.CheckLayout();
        return header;
    }

    /// <summary>The one form of all errors about the content of a file.</summary>
    public static InvalidDataException Error(string file, string message) => new($"Safetensors: {file}: {message}");

    /// <summary>An error about one entry.</summary>
    public static InvalidDataException Error(string file, string entry, string message) =>
        Error(file, $"entry {Quote(entry)}: {message}");

    /// <summary>A name from a file, made fit for a message: a hostile one may be megabytes of control characters.</summary>
    public static string Quote(string name)
    {
        const int Longest = 100;
        string head = name.Length <= Longest ? name : name[..Longest] + "...";
        return "\"" + string.Concat(head.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString())) + "\"";
    }

    private void ReadAll(ref Utf8JsonReader reader)
    {
        bool hasMetadata = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = Text(ref reader);
            reader.Read();
            if (name == MetadataKey)
            {
                if (hasMetadata)
                {
                    throw Error(_file, $"the header has {MetadataKey} twice");
                }

                hasMetadata = true;
                ReadMetadata(ref reader);
            }
            else
            {
                SafetensorsEntry entry = ReadEntry(ref reader, name);
                if (!Entries.TryAdd(name, entry))
                {
                    throw Error(_file, name, "appears twice in the header");
                }
            }
        }

        // At the end only white space may follow: more would be a JsonException.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Error(_file, $"{MetadataKey}: expected an object of strings; found {reader.TokenType}");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = Text(ref reader);
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Error(_file, $"{MetadataKey}, key {Quote(key)}: expected a string; found {reader.TokenType}");
            }

            if (!Metadata.TryAdd(key, Text(ref reader)))
            {
                throw Error(_file, $"{MetadataKey}, key {Quote(key)}: appears twice");
            }
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Error(_file, name, $"expected an object with dtype, shape and data_offsets; found {reader.TokenType}");
        }

        string? typeName = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = Text(ref reader);
            reader.Read();
            switch (field)
            {
                case "dtype" when typeName is null:
                    typeName = reader.TokenType == JsonTokenType.String
                        ? Text(ref reader)
                        : throw Error(_file, name, $"dtype: expected a string; found {reader.TokenType}");
                    break;
                case "shape" when shape is null:
                    shape = ReadIntegers(ref reader, name, field);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadIntegers(ref reader, name, field);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Error(_file, name, $"{field} appears twice");
                default:
                    reader.Skip();
                    break;
            }
        }

        if (typeName is null || shape is null || offsets is null)
        {
            string missing = typeName is null ? "dtype" : shape is null ? "shape" : "data_offsets";
            throw Error(_file, name, $"{missing} is missing; expected dtype, shape and data_offsets");
        }

        return MakeEntry(name, typeName, shape, offsets);
    }

    private long[] ReadIntegers(ref Utf8JsonReader reader, string name, string field)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Error(_file, name, $"{field}: expected an array of integers; found {reader.TokenType}");
        }

        List<long> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
            {
                string found = reader.TokenType == JsonTokenType.Number
                    ? Quote(System.Text.Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(40, reader.ValueSpan.Length)]))
                    : reader.TokenType.ToString();
                throw Error(_file, name, $"{field}: expected integers from 0 to {long.MaxValue}; found {found}");
            }

            if (values.Count == MaxRank)
            {
                throw Error(_file, name, $"{field}: expected at most {MaxRank} numbers; found more");
            }

            values.Add(value);
        }

        return [.. values];
    }

    private SafetensorsEntry MakeEntry(string name, string typeName, long[] shape, long[] offsets)
    {
        if (!SafetensorsTypes.TryParse(typeName, out SafetensorsType type))
        {
            throw Error(_file, name, $"dtype: expected one of {SafetensorsTypes.AllNames}; found {Quote(typeName)}");
        }

        if (offsets.Length != 2 || offsets[0] > offsets[1] || offsets[1] > _dataLength)
        {
            throw Error(
                _file, name,
                $"data_offsets: expected [begin, end] inside the {_dataLength} bytes of data; found [{string.Join(", ", offsets)}]");
        }

        long bytes = type.Size();
        foreach (long size in shape)
        {
            if (Math.BigMul(bytes, size) > long.MaxValue)
            {
                throw Error(_file, name, $"shape: [{string.Join(", ", shape)}] has more elements than can be counted");
            }

            bytes *= size;
        }

        if (bytes != offsets[1] - offsets[0])
        {
            throw Error(
                _file, name,
                $"{typeName} [{string.Join(", ", shape)}] takes {bytes} bytes; data_offsets [{offsets[0]}, {offsets[1]}] span {offsets[1] - offsets[0]}");
        }

        return new SafetensorsEntry(name, type, shape, bytes / type.Size(), offsets[0], offsets[1]);
    }

    private void CheckLayout()
    {
        long end = 0;
        SafetensorsEntry? previous = null;
        foreach (SafetensorsEntry entry in Entries.Values.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != end)
            {
                string expected = previous is null ? "the first entry must begin at byte 0" : $"{Quote(previous.Name)} ends at byte {end}";
                throw Error(
                    _file, entry.Name,
                    $"begins at byte {entry.Begin}, but {expected}: " + (entry.Begin < end ? "they overlap" : "the bytes between belong to no entry"));
            }

            end = entry.End;
            previous = entry;
        }

        if (end != _dataLength)
        {
            throw Error(_file, $"the entries end at byte {end} of the data; it has {_dataLength} bytes, and the rest belongs to no entry");
        }
    }

    // An escape like \ud800 alone is valid JSON and UTF-8 but no text.
    private string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error(_file, $"the header has a string with half a surrogate pair near byte {reader.TokenStartIndex}");
        }
    }
}
