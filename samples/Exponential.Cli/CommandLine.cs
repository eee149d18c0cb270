using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>The program's entry below Main, so that tests run it in process.</summary>
internal static class CommandLine
{
    /// <summary>Exit code of a command that did what it was asked, a run stopped by Ctrl+C and saved included.</summary>
    public const int Success = 0;

    /// <summary>Exit code of a command that failed.</summary>
    public const int Failure = 1;

    /// <summary>Exit code of a command line that makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>Parses and runs one command line.</summary>
    /// <param name="args">The arguments, without the program's name.</param>
    /// <param name="terminal">Where to write.</param>
    /// <param name="stop">Cancelled by Ctrl+C.</param>
    /// <returns>The exit code: 0, 1 for a failure, 2 for a usage error.</returns>
    public static int Run(string[] args, Terminal terminal, CancellationToken stop)
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        terminal = terminal with
        {
            Output = new TerminalWriter(terminal.Output, "standard output", stop),
            Error = new TerminalWriter(terminal.Error, vitalName: null, stop),
        };
        try
        {
            RootCommand root = Commands(terminal, stop);
            ParseResult parsed = root.Parse(Spelling.Canonical(args, root), new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
            if (UsageError.Find(parsed) is string error)
            {
                return ReportUsage(terminal, parsed.CommandResult, error);
            }

            return parsed.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Output,
                Error = terminal.Error,
            });
        }
        catch (UsageException e)
        {
            WriteError(terminal, $"exponential {e.Command}: {Output.Plain(e.Message)}", e.Hint);
            return Usage;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            WriteError(terminal, "exponential: stopped");
            return Failure;
        }
        catch (Exception e)
        {
            WriteError(terminal, $"exponential: {Describe(e)}");
            return Failure;
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    /// <summary>Points to a command's help.</summary>
    public static string HelpHint(string command) => $"Run 'exponential{(command.Length > 0 ? " " : "")}{command} --help' for what it takes.";

    private static RootCommand Commands(Terminal terminal, CancellationToken stop)
    {
        (Command train, IReadOnlyList<OptionGroup> groups) = TrainCommand.Create(terminal, stop);
        var root = new RootCommand("Normalizing flows built from the exponential of a convolution: train, evaluate, sample, report.")
        {
            train,
            EvaluateCommand.Create(terminal, stop),
            SampleCommand.Create(terminal, stop),
            InfoCommand.Create(terminal),
            ReportCommand.Create(terminal),
        };
        GroupedHelp.Install(root, train, groups);
        return root;
    }

    private static int ReportUsage(Terminal terminal, CommandResult command, string error)
    {
        string name = command.Command is RootCommand ? "" : command.Command.Name;
        WriteError(terminal, $"exponential{(name.Length > 0 ? " " : "")}{name}: {Output.Plain(error)}", HelpHint(name));
        return Usage;
    }

    /// <summary>Writes the last words of a command that fails. Where the error stream cannot be written, the exit code says it alone.</summary>
    private static void WriteError(Terminal terminal, params ReadOnlySpan<string> lines)
    {
        foreach (string line in lines)
        {
            terminal.Error.WriteLine(line);
        }
    }

    /// <summary>One line for any failure. A type the program does not expect is named: its message alone may say nothing.</summary>
    private static string Describe(Exception exception)
    {
        string message = Output.Plain(exception.Message.ReplaceLineEndings(" "));
        return exception is ArgumentException or InvalidOperationException or InvalidDataException or IOException
            or TrainingException or UnauthorizedAccessException or NotSupportedException or OutOfMemoryException or ArithmeticException
            ? message
            : $"{exception.GetType().Name}: {message}";
    }
}
