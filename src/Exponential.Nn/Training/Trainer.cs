namespace Exponential.Nn;

/// <summary>Trains a flow on images, from the first step to the tested model, into a folder of its own.</summary>
/// <remarks>
/// <para>
/// A run is synchronous: only the data are read ahead on another thread. It is determined by its settings: order, augmentation, noise and
/// samples derive from the seed, and neither evaluations nor interruptions draw from what the steps draw from.
/// </para>
/// <para>
/// Cancelling finishes the current step, saves (unless the run is without checkpoints) and returns. <c>Resume</c> goes on from the last checkpoint, wherever the run was
/// stopped or killed, and comes to the same weights and metrics, bit for bit. A run that ended at its limit of steps or minutes evaluates
/// once more at its end; resumed with a higher limit, it keeps that evaluation.
/// </para>
/// </remarks>
public static class Trainer
{
    /// <summary>Trains a new model.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <param name="progress">Receives reports on the calling thread; null for none.</param>
    /// <param name="cancellationToken">Ends the run after its current step, saved.</param>
    /// <returns>What it came to; a cancelled run returns too, with <see cref="StopReason.Cancelled"/>.</returns>
    /// <exception cref="ArgumentException">A setting out of range, or a model that does not fit the images.</exception>
    /// <exception cref="IOException">The folder or a file cannot be made or read; a checkpoint that was there stays whole.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before its images were read; there is no folder of it.</exception>
    /// <exception cref="TrainingException">A loss or a gradient was not finite; the last checkpoint stays.</exception>
    public static TrainingResult Run(
        TrainingSettings settings, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        return Run(settings, Open(settings, cancellationToken), progress, cancellationToken);
    }

    /// <summary>Trains a new model on images at hand.</summary>
    /// <param name="settings">The run's settings; <see cref="TrainingSettings.Dataset"/> only names the images.</param>
    /// <param name="data">The images.</param>
    /// <param name="progress">Receives reports on the calling thread; null for none.</param>
    /// <param name="cancellationToken">Ends the run after its current step, saved.</param>
    /// <returns>What it came to; a cancelled run returns too, with <see cref="StopReason.Cancelled"/>.</returns>
    /// <exception cref="ArgumentException">A setting out of range, or a model that does not fit the images.</exception>
    /// <exception cref="IOException">The folder or a file cannot be made; a checkpoint that was there stays whole.</exception>
    /// <exception cref="TrainingException">A loss or a gradient was not finite; the last checkpoint stays.</exception>
    public static TrainingResult Run(
        TrainingSettings settings, ImageDataset data, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(data);
        settings = WithFullPaths(settings);
        settings.Validate(data.ImageShape);
        data = Limited(data, settings);
        var run = new TrainingRun(settings, data.ImageShape);
        run.State.NoteImages(data.Train);
        return Start(run, RunFolder.Create(settings, DateTime.Now), data, progress, cancellationToken);
    }

    /// <summary>Executes a new run in its folder. Where it cannot save its first checkpoint, nothing is left of it, and it can be started again.</summary>
    internal static TrainingResult Start(
        TrainingRun run, RunFolder folder, ImageDataset data, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        TrainingLoop? loop = null;
        try
        {
            using IDisposable session = folder.Lock();
            loop = new TrainingLoop(run, folder, data, progress, cancellationToken);
            return loop.Execute();
        }
        catch (IOException) when (loop is { HasBegun: false })
        {
            folder.Discard();
            throw;
        }
    }

    /// <summary>Goes on with a run from its last checkpoint, as if it had never stopped.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="settings">
    /// Null for the run's own settings. Otherwise they may differ from those in what controls how far and how fast it goes: the limits on
    /// epochs, steps and minutes, early stopping, the intervals of logging and checkpoints, the numbers of test images, importance samples and
    /// sample images, threads, folders.
    /// </param>
    /// <param name="progress">Receives reports on the calling thread; null for none.</param>
    /// <param name="cancellationToken">Ends the run after its current step, saved.</param>
    /// <returns>What the run came to.</returns>
    /// <exception cref="ArgumentException">Other settings differ, or the limit on steps or epochs is below what the run has done.</exception>
    /// <exception cref="IOException">The folder, its checkpoint or a data file is missing.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before its images were read; the run stays as it was.</exception>
    /// <exception cref="InvalidDataException">The checkpoint or the metrics are damaged.</exception>
    /// <exception cref="TrainingException">A loss or a gradient was not finite; the last checkpoint stays.</exception>
    public static TrainingResult Resume(
        string folder, TrainingSettings? settings = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        settings ??= Checkpoint.ReadSettings(RunFolder.Open(folder).Last);
        settings.Validate();
        return Resume(folder, Open(settings, cancellationToken), settings, progress, cancellationToken);
    }

