using System.Diagnostics;

namespace Exponential.Nn;

/// <summary>One session of a run: steps, evaluations and checkpoints until something ends it.</summary>
internal sealed class TrainingLoop
{
    private const int GridImages = 64;
    private const int ReconstructedImages = 32;

    private readonly TrainingRun _run;
    private readonly RunFolder _folder;
    private readonly ImageDataset _data;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly CancellationToken _cancel;
    private readonly BatchLoader _loader;
    private readonly StepClock _clock = new();
    private readonly Stopwatch _session = new();
    private readonly double _secondsBefore;
    private readonly int _gen2Before = GC.CollectionCount(2);
    private long _savedStep;
    private TimeSpan _savedAt;

    public TrainingLoop(
        TrainingRun run, RunFolder folder, ImageDataset data, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        _run = run;
        _folder = folder;
        _data = data;
        _progress = progress;
        _cancel = cancel;
        _loader = new BatchLoader(data.Train, run.Settings.BatchSize, run.Settings.Seed, data.Augmentation);
        _secondsBefore = run.State.Seconds;
        _savedStep = run.State.Step;
        if (State.Batch > _loader.BatchesPerEpoch)
        {
            throw new InvalidDataException(
                $"checkpoint: it was saved after batch {State.Batch} of an epoch; the data have {_loader.BatchesPerEpoch}. Are they those of the run?");
        }
    }

    private TrainingSettings Settings => _run.Settings;

    private TrainingState State => _run.State;

    private long TotalSteps
    {
        get
        {
            long byEpochs = (long)Settings.Epochs * _loader.BatchesPerEpoch;
            return Settings.MaxSteps > 0 ? Math.Min(Settings.MaxSteps, byEpochs) : byEpochs;
        }
    }

    public TrainingResult Execute()
    {
        int threads = CpuThreads.Count;
        if (Settings.Threads > 0)
        {
            CpuThreads.Count = Settings.Threads;
        }

        _session.Start();
        try
        {
            if (State.Step == 0)
            {
                SaveLast();
            }

            Report(new RunStarted(
                _folder.Path, Settings, _run.Model.ParameterCount(), _data.Train.Count, _loader.BatchesPerEpoch, TotalSteps, State.Step));
            StopReason reason;
            try
            {
                if (State.Step == 0 && Settings.EvaluateAtStart)
                {
                    Evaluate();
                }

                reason = TakeSteps();
                Report(new RunStopped(reason, State.Step));
                if (reason != StopReason.Cancelled)
                {
                    return Finish(reason);
                }
            }
            catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
            {
                // An evaluation or the test was cut short: the steps are not, and a resumed run evaluates again.
                reason = StopReason.Cancelled;
                Report(new RunStopped(reason, State.Step));
            }

            SaveLast();
            return new TrainingResult(_folder.Path, reason, State.Step, State.BestBitsPerDim, null, null);
        }
        finally
        {
            CpuThreads.Count = threads;
        }
    }

    /// <summary>Takes steps, and evaluates between epochs, until the run ends, its time is over or it is cancelled.</summary>
    private StopReason TakeSteps()
    {
        while (State.Epoch < Settings.Epochs)
        {
            _run.Model.Train();
            _run.Optimizer.LearningRate = _run.LearningRate;
            foreach (ImageBatch batch in _loader.Epoch(State.Epoch, State.Batch))
            {
                if (WhyStop() is StopReason reason)
                {
                    return reason;
                }

                TakeStep(batch);
                SaveIfDue();
            }

            if (WhyStop() is StopReason before)
            {
                return before;
            }

            int epoch = State.Epoch + 1;
            if (epoch < 25 || epoch % Settings.EvaluateIntervalEpochs == 0)
            {
                Evaluate();
            }

            State.EndEpoch();
        }

        return StopReason.Completed;
    }

    private StopReason? WhyStop() =>
        _cancel.IsCancellationRequested ? StopReason.Cancelled
        : State.Step >= TotalSteps ? StopReason.Completed
        : Settings.MaxMinutes > 0 && _session.Elapsed.TotalMinutes >= Settings.MaxMinutes ? StopReason.TimeLimit
        : null;

    private void TakeStep(ImageBatch batch)
    {
        TimeSpan start = _session.Elapsed;
        (double bitsPerDim, double norm) = TrainingStep.Take(_run, batch.ToTensor(Settings.DType));
        State.Count(bitsPerDim, batch.Count);
        _clock.Add(_session.Elapsed - start, batch.Count);
        if (State.Step % Settings.LogInterval == 0 || State.Step == TotalSteps)
        {
            Write(new MetricsLine
            {
                Event = MetricsLine.StepEvent,
                BitsPerDim = bitsPerDim,
                MeanBitsPerDim = State.MeanBitsPerDim,
                LearningRate = _run.Optimizer.LearningRate,
                GradientNorm = norm,
                ImagesPerSecond = _clock.ImagesPerSecond,
            });
        }

        Report(new StepCompleted(
            State.Epoch + 1, State.Step, TotalSteps, bitsPerDim, State.MeanBitsPerDim, _run.Optimizer.LearningRate, norm,
            _clock.ImagesPerSecond, TimeLeft()));
    }

