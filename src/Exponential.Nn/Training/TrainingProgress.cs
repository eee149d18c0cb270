namespace Exponential.Nn;

/// <summary>
/// What a run reports while it goes on. Reports arrive in order, on the training thread, which waits for the receiver: use an
/// <see cref="IProgress{T}"/> of your own (<see cref="Progress{T}"/> posts late and out of order).
/// </summary>
public abstract record TrainingProgress
{
    private protected TrainingProgress()
    {
    }
}

/// <summary>The run is about to take its first step, or the first since it was resumed.</summary>
/// <param name="Folder">The run's folder, an absolute path.</param>
/// <param name="Settings">Its settings.</param>
/// <param name="ParameterCount">Trained values of the model.</param>
/// <param name="TrainingImages">Images of an epoch.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="TotalSteps">Steps after which the run will have ended, by its limits on epochs and steps.</param>
/// <param name="ResumedAt">Steps taken before; 0 for a new run.</param>
public sealed record RunStarted(
    string Folder, TrainingSettings Settings, long ParameterCount, int TrainingImages, int StepsPerEpoch, long TotalSteps, long ResumedAt)
    : TrainingProgress;

/// <summary>A step is done.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Step">Steps so far, this one included.</param>
/// <param name="TotalSteps">Steps after which the run ends.</param>
/// <param name="BitsPerDim">The batch's bits per dimension.</param>
/// <param name="MeanBitsPerDim">Mean over the epoch's images so far, in bits per dimension.</param>
/// <param name="LearningRate">The step's learning rate.</param>
/// <param name="GradientNorm">Global 2-norm of the gradient, before any clipping.</param>
/// <param name="ImagesPerSecond">Images a second, over the last steps.</param>
/// <param name="TimeLeft">Estimated time to the end of the run; null during the first steps.</param>
public sealed record StepCompleted(
    int Epoch, long Step, long TotalSteps, double BitsPerDim, double MeanBitsPerDim, double LearningRate, double GradientNorm,
    double ImagesPerSecond, TimeSpan? TimeLeft)
    : TrainingProgress;

/// <summary>The validation images were evaluated and the run's pictures drawn.</summary>
/// <param name="Folder">The run's folder.</param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Step">Steps so far.</param>
/// <param name="BitsPerDim">Bits per dimension of the validation images.</param>
/// <param name="BestBitsPerDim">The lowest so far, this one included.</param>
/// <param name="IsBest">Whether this is the lowest so far.</param>
public sealed record EvaluationCompleted(string Folder, int Epoch, long Step, double BitsPerDim, double BestBitsPerDim, bool IsBest)
    : TrainingProgress;

/// <summary>A checkpoint is on the disk, whole.</summary>
/// <param name="Path">The file.</param>
/// <param name="Step">Steps so far.</param>
public sealed record CheckpointSaved(string Path, long Step) : TrainingProgress;

/// <summary>The metrics of a resumed run have been deleted; it goes on, and its metrics begin anew.</summary>
/// <param name="Path">The file.</param>
/// <param name="Lines">Lines that it had.</param>
public sealed record MetricsLost(string Path, int Lines) : TrainingProgress;

/// <summary>A picture could not be written, perhaps because another program holds the file; the run goes on.</summary>
/// <param name="Path">The file.</param>
/// <param name="Message">Why.</param>
public sealed record PictureFailed(string Path, string Message) : TrainingProgress;

/// <summary>The run is over; the best model is about to be tested.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Step">Steps so far.</param>
/// <param name="IsSaved">Whether a checkpoint holds its state; false for a run without checkpoints.</param>
public sealed record RunStopped(StopReason Reason, long Step, bool IsSaved = true) : TrainingProgress;
