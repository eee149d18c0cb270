using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Exponential.Cli;

/// <summary>How results are printed.</summary>
internal static class Output
{
    /// <summary>One JSON object over several lines.</summary>
    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };

    /// <summary>A number in JSON, which knows no infinity: null where it is not finite.</summary>
    public static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    /// <summary>A number in words.</summary>
    public static string Text(double value, string format) =>
        double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "not finite";

    /// <summary>A number of things.</summary>
    public static string Count(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>Writes a file that an option names, which errors name too.</summary>
    /// <param name="option">The command and its option.</param>
    /// <param name="write">Writes it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string option, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{option}: {e.Message}", e);
        }
    }

    /// <summary>A name from a file, which must not be able to steer the terminal: control characters are escaped.</summary>
    public static string Plain(string name)
    {
        if (!name.Any(IsControl))
        {
            return name;
        }

        var plain = new StringBuilder();
        foreach (char c in name)
        {
            plain.Append(IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString());
        }

        return plain.ToString();
    }

    /// <summary>Line separators and the marks that turn the direction of text round are no control characters to .NET, but act as such.</summary>
    private static bool IsControl(char c) => char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
