namespace Exponential.Nn;

/// <summary>One step of gradient descent.</summary>
internal static class TrainingStep
{
    /// <summary>Takes the step, in training mode.</summary>
    /// <param name="run">The run, whose model, optimizer and noise move on.</param>
    /// <param name="images">The batch [B, C, H, W], values 0..255.</param>
    /// <returns>The batch's mean bits per dimension, and the gradient's norm before clipping.</returns>
    /// <exception cref="TrainingException">Loss or gradient was not finite. No parameter has changed.</exception>
    public static (double BitsPerDim, double GradientNorm) Take(TrainingRun run, Tensor images)
    {
        ForwardState.Values before = run.Forward.Capture();
        Tensor loss = run.Model.BitsPerDim(images, run.Noise).Mean();
        double bitsPerDim = loss.ToScalar();
        if (!double.IsFinite(bitsPerDim))
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

        run.Optimizer.Step(gradients);
        return (bitsPerDim, norm);
    }
}
