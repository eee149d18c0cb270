using System.Text;

namespace Exponential.Cli;

/// <summary>
/// A standard stream that may be closed, or a file on a full disk. What cannot be written to the output ends the command with a line that
/// says so; a notice that cannot be written is no reason to lose a run, nor is an output that closes after the stop was asked for.
/// </summary>
/// <param name="inner">The stream.</param>
/// <param name="vitalName">What errors call it; null for one that is done without where it cannot be written.</param>
/// <param name="stop">Once cancelled, every stream is done without.</param>
internal sealed class TerminalWriter(TextWriter inner, string? vitalName, CancellationToken stop) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void WriteLine() => Try(inner.WriteLine);

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(inner.Flush);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (vitalName is not null && !stop.IsCancellationRequested)
            {
                throw new IOException($"{vitalName} cannot be written: {e.Message}", e);
            }
        }
    }
}
