namespace Exponential.Nn.Tests;

/// <summary>The folder of golden files: the one beside the tests, or the one that the environment variable EXPONENTIAL_GOLDEN names.</summary>
internal static class GoldenFolder
{
    public const string Variable = "EXPONENTIAL_GOLDEN";

    /// <summary>The number of files in this repository's own folder.</summary>
    public const int OwnCount = 47;

    private static readonly string? Other = Environment.GetEnvironmentVariable(Variable);

    public static bool IsOwn => string.IsNullOrEmpty(Other);

    public static string Location => IsOwn ? Path.Combine(AppContext.BaseDirectory, "Golden", "Files") : Path.GetFullPath(Other!);

    /// <summary>The names of all files, without their extension.</summary>
    public static IReadOnlyList<string> Names() =>
        [.. Directory.GetFiles(Location, "*.safetensors").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    public static GoldenFile Open(string name) => new(Path.Combine(Location, name + ".safetensors"));
}
