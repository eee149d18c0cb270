using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("exponential-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Property(MaxTest = 200)]
    public void What_is_written_is_read(
        float[] floats, double[] doubles, long[] integers, byte[] bytes, (FsCheck.NonNull<string> Key, FsCheck.NonNull<string> Value)[] metadata)
    {
        SafetensorsWriter writer = new();
        writer.Add("f", floats, [floats.Length]);
        writer.Add("δ\n\"", doubles, [1, doubles.Length, 1]);
        writer.Add("i", integers, [integers.Length]);
        writer.Add("", bytes, [bytes.Length]);
        Dictionary<string, string> expected = [];
        foreach ((FsCheck.NonNull<string> key, FsCheck.NonNull<string> value) in metadata)
        {
            if (IsText(key.Get) && IsText(value.Get) && expected.TryAdd(key.Get, value.Get))
            {
                writer.AddMetadata(key.Get, value.Get);
            }
        }

        using MemoryStream stream = new();
        writer.Write(stream);
        stream.Position = 0;
        using SafetensorsFile file = SafetensorsFile.Read(stream);
        Assert.Equal(4, file.Entries.Count);
        Assert.Equal(floats, file.ReadFloats("f"));
        Assert.Equal(doubles, file.ReadDoubles("δ\n\""));
        Assert.Equal(integers, file.ReadIntegers("i"));
        Assert.Equal(bytes, file.ReadBytes(""));
        Assert.Equal([1, doubles.Length, 1], file.Entries["δ\n\""].Shape);
        Assert.Equal(expected.OrderBy(p => p.Key, StringComparer.Ordinal), file.Metadata);

        static bool IsText(string text) => !text.Any(char.IsSurrogate);
    }

    [Fact]
    public void The_file_is_aligned_and_the_same_for_the_same_content()
    {
        byte[] first = Bytes(writer =>
        {
            writer.AddMetadata("b", "2");
            writer.AddMetadata("a", "1");
            writer.Add("byte", new byte[3], [3]);
            writer.Add("y", new float[2], [2]);
            writer.Add("x", new double[1], []);
        });
        byte[] second = Bytes(writer =>
        {
            writer.Add("x", new double[1], []);
            writer.Add("y", new float[2], [2]);
            writer.Add("byte", new byte[3], [3]);
            writer.AddMetadata("a", "1");
            writer.AddMetadata("b", "2");
        });
        Assert.Equal(first, second);
        int headerLength = BitConverter.ToInt32(first, 0);
        Assert.Equal(0, headerLength % 8);
        Assert.Equal(
            """
            {"__metadata__":{"a":"1","b":"2"},"x":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"byte":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}
            """,
            System.Text.Encoding.UTF8.GetString(first, 8, headerLength).TrimEnd(' '));
        Assert.Equal(8 + headerLength + 19, first.Length);
    }

    [Fact]
    public void Every_type_is_read_and_converted()
    {
        byte[] data =
        [
            0, 1, 255, 254, 1, 2, 0xFE, 0xFF, 255, 255, 255, 255, 0xFE, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0, 0, 0, 0, 0x80,
            0x00, 0x3C, 0x80, 0xBF, 0x00, 0x00, 0xC0, 0x3F, 0, 0, 0, 0, 0, 0, 0x04, 0xC0,
        ];
        using SafetensorsFile file = HostileSafetensorsTests.Read(
            """
            {"b":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]},"u8":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},
            "i8":{"dtype":"I8","shape":[],"data_offsets":[3,4]},"u16":{"dtype":"U16","shape":[1],"data_offsets":[4,6]},
            "i16":{"dtype":"I16","shape":[1],"data_offsets":[6,8]},"u32":{"dtype":"U32","shape":[1],"data_offsets":[8,12]},
            "i32":{"dtype":"I32","shape":[1],"data_offsets":[12,16]},"i64":{"dtype":"I64","shape":[1],"data_offsets":[16,24]},
            "f16":{"dtype":"F16","shape":[1],"data_offsets":[24,26]},"bf16":{"dtype":"BF16","shape":[1],"data_offsets":[26,28]},
            "f32":{"dtype":"F32","shape":[1],"data_offsets":[28,32]},"f64":{"dtype":"F64","shape":[1],"data_offsets":[32,40]},
            "none":{"dtype":"F32","shape":[3,0],"data_offsets":[40,40],"comment":{"is":["skipped"]}}}
            """,
            data);
        Assert.Equal([0, 1], file.ReadIntegers("b"));
        Assert.Equal([255], file.ReadIntegers("u8"));
        Assert.Equal([-2], file.ReadIntegers("i8"));
        Assert.Equal([513], file.ReadIntegers("u16"));
        Assert.Equal([-2], file.ReadIntegers("i16"));
        Assert.Equal([uint.MaxValue], file.ReadIntegers("u32"));
        Assert.Equal([-2], file.ReadIntegers("i32"));
        Assert.Equal([5 + long.MinValue], file.ReadIntegers("i64"));
        string[] floating = ["f16", "bf16", "f32", "f64"];
        Assert.Equal([1, -1, 1.5f, -2.5f], floating.Select(name => Assert.Single(file.ReadFloats(name))));
        Assert.Equal([1, -1, 1.5, -2.5], floating.Select(name => Assert.Single(file.ReadDoubles(name))));
        Assert.Empty(file.ReadFloats("none"));
        Assert.Equal("f64 F64 [1]", file.Entries["f64"].ToString());
        Assert.Equal([1.5f], MemoryOf<float>(file.ReadBytes("f32")));

        static T[] MemoryOf<T>(byte[] bytes)
            where T : struct => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }

    [Fact]
    public void Float64_is_rounded_to_float32_and_float32_is_exact_in_float64()
    {
        using SafetensorsFile file = Reopen(writer =>
        {
            writer.Add("d", new[] { 0.1, 1e300, double.NaN, -0.0 }, [4]);
            writer.Add("f", new[] { 0.1f, float.MaxValue, float.NaN, float.Epsilon }, [4]);
        });
        Assert.Equal([0.1f, float.PositiveInfinity, float.NaN, -0.0f], file.ReadFloats("d"));
        Assert.Equal([0.1f, float.MaxValue, double.NaN, float.Epsilon], file.ReadDoubles("f"));
    }

    [Fact]
    public void A_file_can_be_replaced_while_it_is_open()
    {
        string path = Path.Combine(_folder, "model.safetensors");
        SafetensorsWriter writer = new();
        writer.Add("x", new[] { 1f }, [1]);
        writer.Write(path);
        using SafetensorsFile old = SafetensorsFile.Open(path);
        SafetensorsWriter next = new();
        next.Add("x", new[] { 2f }, [1]);
        next.Write(path);
        Assert.Equal([1f], old.ReadFloats("x"));
        using SafetensorsFile replaced = SafetensorsFile.Open(path);
        Assert.Equal([2f], replaced.ReadFloats("x"));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_missing_name_is_an_error_that_lists_what_there_is()
    {
        using SafetensorsFile file = Reopen(writer => writer.Add("weight", new float[1], [1]));
        KeyNotFoundException exception = Assert.Throws<KeyNotFoundException>(() => file.ReadFloats("bias"));
        Assert.Equal("Safetensors: stream: no entry \"bias\"; it has 1: \"weight\"", exception.Message);
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(Path.Combine(_folder, "absent")));
    }

    [Fact]
    public void The_wrong_kind_of_number_is_an_error()
    {
        using SafetensorsFile file = Reopen(writer =>
        {
            writer.Add("f", new float[1], [1]);
            writer.Add("i", new long[1], [1]);
        });
        Assert.Equal(
            "Safetensors: stream: entry \"i\": expected a floating type; found I64 (ReadIntegers reads it)",
            Assert.Throws<InvalidDataException>(() => file.ReadFloats("i")).Message);
        Assert.Throws<InvalidDataException>(() => file.ReadDoubles("i"));
        Assert.Equal(
            "Safetensors: stream: entry \"f\": expected an integer type; found F32 (ReadFloats and ReadDoubles read it)",
            Assert.Throws<InvalidDataException>(() => file.ReadIntegers("f")).Message);
    }

    [Fact]
    public void The_writer_refuses_what_it_could_not_read_back()
    {
        SafetensorsWriter writer = new();
        writer.Add("x", new float[6], [2, 3]);
        writer.AddMetadata("k", "v");
        AssertRefused("\"x\" was added before", () => writer.Add("x", new long[1], [1]));
        AssertRefused("\"y\" has shape [2, 2], but 6 elements came", () => writer.Add("y", new float[6], [2, 2]));
        AssertRefused("\"y\" has shape [-1, -6], but 6 elements came", () => writer.Add("y", new float[6], [-1, -6]));
        AssertRefused("but 0 elements came", () => writer.Add("y", new float[0], [65536, 65536, 65536, 65536]));
        AssertRefused("\"__metadata__\" is a name kept for the metadata", () => writer.Add("__metadata__", new float[1], [1]));
        AssertRefused("\"a\\ud800\" has half a surrogate pair", () => writer.Add("a\ud800", new float[1], [1]));
        AssertRefused("\"\\udc00\" has half a surrogate pair", () => writer.AddMetadata("q", "\udc00"));
        AssertRefused("metadata \"k\" was added before", () => writer.AddMetadata("k", "w"));
        writer.Add("\U0001F600", new float[1], [1]);

        static void AssertRefused(string expected, Action action) =>
            Assert.Contains(expected, Assert.Throws<ArgumentException>(action).Message);
    }

    private static byte[] Bytes(Action<SafetensorsWriter> fill)
    {
        SafetensorsWriter writer = new();
        fill(writer);
        using MemoryStream stream = new();
        writer.Write(stream);
        return stream.ToArray();
    }

    private static SafetensorsFile Reopen(Action<SafetensorsWriter> fill) => SafetensorsFile.Read(new MemoryStream(Bytes(fill)));
}
