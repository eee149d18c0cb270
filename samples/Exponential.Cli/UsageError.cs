using System.CommandLine;
using System.CommandLine.Parsing;

namespace Exponential.Cli;

/// <summary>The one error worth telling about a command line, in our words.</summary>
internal static class UsageError
{
    /// <summary>The first thing wrong with a parsed command line, or null.</summary>
    public static string? Find(ParseResult parsed)
    {
        if (parsed.Action is System.CommandLine.Help.HelpAction or { ClearsParseErrors: true })
        {
            return null;
        }

        CommandResult command = parsed.CommandResult;
        foreach (SymbolResult child in command.Children)
        {
            if (child is OptionResult { Implicit: false, IdentifierTokenCount: > 1 } repeated)
            {
                return $"{repeated.Option.Name} is given {repeated.IdentifierTokenCount} times";
            }

            // The parser takes the next option for the value where one is missing.
            if (child is OptionResult { Tokens: [{ Value: ['-', '-', ..] } next, ..] } hungry)
            {
                return $"{hungry.Option.Name}: a value is missing before '{next.Value}'";
            }

            // The parser takes an unknown option for the value of an argument that is still open.
            if (child is ArgumentResult { Tokens: var tokens } && tokens.FirstOrDefault(token => token.Value is ['-', ..]) is Token token)
            {
                return Unknown(token.Value, command.Command);
            }

            if (child is ArgumentResult { Argument: var argument, Tokens: var names } && names.FirstOrDefault(name => string.IsNullOrWhiteSpace(name.Value)) is Token blank)
            {
                return $"{argument.Name}: expected the name of a folder or a file; got '{blank.Value}'";
            }
        }

        if (parsed.Errors.FirstOrDefault(e => e.SymbolResult is OptionResult { Tokens: [] }) is { SymbolResult: OptionResult valueless })
        {
            return $"{valueless.Option.Name}: a value is missing";
        }

        if (parsed.UnmatchedTokens is [string unmatched, ..])
        {
            return Unknown(unmatched, command.Command);
        }

        if (parsed.Errors is [])
        {
            return null;
        }

        ParseError first = parsed.Errors[0];
        if (command.Command is RootCommand && command.Children.Any() == false)
        {
            return "which command? train, evaluate, sample, info or report";
        }

        return first.SymbolResult is ArgumentResult { Parent: CommandResult, Tokens: [] } missing
            ? $"{missing.Argument.Name} is missing: {missing.Argument.Description}"
            : first.Message;
    }

    private static string Unknown(string token, Command command)
    {
        string what = token.StartsWith('-') ? "option" : command is RootCommand ? "command" : "argument";
        IEnumerable<string> known = what == "command"
            ? command.Subcommands.Select(c => c.Name)
            : command.Options.Select(o => o.Name);
        string spelled = what == "option" ? Spelling.Canonical(token) : token;
        string? near = what == "argument" ? null : Spelling.Nearest(spelled, known);
        return near is null ? $"unknown {what} '{token}'" : $"unknown {what} '{token}'; did you mean {near}?";
    }
}
