namespace Exponential.Nn;

/// <summary>Finds the module to blame for a loss or a gradient that is not finite.</summary>
internal static class NonFiniteSearch
{
    private const string Unsaved = "Nothing is saved, as no_checkpoints asked";
    private const string Advice = "a lower learning_rate or a clip_norm may help";

    /// <summary>Repeats the forward pass of a step, which must start from the same state, with every module's output checked.</summary>
    public static TrainingException InLoss(TrainingRun run, string what, Action repeat)
    {
        (string where, string? module) = Search(run.Model, repeat);
        return BeforeStep(run, what, where, module);
    }

    /// <summary>The same for an evaluation of <paramref name="model"/>, which follows the steps taken so far.</summary>
    public static TrainingException InEvaluation(TrainingRun run, ImageModel model, string what, Action repeat)
    {
        (string where, string? module) = Search(model, repeat);
        long step = run.State.Step;
        return new TrainingException(
            $"train: after step {step}: {what} is not finite, {where}. {(run.Settings.NoCheckpoints ? Unsaved : "The last checkpoint is intact")}; {Advice}",
            step,
            module);
    }

    /// <summary>The backward pass runs from the last module to the first: the last parameter with a bad gradient met it first.</summary>
    public static TrainingException InGradient(TrainingRun run, Gradients gradients)
    {
        string? culprit = null;
        foreach ((string name, Parameter parameter) in run.Model.NamedParameters())
        {
            if (gradients.TryGetValue(parameter, out Tensor? gradient) && !gradient.IsFinite())
            {
                culprit = name;
            }
        }

        if (culprit is null)
        {
            return BeforeStep(run, "the gradient's norm", "though every element of the gradient is: it overflows", null);
        }

        string module = culprit[..Math.Max(0, culprit.LastIndexOf('.'))];
        return BeforeStep(run, "the gradient", $"last in {Named(module)}, where the backward pass comes first (parameter {culprit})", module);
    }

    private static (string Where, string? Module) Search(ImageModel model, Action repeat)
    {
        try
        {
            using FiniteChecks.Scope checks = FiniteChecks.On();
            using Autograd.NoGradScope noGrad = Autograd.NoGrad();
            repeat();
        }
        catch (NonFiniteException e)
        {
            string name = model.NamedModules().First(item => ReferenceEquals(item.Module, e.Module)).Name;
            return ($"first in {Named(name)} ({e.Message})", name);
        }

        return ("though the output of every module is", null);
    }

    private static TrainingException BeforeStep(TrainingRun run, string what, string where, string? module)
    {
        long step = run.State.Step + 1;
        return new TrainingException(
            $"train: step {step}: {what} is not finite, {where}. The run stopped before this step{(run.Settings.NoCheckpoints ? $". {Unsaved}" : " and its last checkpoint is intact")}; {Advice}",
            step,
            module);
    }

    private static string Named(string module) => module.Length == 0 ? "the model itself" : $"module {module}";
}
