namespace Exponential.Cli;

/// <summary>A command line that parsed but contradicts itself or the run it names.</summary>
/// <param name="command">The command.</param>
/// <param name="message">What is wrong.</param>
/// <param name="hint">What to do about it; null for a pointer to the help.</param>
internal sealed class UsageException(string command, string message, string? hint = null) : Exception(message)
{
    /// <summary>The command.</summary>
    public string Command { get; } = command;

    /// <summary>What to do about it.</summary>
    public string Hint { get; } = hint ?? CommandLine.HelpHint(command);
}
