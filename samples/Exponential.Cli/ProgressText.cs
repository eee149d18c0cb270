using System.Globalization;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>Reports in words, the same for a terminal and for a log.</summary>
internal static class ProgressText
{
    public static string Describe(RunStarted start)
    {
        TrainingSettings s = start.Settings;
        string mixing = SettingWords.Mixings.First(entry => entry.Value == s.Mixing).Word;
        string resumed = start.ResumedAt > 0 ? $", resumed at step {start.ResumedAt}" : "";
        return Invariant(
            $"{mixing} mixing flow, {Output.Count(s.Levels, "level")} x {Output.Count(s.Subflows, "subflow")}, {start.ParameterCount:N0} parameters; {s.Dataset}, {Output.Count(start.TrainingImages, "image")}, {start.StepsPerEpoch} {(start.StepsPerEpoch == 1 ? "step" : "steps")} an epoch, {Output.Count(start.TotalSteps, "step")} in all{resumed}");
    }

    public static string Describe(StepCompleted step) => Invariant(
        $"epoch {step.Epoch}  step {step.Step}/{step.TotalSteps}  {step.MeanBitsPerDim:F3} bits/dim (batch {step.BitsPerDim:F3})  {step.ImagesPerSecond:F0} images/s  {Left(step)}");

    public static string Describe(EvaluationCompleted evaluation) => Invariant(
        $"epoch {evaluation.Epoch}  step {evaluation.Step}  validation {evaluation.BitsPerDim:F4} bits/dim{(evaluation.IsBest ? ", the best so far" : $" (best {evaluation.BestBitsPerDim:F4})")}");

    public static string Describe(RunStopped stopped) => stopped.Reason switch
    {
        StopReason.Completed => Invariant($"{(stopped.Step == 1 ? "The step is" : $"All {stopped.Step} steps are")} done; testing the best model."),
        StopReason.EarlyStopping => Invariant($"No better validation for as many epochs as --early_stopping_epochs allows: the run ends after step {stopped.Step}; testing the best model."),
        StopReason.TimeLimit => Invariant($"The time is over after step {stopped.Step}; testing the best model. --resume continues the run."),
        _ when stopped.IsSaved => Invariant($"Stopped after step {stopped.Step}; everything is saved."),
        _ => Invariant($"Stopped after step {stopped.Step}; nothing is saved, as --no_checkpoints asked."),
    };

    /// <summary>The estimate that <c>train</c> promises after its first steps.</summary>
    public static string Estimate(StepCompleted step) => step.TimeLeft is TimeSpan left
        ? $"Estimate: {Short(left)} for the remaining {Output.Count(step.TotalSteps - step.Step, "step")}."
        : "";

    private static string Left(StepCompleted step) => step.TimeLeft is TimeSpan time ? $"{Short(time)} left"
        : step.Step < step.TotalSteps ? "estimating"
        : "the last step";

    public static string Short(TimeSpan time) => time.TotalMinutes < 1 ? Invariant($"{time.TotalSeconds:F0} s")
        : time.TotalHours < 1 ? Invariant($"{(int)time.TotalMinutes} min {time.Seconds:D2} s")
        : Invariant($"{(int)time.TotalHours} h {time.Minutes:D2} min");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
