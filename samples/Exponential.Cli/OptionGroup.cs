using System.CommandLine;

namespace Exponential.Cli;

/// <summary>Options that the help shows under one heading.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Options">The options, in order.</param>
internal sealed record OptionGroup(string Title, List<Option> Options);
