namespace Exponential.Nn;

/// <summary>
/// The user's folder for what can be made or fetched again: <c>exponential</c> below XDG_CACHE_HOME, where it is set; else below
/// LocalApplicationData on Windows and below <c>~/.cache</c> elsewhere.
/// </summary>
internal static class CacheFolder
{
    /// <summary>The absolute path of a folder in it, which need not exist.</summary>
    /// <exception cref="DirectoryNotFoundException">The user has no such folder.</exception>
    public static string For(string name) => Path.Combine(Root(), "exponential", name);

    private static string Root()
    {
        // The XDG specification has a path that is not absolute ignored.
        string? given = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (Path.IsPathFullyQualified(given ?? ""))
        {
            return given!;
        }

        string parent = Environment.GetFolderPath(
            OperatingSystem.IsWindows() ? Environment.SpecialFolder.LocalApplicationData : Environment.SpecialFolder.UserProfile,
            Environment.SpecialFolderOption.DoNotVerify);
        return Path.IsPathFullyQualified(parent)
            ? OperatingSystem.IsWindows() ? parent : Path.Combine(parent, ".cache")
            : throw new DirectoryNotFoundException("the user has no home folder, and so no cache; set XDG_CACHE_HOME to a folder that may be written");
    }
}
