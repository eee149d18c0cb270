using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Exponential.Cli;
using Spectre.Console;

// Before anything parses or prints: under de_DE "0.5" would read as 5.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

// The first Ctrl+C (or SIGTERM, or a terminal that is closed) asks the command to finish its step and save, however long that takes; a second one ends the process.
// But for a terminal that is closed: the shell and the kernel both may say so, and nobody is there to mean it.
using var stop = new CancellationTokenSource();
void OnSignal(PosixSignalContext context)
{
    if (!stop.IsCancellationRequested || context.Signal == PosixSignal.SIGHUP)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}

using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);

Capabilities capabilities = AnsiConsole.Profile.Capabilities;
bool isLive = !Console.IsOutputRedirected && capabilities is { Ansi: true, Interactive: true };
return CommandLine.Run(args, new Terminal(Console.Out, Console.Error, isLive), stop.Token);
