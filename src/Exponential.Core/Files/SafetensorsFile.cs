using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Exponential;

/// <summary>
/// A file in the safetensors format: named tensors and string metadata. Opening reads and checks the header; the tensors are read from
/// the file when asked for. Whatever bytes it is given, it ends in whole values or in one <see cref="InvalidDataException"/> that names
/// the file, the entry, what was expected and what was found; memory is only taken for what the file really holds.
/// </summary>
/// <remarks>
/// The format: 8 bytes with the length of the header, little-endian; the header in JSON, {"name": {"dtype": "F32", "shape": [2, 3],
/// "data_offsets": [begin, end]}, ..., "__metadata__": {"key": "value", ...}}; the data, little-endian, row-major, covered by the
/// entries without overlap or hole.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private readonly string _name;
    private readonly SafeFileHandle? _handle; // one of the two is there
    private readonly byte[]? _memory;
    private readonly long _dataStart;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string name, SafeFileHandle? handle, byte[]? memory, long length)
    {
        _name = name;
        _handle = handle;
        _memory = memory;
        if (length < 8)
        {
            throw SafetensorsHeader.Error(name, $"expected at least the 8 bytes of the header's length; the file has {length}{SafetensorsHeader.Doubt}");
        }

        Span<byte> prefix = stackalloc byte[8];
        Fill(0, prefix);
        byte[] json = new byte[SafetensorsHeader.CheckLength(name, BinaryPrimitives.ReadUInt64LittleEndian(prefix), length)];
        Fill(8, json);
        _dataStart = 8 + json.Length;
        _header = SafetensorsHeader.Parse(name, json, length - _dataStart);
    }

    /// <summary>The tensors by name, in the header's order.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The strings stored beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file, which stays open until this object is disposed.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is damaged, cut short, or no safetensors file.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        // Delete is shared so that a new checkpoint can be renamed over this one while it is being read.
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            return new SafetensorsFile(path, handle, null, RandomAccess.GetLength(handle));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads a whole stream, from where it stands to its end, into memory.</summary>
    /// <param name="stream">The stream; it need not be able to seek.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="InvalidDataException">The content is damaged, cut short, or no safetensors file.</exception>
    public static SafetensorsFile Read(Stream stream, string name = "stream")
    {
        ArgumentNullException.ThrowIfNull(stream);
        using MemoryStream memory = new();
        stream.CopyTo(memory);
        return new SafetensorsFile(name, null, memory.ToArray(), memory.Length);
    }

    /// <summary>The bytes of a tensor as they are: little-endian, row-major.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="InvalidDataException">It is too large for one array, or the file was cut short since it was opened.</exception>
    public byte[] ReadBytes(string name) => ReadBytes(Find(name));

    /// <summary>A tensor of any floating type in float32, rounded to nearest where it is wider.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="InvalidDataException">It holds integers, is too large for one array, or the file was cut short.</exception>
    public float[] ReadFloats(string name)
    {
        SafetensorsEntry entry = Find(name);
        switch (entry.Type)
        {
            case SafetensorsType.Float16:
                return Convert(entry, bytes => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes));
            case SafetensorsType.BFloat16:
                return Convert(entry, BFloat16);
            case SafetensorsType.Float32:
                return Convert(entry, BinaryPrimitives.ReadSingleLittleEndian);
            case SafetensorsType.Float64:
                return Convert(entry, bytes => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes));
            default:
                throw SafetensorsHeader.Error(_name, name, $"expected a floating type; found {entry.Type.Name()} (ReadIntegers reads it)");
        }
    }

    /// <summary>A tensor of any floating type in float64; exact.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="InvalidDataException">It holds integers, is too large for one array, or the file was cut short.</exception>
    public double[] ReadDoubles(string name)
    {
        SafetensorsEntry entry = Find(name);
        return entry.Type == SafetensorsType.Float64
            ? Convert(entry, BinaryPrimitives.ReadDoubleLittleEndian)
            : Array.ConvertAll(ReadFloats(name), x => (double)x);
    }

    /// <summary>A tensor of any integer type, or of truth values as 0 and 1, in 64-bit integers; exact.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="InvalidDataException">
    /// It holds floating numbers, a number above 2^63 - 1, a truth value other than 0 and 1, is too large for one array, or the file was
    /// cut short.
    /// </exception>
    public long[] ReadIntegers(string name)
    {
        SafetensorsEntry entry = Find(name);
        long[] values = entry.Type switch
        {
            SafetensorsType.Bool or SafetensorsType.UInt8 => Convert(entry, bytes => (long)bytes[0]),
            SafetensorsType.Int8 => Convert(entry, bytes => (long)(sbyte)bytes[0]),
            SafetensorsType.UInt16 => Convert(entry, bytes => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes)),
            SafetensorsType.Int16 => Convert(entry, bytes => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes)),
            SafetensorsType.UInt32 => Convert(entry, bytes => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
            SafetensorsType.Int32 => Convert(entry, bytes => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            SafetensorsType.UInt64 or SafetensorsType.Int64 => Convert(entry, BinaryPrimitives.ReadInt64LittleEndian),
            _ => throw SafetensorsHeader.Error(
                _name, name, $"expected an integer type; found {entry.Type.Name()} (ReadFloats and ReadDoubles read it)"),
        };

        if (entry.Type == SafetensorsType.UInt64 && Array.Find(values, x => x < 0) is long large and < 0)
        {
            throw SafetensorsHeader.Error(_name, name, $"expected numbers up to {long.MaxValue}; found {(ulong)large}");
        }

        if (entry.Type == SafetensorsType.Bool && Array.Find(values, x => x > 1) is long odd and > 1)
        {
            throw SafetensorsHeader.Error(_name, name, $"expected truth values 0 and 1; found {odd}");
        }

        return values;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle?.Dispose();

    private static float BFloat16(ReadOnlySpan<byte> bytes) =>
        BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16);

    private SafetensorsEntry Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _header.Entries.TryGetValue(name, out SafetensorsEntry? entry)
            ? entry
            : throw new KeyNotFoundException(
                $"Safetensors: {_name}: no entry {SafetensorsHeader.Quote(name)}; it has {_header.Entries.Count}: " +
                string.Join(", ", _header.Entries.Keys.Take(20).Select(SafetensorsHeader.Quote)) +
                (_header.Entries.Count > 20 ? ", ..." : ""));
    }

    private byte[] ReadBytes(SafetensorsEntry entry)
    {
        long length = entry.End - entry.Begin;
        if (length > Array.MaxLength)
        {
            throw SafetensorsHeader.Error(_name, entry.Name, $"expected at most {Array.MaxLength} bytes in one tensor; found {length}");
        }

        byte[] bytes = new byte[length];
        Fill(_dataStart + entry.Begin, bytes);
        return bytes;
    }

    private T[] Convert<T>(SafetensorsEntry entry, Converter<T> convert)
    {
        byte[] bytes = ReadBytes(entry);
        int size = entry.Type.Size();
        T[] values = new T[bytes.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = convert(bytes.AsSpan(i * size, size));
        }

        return values;
    }

    private void Fill(long position, Span<byte> destination)
    {
        if (_memory is not null)
        {
            _memory.AsSpan((int)position, destination.Length).CopyTo(destination);
            return;
        }

        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(_handle!, destination, position);
            if (count == 0)
            {
                throw SafetensorsHeader.Error(_name, $"expected {destination.Length} bytes at byte {position}; the file was cut short while open");
            }

            destination = destination[count..];
            position += count;
        }
    }

    private delegate T Converter<T>(ReadOnlySpan<byte> bytes);
}
