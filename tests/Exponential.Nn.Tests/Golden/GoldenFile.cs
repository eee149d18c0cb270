using System.Text.Json;
using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>
/// One golden file: inputs, states and results of the original PyTorch code in float64. It remembers which entries were read, so that a
/// test can assert that it has compared all that the file holds.
/// </summary>
internal sealed class GoldenFile : IDisposable
{
    private const double Tolerance = 1e-9;

    private readonly SafetensorsFile _file;
    private readonly HashSet<string> _unread;

    public GoldenFile(string path)
    {
        Name = Path.GetFileNameWithoutExtension(path);
        string[] parts = Name.Split('.');
        Kind = parts[0] is "functional" or "model" ? $"{parts[0]}.{parts[1]}" : parts[0];
        _file = SafetensorsFile.Open(path);
        _unread = [.. _file.Entries.Keys];
    }

    /// <summary>The file's name without its extension, such as <c>convexp.eval</c>.</summary>
    public string Name { get; }

    /// <summary>What the file is about: the first part of its name, or the first two of <c>functional.*</c> and <c>model.*</c>.</summary>
    public string Kind { get; }

    /// <summary>Whether the module was in training mode.</summary>
    public bool IsTraining => _file.Metadata.TryGetValue("mode", out string? mode) && mode == "train";

    /// <summary>A setting of the module.</summary>
    public string Setting(string name) => _file.Metadata[name];

    public bool HasSetting(string name) => _file.Metadata.ContainsKey(name);

    /// <summary>A setting of the module that is a number.</summary>
    public double Number(string name) => JsonSerializer.Deserialize<double>(Setting(name));

    /// <summary>A setting of the module that is a whole number, or 0 where it is <c>null</c>.</summary>
    public int Count(string name) => JsonSerializer.Deserialize<int?>(Setting(name)) ?? 0;

    /// <summary>The event shape that the module was made for.</summary>
    public Shape InputSize() => JsonSerializer.Deserialize<int[]>(Setting("input_size"))!;

    /// <summary>The original's command-line settings.</summary>
    public JsonElement Arguments() => JsonSerializer.Deserialize<JsonElement>(Setting("args"));

    public bool Has(string name) => _file.Entries.ContainsKey(name);

    public Tensor Tensor(string name)
    {
        _unread.Remove(name);
        return Exponential.Tensor.FromArray(_file.ReadDoubles(name), ShapeOf(name));
    }

    /// <summary>The entries below a prefix such as <c>state.</c> as a module's state.</summary>
    public StateDictionary State(string prefix)
    {
        _unread.RemoveWhere(name => name.StartsWith(prefix, StringComparison.Ordinal));
        return StateDictionary.Read(_file, prefix);
    }

    public IEnumerable<string> NamesBelow(string prefix) =>
        _file.Entries.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>max|actual - expected| is at most 1e-9 max(1, max|expected|), or another factor for 1e-9, with equal shapes.</summary>
    public void AssertClose(string name, Tensor actual, double tolerance = Tolerance) => AssertClose(name, Tensor(name), actual, tolerance);

    /// <summary>The same for a number or a scalar that the file stores as [1], or one value for each of a batch.</summary>
    public void AssertBroadcastClose(string name, Tensor actual)
    {
        Tensor expected = Tensor(name);
        AssertClose(name, expected, actual.Rank == 0 ? actual.Expand(expected.Shape) : actual);
    }

    /// <summary>A module's state equals the entries below a prefix, name by name and with no name too few or too many.</summary>
    public void AssertState(string prefix, StateDictionary actual)
    {
        StateDictionary expected = State(prefix);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, StateValue value) in expected)
        {
            if (value.IsInteger)
            {
                Assert.Equal(value.Integer, actual[name].Integer);
            }
            else
            {
                AssertClose(prefix + name, value.Tensor, actual[name].Tensor);
            }
        }
    }

    /// <summary>The gradients equal the file's, for exactly the parameters that it lists. A parameter not reached has the gradient zero.</summary>
    public void AssertGradients(Module module, Gradients gradients)
    {
        string[] expected = [.. NamesBelow("grad.").Where(name => name != "grad.x").Order(StringComparer.Ordinal)];
        Assert.Equal(expected, module.NamedParameters().Select(item => $"grad.{item.Name}").Order(StringComparer.Ordinal));
        foreach ((string name, Parameter parameter) in module.NamedParameters())
        {
            AssertClose($"grad.{name}", gradients.TryGetValue(parameter, out Tensor? gradient) ? gradient : parameter.Value.ZerosLike());
        }
    }

    /// <summary>Every entry of the file has been read.</summary>
    public void AssertAllRead() =>
        Assert.True(_unread.Count == 0, $"{Name}: entries that nothing was compared with: {string.Join(", ", _unread.Order(StringComparer.Ordinal))}");

    public void Dispose() => _file.Dispose();

    private Shape ShapeOf(string name) => _file.Entries[name].Shape.Select(length => checked((int)length)).ToArray();

    private void AssertClose(string name, Tensor expected, Tensor actual, double tolerance = Tolerance)
    {
        Assert.True(expected.Shape == actual.Shape, $"{Name}: {name} must be {expected.Shape}; it is {actual.Shape}");
        double[] a = actual.Detach().ToArray<double>();
        double[] b = expected.ToArray<double>();
        double scale = 1;
        double error = 0;
        for (int i = 0; i < b.Length; i++)
        {
            scale = Math.Max(scale, Math.Abs(b[i]));

            // Not a maximum: that would let a NaN pass.
            error = error >= Math.Abs(a[i] - b[i]) ? error : Math.Abs(a[i] - b[i]);
        }

        Assert.True(error <= tolerance * scale, FormattableString.Invariant($"{Name}: {name} differs by {error:G3} where {tolerance * scale:G3} is allowed"));
    }
}
