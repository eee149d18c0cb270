namespace Exponential.Nn;

/// <summary>One step of gradient descent.</summary>
internal static class TrainingStep
{
    /// <summary>Takes the step, in training mode.</summary>
    /// <param name="run">The run, whose model, optimizer and noise move on.</param>
    /// <param name="images">The batch [B, C, H, W], values 0..255.</param>
    /// <param name="save">
    /// Called, unless null, when loss and gradient have proved finite and before any parameter changes, with the run as the step found it:
    /// a checkpoint saved here is known to be worth going on from.
    /// </param>
    /// <returns>The batch's mean bits per dimension, and the gradient's norm before clipping.</returns>
    /// <exception cref="TrainingException">Loss or gradient was not finite. No parameter has changed.</exception>
    public static (double BitsPerDim, double GradientNorm) Take(TrainingRun run, Tensor images, Action? save = null)
    {
        ForwardState.Values before = run.Forward.Capture();
        Tensor? loss = Loss(run, images);
        double bitsPerDim = loss?.ToScalar() ?? double.NaN;
        if (loss is null || !double.IsFinite(bitsPerDim))
        {
            run.Forward.Restore(before);
            throw NonFiniteSearch.InLoss(run, "the loss", () => run.Model.BitsPerDim(images, run.Noise));
        }

        double limit = run.Settings.ClipNorm > 0 ? run.Settings.ClipNorm : double.PositiveInfinity;
        (Gradients gradients, double norm) = loss.Backward().ClipNorm(limit);
        if (!double.IsFinite(norm))
        {
            throw NonFiniteSearch.InGradient(run, gradients);
        }

        if (save is not null)
        {
            ForwardState.Values after = run.Forward.Capture();
            run.Forward.Restore(before);
            save();
            run.Forward.Restore(after);
        }

        run.Optimizer.Step(gradients);
        return (bitsPerDim, norm);
    }

    /// <summary>The loss, or null where a module met a value with which it cannot go on.</summary>
    private static Tensor? Loss(TrainingRun run, Tensor images)
    {
        try
        {
            return run.Model.BitsPerDim(images, run.Noise);
        }
        catch (NonFiniteException)
        {
            return null;
        }
    }
}
