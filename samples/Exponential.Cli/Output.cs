using System.Text.Json;

namespace Exponential.Cli;

/// <summary>How JSON is printed.</summary>
internal static class Output
{
    /// <summary>One object over several lines.</summary>
    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };
}
