using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>
/// What <c>train</c> does with a run's reports: prints them and draws the curves. Reports arrive in order on the training thread.
/// </summary>
internal abstract class TrainReporter(TextWriter error) : IProgress<TrainingProgress>
{
    /// <summary>Steps of a session after which the estimate of its time is printed.</summary>
    private const int StepsBeforeEstimate = 20;

    private long _stepsSeen;

    /// <summary>Takes one report.</summary>
    public void Report(TrainingProgress report)
    {
        switch (report)
        {
            case RunStarted start:
                Line($"Run folder: {start.Folder}");
                Line(ProgressText.Describe(start));
                Started(start);
                break;
            case StepCompleted step:
                if (++_stepsSeen == StepsBeforeEstimate && ProgressText.Estimate(step) is { Length: > 0 } estimate)
                {
                    Line(estimate);
                }

                Step(step);
                break;
            case EvaluationCompleted evaluation:
                Line(ProgressText.Describe(evaluation));
                DrawCurves(evaluation.Folder);
                break;
            case PictureFailed failed:
                error.WriteLine($"exponential train: {failed.Path} was not written: {failed.Message}");
                break;
            case MetricsLost lost:
                error.WriteLine($"exponential train: notice: {lost.Path} is gone, with the {lost.Lines} lines it had; the run goes on, and its metrics begin anew");
                break;
            case RunStopped stopped:
                Line(ProgressText.Describe(stopped));
                break;
            default:
                break;
        }
    }

    /// <summary>Prints a line that stays.</summary>
    protected abstract void Line(string text);

    /// <summary>The run is about to start.</summary>
    protected virtual void Started(RunStarted start)
    {
    }

    /// <summary>A step is done.</summary>
    protected abstract void Step(StepCompleted step);

    /// <summary>A picture that cannot be drawn is no reason to lose a run.</summary>
    private void DrawCurves(string folder)
    {
        try
        {
            Curves.DrawRun(folder);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            error.WriteLine($"exponential train: curves.png was not drawn: {e.Message}");
        }
    }
}