    /// <summary>Goes on with a run on images at hand.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="data">The images that it was started with.</param>
    /// <param name="settings">Null for the run's own settings; otherwise they may differ in what controls how far and how fast it goes.</param>
    /// <param name="progress">Receives reports on the calling thread; null for none.</param>
    /// <param name="cancellationToken">Ends the run after its current step, saved.</param>
    /// <returns>What the run came to.</returns>
    /// <exception cref="ArgumentException">Other settings differ, or the limit on steps or epochs is below what the run has done.</exception>
    /// <exception cref="IOException">The folder or its checkpoint is missing.</exception>
    /// <exception cref="InvalidDataException">The checkpoint or the metrics are damaged, or are of other images.</exception>
    /// <exception cref="TrainingException">A loss or a gradient was not finite; the last checkpoint stays.</exception>
    public static TrainingResult Resume(
        string folder,
        ImageDataset data,
        TrainingSettings? settings = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(data);
        RunFolder opened = RunFolder.Open(folder);
        using IDisposable session = opened.Lock();
        TrainingSettings saved = Checkpoint.ReadSettings(opened.Last);
        settings = WithFullPaths(settings ?? saved);
        settings.Validate();
        if (saved.FirstDifference(settings) is var (name, own, other))
        {
            throw new ArgumentException(
                $"resume: {name}: the run has {own}; got {other}. What the run computes is fixed: only limits on epochs, steps, minutes and test images, "
                + "early stopping, samples, the intervals of logging and checkpoints, threads and folders may differ",
                nameof(settings));
        }

        data = Limited(data, settings);
        TrainingRun run = Checkpoint.LoadRun(opened.Last, settings, data.ImageShape);
        run.State.RequireImages(data.Train);
        run.State.RequireWithin(settings);
        RequireBest(opened, run);
        var loop = new TrainingLoop(run, opened, data, progress, cancellationToken);
        int lost = 0;

        // Nothing on the disk has changed so far. What can fail comes first: lines of metrics are dropped when nothing is refused any more.
        using (KeptMetrics metrics = KeptMetrics.Open(opened.Metrics, run.State.MetricsLines))
        {
            opened.Rewrite(settings, run.State.Step);
            metrics.DropTheRest();
            if (metrics.IsLost)
            {
                lost = run.State.MetricsLines;
                run.State.MetricsLines = 0;
            }
        }

        if (lost > 0)
        {
            progress?.Report(new MetricsLost(opened.Metrics, lost));
        }

        return loop.Execute();
    }

    /// <summary>The best model is tested at the end of the run, which must not find out then that it has lost it.</summary>
    private static void RequireBest(RunFolder folder, TrainingRun run)
    {
        if (run.State.BestBitsPerDim is null)
        {
            return;
        }

        string why;
        try
        {
            ImageModel best = Checkpoint.LoadModel(folder.Best, run.Settings, run.ImageShape);
            if (best.State().Values.All(value => value.IsInteger || value.Tensor.IsFinite()))
            {
                return;
            }

            why = $"{folder.Best} holds values that are not finite";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            why = e.Message.TrimEnd('.');
        }

        throw new InvalidDataException(
            $"resume: the best model so far, which is tested at the end, is lost ({why}). Restore {RunFolder.BestName}, or copy {RunFolder.LastName} over it "
            + "to go on with the last model in its place");
    }

    /// <summary>The images of a run. The built-in ones do not depend on the run's seed, so that runs can be compared.</summary>
    private static ImageDataset Open(TrainingSettings settings, CancellationToken cancellationToken) =>
        Datasets.Open(settings.Dataset, settings.DataDirectory, imageSize: settings.ImageSize, cancellationToken: cancellationToken);

    /// <summary>The splits cut to the settings' limits, none of them empty.</summary>
    private static ImageDataset Limited(ImageDataset data, TrainingSettings settings)
    {
        foreach (ImageSet split in new[] { data.Train, data.Validation, data.Test })
        {
            if (split.Count < 1)
            {
                throw new ArgumentException($"train: every split of a data set needs an image; '{split.Name}' is empty", nameof(data));
            }
        }

        return data.Take(
            validation: Limit(settings.MaxValidationImages, data.Validation.Count), test: Limit(settings.MaxTestImages, data.Test.Count));

        int Limit(int most, int count)
        {
            int limit = most > 0 ? Math.Min(most, count) : count;
            return settings.BreakEpoch ? Math.Min(limit, settings.BatchSize) : limit;
        }
    }

    /// <summary>A run may be resumed from another folder than it was started in.</summary>
    private static TrainingSettings WithFullPaths(TrainingSettings settings) => settings with
    {
        DataDirectory = string.IsNullOrEmpty(settings.DataDirectory) ? settings.DataDirectory : Path.GetFullPath(settings.DataDirectory),
        OutputDirectory = string.IsNullOrWhiteSpace(settings.OutputDirectory) ? settings.OutputDirectory : Path.GetFullPath(settings.OutputDirectory),
    };
}