    private TimeSpan? TimeLeft()
    {
        TimeSpan? left = _clock.TimeFor(TotalSteps - State.Step);
        if (left is TimeSpan time && Settings.MaxMinutes > 0)
        {
            TimeSpan allowed = TimeSpan.FromMinutes(Settings.MaxMinutes) - _session.Elapsed;
            return time < allowed ? time : allowed > TimeSpan.Zero ? allowed : TimeSpan.Zero;
        }

        return left;
    }

    /// <summary>Evaluates the validation images, draws samples, and saves: first the best model, then the run.</summary>
    private void Evaluate()
    {
        // A run that ended here, and was resumed, has done this already.
        if (State.EvaluatedStep == State.Step)
        {
            return;
        }

        double Measure() => Evaluation.BitsPerDim(_run.Model, _data.Validation, Settings.BatchSize, _run.ValidationNoise(), _cancel);
        double bitsPerDim = Measure();
        if (!double.IsFinite(bitsPerDim))
        {
            throw NonFiniteSearch.InLoss(_run, "the validation bits/dim", () => Measure());
        }

        bool isBest = !(bitsPerDim >= State.BestBitsPerDim);
        State.BestBitsPerDim = isBest ? bitsPerDim : State.BestBitsPerDim;
        State.EvaluatedStep = State.Step;
        DrawSamples();
        if (isBest)
        {
            Checkpoint.SaveModel(_folder.Best, _run);
            Report(new CheckpointSaved(_folder.Best, State.Step));
        }

        Write(new MetricsLine
        {
            Event = MetricsLine.EvaluationEvent,
            MeanBitsPerDim = State.EpochImages > 0 ? State.MeanBitsPerDim : null,
            ValidationBitsPerDim = bitsPerDim,
            BestValidationBitsPerDim = State.BestBitsPerDim,
        });
        SaveLast();
        Report(new EvaluationCompleted(_folder.Path, State.Epoch + 1, State.Step, bitsPerDim, State.BestBitsPerDim!.Value, isBest));
        _run.Model.Train();
    }

    /// <summary>The end of a run that was not cancelled: a last evaluation, then the test of the best model.</summary>
    private TrainingResult Finish(StopReason reason)
    {
        Evaluate();
        ImageModel best = Checkpoint.LoadModel(_folder.Best);
        double test = Evaluation.BitsPerDim(best, _data.Test, Settings.BatchSize, Evaluation.TestNoise(Settings), _cancel);
        double worst = DrawReconstruction(best);
        Write(new MetricsLine { Event = MetricsLine.ResultEvent, TestBitsPerDim = test, WorstReconstructionError = worst });
        return new TrainingResult(_folder.Path, reason, State.Step, State.BestBitsPerDim, test, worst);
    }

    private void DrawSamples()
    {
        _run.Model.Eval();
        Tensor samples = _run.Model.Sample(GridImages, _run.Samples());
        WritePicture(_folder.Samples, ImageGrid.FromTensor(samples));
    }

    private double DrawReconstruction(ImageModel model)
    {
        ImageSet set = _data.Test.Take(Math.Min(ReconstructedImages, _data.Test.Count));
        Tensor images = set.ToTensor(Settings.DType);
        (Tensor reconstruction, double worst) = Evaluation.Reconstruct(model, images);
        WritePicture(_folder.Reconstruction, ImageGrid.Comparison(images, reconstruction));
        return worst;
    }

    private void WritePicture(string path, RgbImage picture)
    {
        try
        {
            ImageFile.WritePng(path, picture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(new PictureFailed(path, e.Message));
        }
    }

    private void SaveIfDue()
    {
        bool bySteps = Settings.CheckpointIntervalSteps > 0 && State.Step - _savedStep >= Settings.CheckpointIntervalSteps;
        bool byTime = Settings.CheckpointIntervalMinutes > 0
            && (_session.Elapsed - _savedAt).TotalMinutes >= Settings.CheckpointIntervalMinutes;
        if (bySteps || byTime)
        {
            SaveLast();
        }
    }

    private void SaveLast()
    {
        State.Seconds = _secondsBefore + _session.Elapsed.TotalSeconds;
        _folder.FlushMetrics();
        Checkpoint.SaveRun(_folder.Last, _run);
        _savedStep = State.Step;
        _savedAt = _session.Elapsed;
        Report(new CheckpointSaved(_folder.Last, State.Step));
    }

    private void Write(MetricsLine line)
    {
        using Process process = Process.GetCurrentProcess();
        _folder.Append(line with
        {
            Step = State.Step,
            Epoch = Math.Min(State.Epoch + 1, Settings.Epochs),
            Seconds = _secondsBefore + _session.Elapsed.TotalSeconds,
            PeakMemoryMiB = process.PeakWorkingSet64 / (1024.0 * 1024),
            Gen2Collections = GC.CollectionCount(2) - _gen2Before,
        });
        State.MetricsLines++;
    }

    private void Report(TrainingProgress report) => _progress?.Report(report);
}
