using System.Buffers.Binary;
using System.Text;
using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

/// <summary>Damaged and hostile files: each ends in one InvalidDataException that says what is wrong, and nothing is allocated on its word.</summary>
public sealed class HostileSafetensorsTests : IDisposable
{
    private const string Good = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("exponential-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Reads a file made of a header and data.</summary>
    internal static SafetensorsFile Read(string header, byte[] data) => SafetensorsFile.Read(new MemoryStream(File(Encoding.UTF8.GetBytes(header), data)));

    [Fact]
    public void The_good_file_is_read()
    {
        using SafetensorsFile file = Read(Good + "   ", new byte[8]);
        Assert.Equal([0f, 0f], file.ReadFloats("w"));
        using SafetensorsFile empty = Read("{}", []);
        Assert.Empty(empty.Entries);
    }

    [Theory]
    [InlineData(new byte[0], "expected at least the 8 bytes of the header's length; the file has 0")]
    [InlineData(new byte[] { 1, 0, 0 }, "expected at least the 8 bytes of the header's length; the file has 3")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0 }, "the header must begin with '{'; it is empty")]
    [InlineData(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 123, 125 }, "expected a header of 3 bytes, as its first 8 bytes say; only 2 bytes follow them")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 123 }, "expected a header of 18446744073709551615 bytes")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 127, 123 }, "expected a header of 9223372036854775807 bytes")]
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 0, 0, 0, 123 }, "expected a header of 4294967296 bytes")]
    [InlineData(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0, 32, 123 }, "the header must begin with '{'; it begins with byte 32")]
    [InlineData(new byte[] { 4, 0, 0, 0, 0, 0, 0, 0, 123, 34, 0xFF, 34 }, "the header is not valid UTF-8")]
    public void Bad_bytes(byte[] content, string expected)
    {
        AssertBad(expected, () => SafetensorsFile.Read(new MemoryStream(content), "model.safetensors"));
        string path = Path.Combine(_folder, "model.safetensors");
        System.IO.File.WriteAllBytes(path, content);
        AssertBad(expected, () => SafetensorsFile.Open(path));
    }

    [Theory]
    [InlineData("{", "the header is not valid JSON")]
    [InlineData("{} x", "the header is not valid JSON")]
    [InlineData("{}{}", "the header is not valid JSON")]
    [InlineData("{\"w\":{}}", "entry \"w\": dtype is missing; expected dtype, shape and data_offsets")]
    [InlineData("{\"w\":1}", "entry \"w\": expected an object with dtype, shape and data_offsets; found Number")]
    [InlineData("{\"w\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", "entry \"w\": expected an object with dtype, shape and data_offsets; found StartArray")]
    [InlineData("{\"w\":{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}}", "the header is not valid JSON")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", "entry \"w\": data_offsets is missing")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "entry \"w\": shape is missing")]
    [InlineData("{\"w\":{\"dtype\":3,\"shape\":[2],\"data_offsets\":[0,8]}}", "entry \"w\": dtype: expected a string; found Number")]
    [InlineData("{\"w\":{\"dtype\":\"F12\",\"shape\":[2],\"data_offsets\":[0,8]}}", "entry \"w\": dtype: expected one of BOOL, U8, ")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "entry \"w\": dtype appears twice")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":\"2\",\"data_offsets\":[0,8]}}", "entry \"w\": shape: expected an array of integers; found String")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "entry \"w\": shape: expected integers from 0 to 9223372036854775807; found \"-2\"")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", "entry \"w\": shape: expected integers from 0 to 9223372036854775807; found \"2.0\"")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}", "entry \"w\": shape: expected integers")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[null],\"data_offsets\":[0,8]}}", "entry \"w\": shape: expected integers from 0 to 9223372036854775807; found Null")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807],\"data_offsets\":[0,8]}}", "entry \"w\": shape: [9223372036854775807] has more elements than can be counted")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", "entry \"w\": shape: [4294967296, 4294967296] has more elements")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2305843009213693954],\"data_offsets\":[0,8]}}", "entry \"w\": shape: [2305843009213693954] has more elements")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", "entry \"w\": F32 [3] takes 12 bytes; data_offsets [0, 8] span 8")]
    [InlineData("{\"w\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", "entry \"w\": F64 [2] takes 16 bytes; data_offsets [0, 8] span 8")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}", "entry \"w\": data_offsets: expected [begin, end] inside the 8 bytes of data; found [0, 9]")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "entry \"w\": data_offsets: expected [begin, end] inside the 8 bytes of data; found [8, 0]")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", "entry \"w\": data_offsets: expected [begin, end] inside the 8 bytes of data; found [0]")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", "entry \"w\": data_offsets: expected integers from 0")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775800,9223372036854775807]}}", "inside the 8 bytes of data")]
    [InlineData("{\"w\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", "entry \"w\": appears twice in the header")]
    [InlineData("{\"w\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"\\u0077\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", "entry \"w\": appears twice in the header")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", "entry \"b\": begins at byte 4, but \"a\" ends at byte 5: they overlap")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", "entry \"b\": begins at byte 4, but \"a\" ends at byte 3: the bytes between belong to no entry")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[1,8]}}", "entry \"a\": begins at byte 1, but the first entry must begin at byte 0")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[0,7]}}", "the entries end at byte 7 of the data; it has 8 bytes, and the rest belongs to no entry")]
    [InlineData("{}", "the entries end at byte 0 of the data; it has 8 bytes")]
    [InlineData("{\"__metadata__\":3}", "__metadata__: expected an object of strings; found Number")]
    [InlineData("{\"__metadata__\":{\"k\":{}}}", "__metadata__, key \"k\": expected a string; found StartObject")]
    [InlineData("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", "__metadata__, key \"k\": appears twice")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", "the header has __metadata__ twice")]
    [InlineData("{\"\\ud800\":{}}", "the header has a string with half a surrogate pair near byte 1")]
    [InlineData("{\"__metadata__\":{\"k\":\"\\udc00\"}}", "the header has a string with half a surrogate pair")]
    public void Bad_headers(string header, string expected)
    {
        byte[] content = File(Encoding.UTF8.GetBytes(header), new byte[8]);
        AssertBad(expected, () => SafetensorsFile.Read(new MemoryStream(content), "model.safetensors"));
    }

    [Fact]
    public void A_header_over_the_limit_is_refused_unread()
    {
        string path = Path.Combine(_folder, "model.safetensors");
        using (FileStream stream = System.IO.File.Create(path))
        {
            stream.Write(BitConverter.GetBytes(SafetensorsHeader.MaxLength + 1));
            stream.SetLength(SafetensorsHeader.MaxLength + 9); // sparse
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertBad("the header may have at most 100000000 bytes; its first 8 bytes say 100000001", () => SafetensorsFile.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Nothing_is_allocated_on_the_word_of_a_header()
    {
        byte[] lies = File("{\"w\":{\"dtype\":\"F64\",\"shape\":[100000000],\"data_offsets\":[0,800000000]}}"u8, new byte[8]);
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Read(new MemoryStream(lies)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Read(new MemoryStream(lies)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 16);
    }

    [Fact]
    public void A_hostile_name_is_cut_and_escaped_in_the_message()
    {
        string name = "\u001b[2J" + new string('x', 10_000_000);
        byte[] content = File(Encoding.UTF8.GetBytes($"{{\"\\u001b[2J{name[4..]}\":5}}"), []);
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Read(new MemoryStream(content)));
        Assert.Contains("entry \"\\u001b[2Jxxx", exception.Message);
        Assert.InRange(exception.Message.Length, 0, 300);
    }

    [Fact]
    public void A_shape_of_very_many_ones_is_refused()
    {
        string header = $"{{\"w\":{{\"dtype\":\"U8\",\"shape\":[{string.Join(',', Enumerable.Repeat(1, 100_000))}],\"data_offsets\":[0,1]}}}}";
        AssertBad("shape: expected at most 64 numbers; found more", () => Read(header, new byte[1]));
    }

    [Fact]
    public void A_file_cut_short_while_open_is_an_error()
    {
        string path = Path.Combine(_folder, "model.safetensors");
        System.IO.File.WriteAllBytes(path, File(Encoding.UTF8.GetBytes(Good), new byte[8]));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            stream.SetLength(stream.Length - 4);
        }

        AssertBad("the file was cut short while open", () => file.ReadFloats("w"));
    }

    [Theory]
    [InlineData("U64", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x80 }, "entry \"w\": expected numbers up to 9223372036854775807; found 9223372036854775808")]
    [InlineData("BOOL", new byte[] { 0, 1, 2 }, "entry \"w\": expected truth values 0 and 1; found 2")]
    public void Values_that_do_not_fit_are_an_error(string type, byte[] data, string expected)
    {
        int count = type == "BOOL" ? data.Length : 1;
        using SafetensorsFile file =
            Read($"{{\"w\":{{\"dtype\":\"{type}\",\"shape\":[{count}],\"data_offsets\":[0,{data.Length}]}}}}", data);
        AssertBad(expected, () => file.ReadIntegers("w"));
    }

    // Flipped bits, changed and moved characters, cuts and additions of a valid file: it is read or refused, and nothing else happens.
    [Property(MaxTest = 3000)]
    public void Any_damage_is_read_or_refused(ulong seed)
    {
        byte[] damaged = Damage(seed);
        try
        {
            using SafetensorsFile file = SafetensorsFile.Read(new MemoryStream(damaged));
            foreach (SafetensorsEntry entry in file.Entries.Values)
            {
                Assert.Equal(entry.End - entry.Begin, file.ReadBytes(entry.Name).Length);
                bool floating = entry.Type >= SafetensorsType.Float16;
                Assert.Equal(entry.ElementCount, floating ? file.ReadDoubles(entry.Name).Length : file.ReadIntegers(entry.Name).Length);
            }
        }
        catch (InvalidDataException exception)
        {
            Assert.StartsWith("Safetensors: stream: ", exception.Message);
        }
    }

    private static byte[] Damage(ulong seed)
    {
        SafetensorsWriter writer = new();
        writer.AddMetadata("key", "värde");
        writer.Add("weight", new float[6], [2, 3]);
        writer.Add("bias", new double[2], [2]);
        writer.Add("steps", new long[] { 3 }, []);
        writer.Add("flags", new byte[] { 1, 0, 1 }, [3]);
        using MemoryStream stream = new();
        writer.Write(stream);
        List<byte> bytes = [.. stream.ToArray()];

        Generator generator = new(seed);
        byte[] likely = [.. "{}[]\",:\\0123456789-.eEFUIBOL_u"u8];
        for (int changes = 1 + generator.NextInt32(3); changes > 0; changes--)
        {
            // Mostly in the header: damaged data is nothing the format can notice.
            int place = generator.NextInt32(generator.NextInt32(4) == 0 ? bytes.Count : Math.Min(bytes.Count, 330));
            switch (generator.NextInt32(6))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << generator.NextInt32(8));
                    break;
                case 1:
                    bytes[place] = likely[generator.NextInt32(likely.Length)];
                    break;
                case 2:
                    bytes.RemoveRange(place, bytes.Count - place);
                    bytes.Add(0);
                    break;
                case 3:
                    bytes.Insert(place, likely[generator.NextInt32(likely.Length)]);
                    break;
                case 4:
                    bytes.RemoveAt(place);
                    bytes.Add(0);
                    break;
                default:
                    // A piece of the header over another: doubles names and fields.
                    int length = Math.Min(generator.NextInt32(60), bytes.Count - place);
                    List<byte> piece = bytes.GetRange(place, length);
                    int target = generator.NextInt32(bytes.Count - length + 1);
                    bytes.RemoveRange(target, length);
                    bytes.InsertRange(target, piece);
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] File(ReadOnlySpan<byte> header, byte[] data)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }

    private static void AssertBad(string expected, Action action)
    {
        InvalidDataException exception = Assert.Throws<InvalidDataException>(action);
        Assert.StartsWith("Safetensors: ", exception.Message);
        Assert.Contains(expected, exception.Message);
    }
}
