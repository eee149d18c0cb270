using System.Runtime.CompilerServices;

namespace Exponential.Nn.Tests;

/// <summary>Tests leave the user's cache folder alone, and find nothing in it: they have one of their own.</summary>
internal static class UserCache
{
    public static string Root { get; } = Directory.CreateTempSubdirectory("exponential-cache-").FullName;

    [ModuleInitializer]
    internal static void Redirect()
    {
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Root);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Root, recursive: true);
    }
}
