namespace Exponential.Nn;

/// <summary>
/// The user's folder for what can be made or fetched again: <c>exponential</c> below XDG_CACHE_HOME, where it is set; else below
/// LocalApplicationData on Windows and below <c>~/.cache</c> elsewhere.
/// </summary>
internal static class CacheFolder
{
    /// <summary>Why there is none, and what to do.</summary>
    public const string Missing = "the user has no home folder, and so no cache; set XDG_CACHE_HOME to a folder that may be written";

    /// <summary>The absolute path of a folder in it, which need not exist; null where the user has no home folder.</summary>
    public static string? Find(string name) => Find(
        name,
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME"),
        Environment.GetFolderPath(
            OperatingSystem.IsWindows() ? Environment.SpecialFolder.LocalApplicationData : Environment.SpecialFolder.UserProfile,
            Environment.SpecialFolderOption.DoNotVerify));

    /// <summary>The same for given folders; the XDG specification has a path that is not absolute ignored.</summary>
    internal static string? Find(string name, string? given, string home) =>
        Path.IsPathFullyQualified(given ?? "") ? Path.Combine(given!, "exponential", name)
        : !Path.IsPathFullyQualified(home) ? null
        : Path.Combine(OperatingSystem.IsWindows() ? home : Path.Combine(home, ".cache"), "exponential", name);
}
