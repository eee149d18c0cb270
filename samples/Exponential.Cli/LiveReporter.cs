using Exponential.Nn;
using Spectre.Console;

namespace Exponential.Cli;

/// <summary>For a terminal: one line that changes in place, below the lines that stay.</summary>
internal sealed class LiveReporter : TrainReporter
{
    /// <summary>Redraws a second: more would cost training time and nobody could read them.</summary>
    private const int MillisecondsBetweenRedraws = 100;

    private readonly ProgressContext _context;
    private readonly IAnsiConsole _console;
    private ProgressTask? _task;
    private long _last;

    private LiveReporter(ProgressContext context, IAnsiConsole console, TextWriter error)
        : base(error)
    {
        _context = context;
        _console = console;
    }

    /// <summary>Runs <paramref name="body"/> with a live display.</summary>
    public static T Run<T>(TextWriter error, Func<TrainReporter, T> body)
    {
        IAnsiConsole console = AnsiConsole.Console;
        return console.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn { Width = 24 }, new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => body(new LiveReporter(context, console, error)));
    }

    protected override void Line(string text) => _console.MarkupLineInterpolated($"{text}");

    protected override void Started(RunStarted start)
    {
        _task = _context.AddTask("starting", autoStart: true, maxValue: Math.Max(1, start.TotalSteps));
        _task.Value = start.ResumedAt;
    }

    protected override void Step(StepCompleted step)
    {
        long now = Environment.TickCount64;
        if (_task is not null && (now - _last >= MillisecondsBetweenRedraws || step.Step == step.TotalSteps))
        {
            _last = now;
            _task.Value = step.Step;
            _task.Description = Markup.Escape(ProgressText.Describe(step));
        }
    }
}
