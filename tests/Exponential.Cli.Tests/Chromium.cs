using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace Exponential.Tests;

/// <summary>A headless browser, where one is installed; a test that needs it is skipped elsewhere.</summary>
internal static class Chromium
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(2);
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>The page as the browser has understood it.</summary>
    public static string Dom(string page, string profile) => Run(page, profile, "--dump-dom");

    /// <summary>Takes a picture of the page.</summary>
    public static void Screenshot(string page, string profile, string picture) =>
        Run(page, profile, "--hide-scrollbars", "--window-size=1200,2000", $"--screenshot={picture}");

    private static string Run(string page, string profile, params string[] what)
    {
        string? browser = Names.FirstOrDefault(name => TryRun(name, ["--version"]) is not null);
        Assert.SkipWhen(browser is null, $"needs a browser: none of {string.Join(", ", Names)} is installed");

        // Without a sandbox, which root may not have: the page is our own and forbids itself everything.
        string? output = TryRun(
            browser!, ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", $"--user-data-dir={profile}", .. what, new Uri(page).AbsoluteUri]);
        Assert.True(output is not null, $"{browser} failed on {page}");
        return output;
    }

    /// <summary>What a program prints; null where it is not installed, fails or takes too long.</summary>
    private static string? TryRun(string program, string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!output.Wait(TimeLimit))
            {
                process.Kill(entireProcessTree: true);
                return null;
            }

            process.WaitForExit();
            return process.ExitCode == 0 ? output.Result : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
