using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Exponential;

/// <summary>
/// Collects named tensors and string metadata and writes them as a safetensors file. The same content always gives the same bytes:
/// entries are laid out by falling element size (so that each is aligned), then by name, and metadata by key.
/// </summary>
public sealed class SafetensorsWriter
{
    private readonly SortedDictionary<string, Content> _contents = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);

    /// <summary>Adds a tensor of type F32.</summary>
    /// <param name="name">Its name: unique, well-formed text, and not "__metadata__".</param>
    /// <param name="values">Its elements, row-major. They are not copied: they must stay as they are until the file is written.</param>
    /// <param name="shape">Its sizes; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The name is taken or not allowed, or the shape does not fit the number of elements.</exception>
    public void Add(string name, ReadOnlyMemory<float> values, ReadOnlySpan<int> shape) =>
        Add(name, SafetensorsType.Float32, values, shape);

    /// <summary>Adds a tensor of type F64; see the overload for F32.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its elements, row-major, not copied.</param>
    /// <param name="shape">Its sizes.</param>
    /// <exception cref="ArgumentException">The name is taken or not allowed, or the shape does not fit the number of elements.</exception>
    public void Add(string name, ReadOnlyMemory<double> values, ReadOnlySpan<int> shape) =>
        Add(name, SafetensorsType.Float64, values, shape);

    /// <summary>Adds a tensor of type I64; see the overload for F32.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its elements, row-major, not copied.</param>
    /// <param name="shape">Its sizes.</param>
    /// <exception cref="ArgumentException">The name is taken or not allowed, or the shape does not fit the number of elements.</exception>
    public void Add(string name, ReadOnlyMemory<long> values, ReadOnlySpan<int> shape) =>
        Add(name, SafetensorsType.Int64, values, shape);

    /// <summary>Adds a tensor of type U8; see the overload for F32.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its elements, row-major, not copied.</param>
    /// <param name="shape">Its sizes.</param>
    /// <exception cref="ArgumentException">The name is taken or not allowed, or the shape does not fit the number of elements.</exception>
    public void Add(string name, ReadOnlyMemory<byte> values, ReadOnlySpan<int> shape) =>
        Add(name, SafetensorsType.UInt8, values, shape);

    /// <summary>Adds a tensor of type F32 or F64. It is read when the file is written, through an array that is used again.</summary>
    internal void Add(string name, Tensor tensor)
    {
        int[] shape = tensor.Shape.Dimensions.ToArray();
        Add(name, tensor.DType == DType.Float32
            ? new TensorContent<float>(SafetensorsType.Float32, shape, tensor)
            : new TensorContent<double>(SafetensorsType.Float64, shape, tensor));
    }

    /// <summary>Adds a string beside the tensors.</summary>
    /// <param name="key">Its key: unique, well-formed text.</param>
    /// <param name="value">Well-formed text.</param>
    /// <exception cref="ArgumentException">The key is taken, or one of the two has half a surrogate pair.</exception>
    public void AddMetadata(string key, string value)
    {
        CheckText(key, nameof(key));
        CheckText(value, nameof(value));
        if (!_metadata.TryAdd(key, value))
        {
            throw new ArgumentException($"SafetensorsWriter: metadata {SafetensorsHeader.Quote(key)} was added before", nameof(key));
        }
    }

    /// <summary>
    /// Writes the file by way of <see cref="AtomicFile.Write"/>: a kill at any moment, or a failure, leaves a whole file, the old or the new.
    /// </summary>
    /// <param name="path">The file to create or replace.</param>
    /// <exception cref="IOException">It could not be written; what was there before is untouched.</exception>
    public void Write(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes to a stream.</summary>
    /// <param name="stream">The stream, which need not be able to seek.</param>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("SafetensorsWriter: needs a little-endian processor, as the format is little-endian");
        }

        (string Name, Content Content)[] entries =
            [.. _contents.Select(pair => (pair.Key, pair.Value)).OrderByDescending(entry => entry.Value.Type.Size())];
        byte[] header = MakeHeader(entries);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, Content content) in entries)
        {
            content.WriteTo(stream);
        }
    }

    private byte[] MakeHeader((string Name, Content Content)[] entries)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in _metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long begin = 0;
            foreach ((string name, Content content) in entries)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", content.Type.Name());
                json.WriteStartArray("shape");
                foreach (int size in content.Shape)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                begin += content.ByteLength;
                json.WriteNumberValue(begin);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        if (buffer.WrittenCount > SafetensorsHeader.MaxLength - 8)
        {
            throw new InvalidOperationException(
                $"SafetensorsWriter: the header may have at most {SafetensorsHeader.MaxLength} bytes; names and metadata make it {buffer.WrittenCount}");
        }

        // Spaces up to a multiple of 8, so that the data is aligned.
        int padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenSpan.ToArray();
    }

    private void Add<T>(string name, SafetensorsType type, ReadOnlyMemory<T> values, ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        long count = 1;
        bool fits = true;
        foreach (int size in shape)
        {
            fits &= size >= 0 && count <= int.MaxValue;
            count *= fits ? size : 0;
        }

        if (!fits || count != values.Length)
        {
            throw new ArgumentException(
                $"SafetensorsWriter: {SafetensorsHeader.Quote(name)} has shape [{string.Join(", ", shape.ToArray())}], but {values.Length} elements came",
                nameof(shape));
        }

        Add(name, new ArrayContent<T>(type, shape.ToArray(), values));
    }

    private void Add(string name, Content content)
    {
        CheckText(name, nameof(name));
        if (name == "__metadata__" || !_contents.TryAdd(name, content))
        {
            string reason = name == "__metadata__" ? "is a name kept for the metadata" : "was added before";
            throw new ArgumentException($"SafetensorsWriter: {SafetensorsHeader.Quote(name)} {reason}", nameof(name));
        }
    }

    // Half a surrogate pair cannot be written in UTF-8.
    private static void CheckText(string text, string argument)
    {
        ArgumentNullException.ThrowIfNull(text, argument);
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                throw new ArgumentException($"SafetensorsWriter: {SafetensorsHeader.Quote(text)} has half a surrogate pair", argument);
            }
        }
    }

    private abstract class Content(SafetensorsType type, int[] shape)
    {
        public SafetensorsType Type => type;

        public int[] Shape => shape;

        public abstract long ByteLength { get; }

        public abstract void WriteTo(Stream stream);

        protected static void Write<T>(Stream stream, ReadOnlySpan<T> values)
            where T : unmanaged
        {
            // In pieces: the bytes of an array of elements may be more than a span can count.
            const int Piece = 1 << 20;
            for (; values.Length > Piece; values = values[Piece..])
            {
                stream.Write(MemoryMarshal.AsBytes(values[..Piece]));
            }

            stream.Write(MemoryMarshal.AsBytes(values));
        }
    }

    private sealed class ArrayContent<T>(SafetensorsType type, int[] shape, ReadOnlyMemory<T> values) : Content(type, shape)
        where T : unmanaged
    {
        public override long ByteLength => (long)values.Length * Type.Size();

        public override void WriteTo(Stream stream) => Write(stream, values.Span);
    }

    private sealed class TensorContent<T>(SafetensorsType type, int[] shape, Tensor tensor) : Content(type, shape)
        where T : unmanaged
    {
        public override long ByteLength => (long)tensor.ElementCount * Type.Size();

        public override void WriteTo(Stream stream)
        {
            T[] rented = ArrayPool<T>.Shared.Rent(tensor.ElementCount);
            Span<T> values = rented.AsSpan(0, tensor.ElementCount);
            tensor.CopyTo(values);
            Write<T>(stream, values);
            ArrayPool<T>.Shared.Return(rented);
        }
    }
}
