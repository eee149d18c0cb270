namespace Exponential.Tests;

/// <summary>What a command came to.</summary>
internal sealed record CliResult(int Code, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
