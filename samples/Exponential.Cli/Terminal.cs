namespace Exponential.Cli;

/// <summary>Where a command writes.</summary>
/// <param name="Output">Results and progress.</param>
/// <param name="Error">Errors and notices.</param>
/// <param name="IsLive">Whether the output is a terminal that can redraw its lines.</param>
internal sealed record Terminal(TextWriter Output, TextWriter Error, bool IsLive);
