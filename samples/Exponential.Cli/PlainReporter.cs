using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>For a log: a line every few seconds.</summary>
internal sealed class PlainReporter(Terminal terminal, TimeSpan interval) : TrainReporter(terminal.Error)
{
    private long _last = Environment.TickCount64;

    protected override void Line(string text)
    {
        terminal.Output.WriteLine(text);
        terminal.Output.Flush();
    }

    protected override void Step(StepCompleted step)
    {
        long now = Environment.TickCount64;
        if (now - _last >= interval.TotalMilliseconds || step.Step == step.TotalSteps)
        {
            _last = now;
            Line(ProgressText.Describe(step));
        }
    }
}
