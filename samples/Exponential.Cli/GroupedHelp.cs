using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Exponential.Cli;

/// <summary>The help of a command with many options: under headings, in two columns that fit a terminal.</summary>
/// <param name="command">The command.</param>
/// <param name="groups">Its options.</param>
/// <param name="otherwise">The help of the other commands.</param>
internal sealed class GroupedHelp(Command command, IReadOnlyList<OptionGroup> groups, SynchronousCommandLineAction otherwise)
    : SynchronousCommandLineAction
{
    private const int Width = 118;
    private const int Names = 44;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Groups the options of one command in the help of a program.</summary>
    /// <param name="root">The program.</param>
    /// <param name="command">The command.</param>
    /// <param name="groups">Its options.</param>
    public static void Install(RootCommand root, Command command, IReadOnlyList<OptionGroup> groups)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new GroupedHelp(command, groups, (SynchronousCommandLineAction)help.Action!);
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command != command)
        {
            return otherwise.Invoke(parseResult);
        }

        TextWriter output = parseResult.InvocationConfiguration.Output;
        foreach (string line in Wrapped(command.Description ?? "", Width))
        {
            output.WriteLine(line);
        }

        output.WriteLine();
        output.WriteLine($"Usage: exponential {command.Name} [options]");
        foreach (OptionGroup group in groups)
        {
            output.WriteLine();
            output.WriteLine($"{group.Title}:");
            foreach (Option option in group.Options)
            {
                Write(option, output);
            }
        }

        output.WriteLine();
        Write(parseResult.RootCommandResult.Command.Options.OfType<HelpOption>().Single(), output);
        return 0;
    }

    private static void Write(Option option, TextWriter output)
    {
        string names = $"  {string.Join(", ", option.Aliases.Append(option.Name).OrderBy(name => name.Length))}";
        names += option.HelpName is string value ? $" <{value}>" : "";
        if (names.Length + 2 > Names)
        {
            output.WriteLine(names);
            names = "";
        }

        foreach (string line in Wrapped(option.Description ?? "", Width - Names))
        {
            output.WriteLine(names.PadRight(Names) + line);
            names = "";
        }
    }

    /// <summary>Text in lines no longer than <paramref name="width"/>, broken between words.</summary>
    private static IEnumerable<string> Wrapped(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }
}
