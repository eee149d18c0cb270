using System.Diagnostics;

namespace Exponential.Nn;

/// <summary>One session of a run: steps, evaluations and checkpoints until something ends it.</summary>
internal sealed class TrainingLoop
{
    /// <summary>Epochs at the start of which each is evaluated, as the original does.</summary>
    private const int EveryEpoch = 24;

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
    private readonly int _stepsPerEpoch;
    private long _savedStep;
    private TimeSpan _savedAt;

    /// <summary>The best model's state, in a run without checkpoints.</summary>
    private StateDictionary? _best;

    public TrainingLoop(
        TrainingRun run, RunFolder folder, ImageDataset data, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        _run = run;
        _folder = folder;
        _data = data;
        _progress = progress;
        _cancel = cancel;
        _loader = new BatchLoader(data.Train, run.Settings.BatchSize, run.Settings.Seed, data.Augmentation);
        _stepsPerEpoch = run.Settings.BreakEpoch ? 1 : _loader.BatchesPerEpoch;
        _secondsBefore = run.State.Seconds;
        _savedStep = run.State.Step;
        if (State.Batch > _stepsPerEpoch)
        {
            throw new InvalidDataException(
                $"checkpoint: it was saved after batch {State.Batch} of an epoch; the data have {_stepsPerEpoch}. Are they those of the run?");
        }
    }

    private TrainingSettings Settings => _run.Settings;

    private TrainingState State => _run.State;

    private long TotalSteps
    {
        get
        {
            long byEpochs = (long)Settings.Epochs * _stepsPerEpoch;
            return Settings.MaxSteps > 0 ? Math.Min(Settings.MaxSteps, byEpochs) : byEpochs;
        }
    }

    /// <summary>Whether the run has begun: its first checkpoint is there, if it writes any.</summary>
    public bool HasBegun { get; private set; }

    public TrainingResult Execute()
    {
        using var arithmetic = new ArithmeticScope(Settings);
        _session.Start();
        if (State.Step == 0)
        {
            SaveLast();
        }

        HasBegun = true;
        Report(new RunStarted(
            _folder.Path, Settings, _run.Model.ParameterCount(), _data.Train.Count, _stepsPerEpoch, TotalSteps, State.Step));
        try
        {
            if (State.Step == 0 && Settings.EvaluateAtStart)
            {
                Evaluate();
            }

            StopReason reason = TakeSteps();
            if (reason != StopReason.Cancelled)
            {
                Report(new RunStopped(reason, State.Step));
                return Finish(reason);
            }
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            // An evaluation or the test was cut short: the steps are not, and a resumed run evaluates again.
        }

        if (!Settings.NoCheckpoints)
        {
            RequireFiniteModel();
            SaveLast();
        }

        Report(new RunStopped(StopReason.Cancelled, State.Step, IsSaved: !Settings.NoCheckpoints));
        return new TrainingResult(_folder.Path, StopReason.Cancelled, State.Step, State.BestBitsPerDim, null, null);
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

                if (State.Batch == _stepsPerEpoch)
                {
                    break;
                }

                TakeStep(batch);
            }

            if (WhyStop() is StopReason before)
            {
                return before;
            }

            if (IsEvaluated(State.Epoch))
            {
                Evaluate();
                if (IsStale())
                {
                    return StopReason.EarlyStopping;
                }
            }

            State.EndEpoch();
        }

        return StopReason.Completed;
    }

    /// <summary>The original's schedule: every one of the first epochs is evaluated, then each whose number the interval divides.</summary>
    private bool IsEvaluated(int epoch) => EvaluationsIn(epoch + 1) > EvaluationsIn(epoch);

    /// <summary>Evaluations that the schedule has in the first epochs.</summary>
    private long EvaluationsIn(long epochs) =>
        Math.Min(epochs, EveryEpoch) + Math.Max(0, (epochs / Settings.EvaluateIntervalEpochs) - (EveryEpoch / Settings.EvaluateIntervalEpochs));

    /// <summary>Whether the best validation lies too many epochs back.</summary>
    private bool IsStale() =>
        Settings.EarlyStoppingEpochs > 0 && State.BestEpoch is int best && State.EpochsBegun - best >= Settings.EarlyStoppingEpochs;

    private StopReason? WhyStop() =>
        _cancel.IsCancellationRequested ? StopReason.Cancelled
        : State.Step >= TotalSteps ? StopReason.Completed
        : Settings.MaxMinutes > 0 && _session.Elapsed.TotalMinutes >= Settings.MaxMinutes ? StopReason.TimeLimit
        : null;

    private void TakeStep(ImageBatch batch)
    {
        TimeSpan start = _session.Elapsed;
        (double bitsPerDim, double norm) = TrainingStep.Take(_run, batch.ToTensor(Settings.DType), IsSaveDue() ? SaveLast : null);
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
        TimeSpan? left = _clock.TimeFor(TotalSteps - State.Step, EvaluationsLeft());
        if (left is TimeSpan time && Settings.MaxMinutes > 0)
        {
            TimeSpan allowed = TimeSpan.FromMinutes(Settings.MaxMinutes) - _session.Elapsed;
            return time < allowed ? time : allowed > TimeSpan.Zero ? allowed : TimeSpan.Zero;
        }

        return left;
    }

    /// <summary>
    /// Evaluations still to come: the schedule's, the one at the run's end, and the test, which takes about as long, and again for each sample
    /// of importance weighting.
    /// </summary>
    private long EvaluationsLeft()
    {
        long last = (TotalSteps - 1) / _stepsPerEpoch;
        return Math.Max(0, EvaluationsIn(last) - EvaluationsIn(State.Epoch)) + 2 + Settings.ImportanceSamples;
    }

    /// <summary>Evaluates the validation images, draws samples, and saves: first the best model, then the run.</summary>
    private void Evaluate()
    {
        // A run that ended here, and was resumed, has done this already.
        if (State.EvaluatedStep == State.Step)
        {
            return;
        }

        TimeSpan start = _session.Elapsed;
        double bitsPerDim = Finite(
            "the validation bits/dim",
            _run.Model,
            () => Evaluation.BitsPerDim(_run.Model, _data.Validation, Settings.BatchSize, _run.ValidationNoise(), _cancel));
        bool isBest = !(bitsPerDim >= State.BestBitsPerDim);
        State.EvaluatedStep = State.Step;
        DrawSamples();
        if (isBest)
        {
            State.BestBitsPerDim = bitsPerDim;
            State.BestEpoch = State.EpochsBegun;
            SaveBest();
        }

        Write(new MetricsLine
        {
            Event = MetricsLine.EvaluationEvent,
            MeanBitsPerDim = State.EpochImages > 0 ? State.MeanBitsPerDim : null,
            ValidationBitsPerDim = bitsPerDim,
            BestValidationBitsPerDim = State.BestBitsPerDim,
        });
        SaveLast();
        _clock.AddEvaluation(_session.Elapsed - start);
        Report(new EvaluationCompleted(_folder.Path, State.Epoch + 1, State.Step, bitsPerDim, State.BestBitsPerDim!.Value, isBest));
        _run.Model.Train();
    }

    /// <summary>The end of a run that was not cancelled: a last evaluation, then the test of the best model.</summary>
    private TrainingResult Finish(StopReason reason)
    {
        Evaluate();
        ImageModel best = BestModel();
        double test = Finite(
            "the test bits/dim",
            best,
            () => Evaluation.BitsPerDim(best, _data.Test, Settings.BatchSize, Evaluation.TestNoise(Settings), _cancel));
        double nats = BitsPerDim.ToNats(test, _data.ImageShape);
        int samples = Settings.ImportanceSamples;
        double? weighted = samples == 0 ? null : Finite(
            "the importance-weighted test bits/dim",
            best,
            () => Evaluation.ImportanceWeightedBitsPerDim(
                best, _data.Test, samples, Settings.BatchSize, Evaluation.TestNoise(Settings), _cancel));
        double worst = DrawReconstruction(best);
        Write(new MetricsLine
        {
            Event = MetricsLine.ResultEvent,
            TestBitsPerDim = test,
            TestNegativeElbo = nats,
            TestImportanceWeightedBitsPerDim = weighted,
            ImportanceSamples = weighted is null ? null : samples,
            WorstReconstructionError = worst,
        });
        return new TrainingResult(_folder.Path, reason, State.Step, State.BestBitsPerDim, test, worst)
        {
            TestNegativeElbo = nats,
            TestImportanceWeightedBitsPerDim = weighted,
        };
    }

    private ImageModel BestModel()
    {
        if (_best is null)
        {
            return Checkpoint.LoadModel(_folder.Best);
        }

        // The run is over: its model can become the best one again.
        _run.Model.LoadState(_best);
        _run.Model.Eval();
        return _run.Model;
    }

    private void DrawSamples()
    {
        if (Settings.SampleImages == 0)
        {
            return;
        }

        _run.Model.Eval();
        Tensor samples = _run.Model.Sample(Settings.SampleImages, _run.Samples());
        WritePicture(() => ImageGrid.FromTensor(samples), _folder.Samples, _folder.SamplesAt(State.Step));
    }

    private double DrawReconstruction(ImageModel model)
    {
        ImageSet set = _data.Test.Take(Math.Min(Evaluation.ReconstructedImages, _data.Test.Count));
        Tensor images = set.ToTensor(Settings.DType);
        (Tensor reconstruction, double worst) = Evaluation.Reconstruct(model, images);
        WritePicture(() => ImageGrid.Comparison(images, reconstruction), _folder.Reconstruction);
        return worst;
    }

    private void WritePicture(Func<RgbImage> draw, params ReadOnlySpan<string> paths)
    {
        if (_data.Channels is not (1 or 3))
        {
            Report(new PictureFailed(paths[0], $"a picture has 1 or 3 channels; these images have {_data.Channels}"));
            return;
        }

        RgbImage picture = draw();
        foreach (string path in paths)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                ImageFile.WritePng(path, picture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Report(new PictureFailed(path, e.Message));
            }
        }
    }

    /// <summary>The value of an evaluation, which must be finite.</summary>
    private double Finite(string what, ImageModel model, Func<double> measure)
    {
        double value;
        try
        {
            value = measure();
        }
        catch (NonFiniteException)
        {
            value = double.NaN;
        }

        return double.IsFinite(value) ? value : throw NonFiniteSearch.InEvaluation(_run, model, what, () => measure());
    }

    /// <summary>
    /// The last step may have ruined the model, and only a loss tells: before a cancelled run's state replaces the last checkpoint, one batch
    /// of validation images is evaluated. (A checkpoint that is due between steps is saved in the next one, after its loss and gradient.)
    /// </summary>
    private void RequireFiniteModel()
    {
        ImageSet some = _data.Validation.Take(Math.Min(Settings.BatchSize, _data.Validation.Count));
        Finite("the bits/dim of validation images", _run.Model, () => Evaluation.BitsPerDim(_run.Model, some, Settings.BatchSize, _run.ValidationNoise()));
    }

    private bool IsSaveDue()
    {
        if (Settings.NoCheckpoints)
        {
            return false;
        }

        bool bySteps = Settings.CheckpointIntervalSteps > 0 && State.Step - _savedStep >= Settings.CheckpointIntervalSteps;
        bool byTime = Settings.CheckpointIntervalMinutes > 0
            && (_session.Elapsed - _savedAt).TotalMinutes >= Settings.CheckpointIntervalMinutes;
        return bySteps || byTime;
    }

    private void SaveBest()
    {
        if (Settings.NoCheckpoints)
        {
            _best = _run.Model.State();
            return;
        }

        Save(_folder.Best, () => Checkpoint.SaveModel(_folder.Best, _run));
        Report(new CheckpointSaved(_folder.Best, State.Step));
    }

    private void SaveLast()
    {
        if (Settings.NoCheckpoints)
        {
            return;
        }

        State.Seconds = _secondsBefore + _session.Elapsed.TotalSeconds;
        Save(_folder.Metrics, _folder.FlushMetrics);
        Save(_folder.Last, () => Checkpoint.SaveRun(_folder.Last, _run));
        _savedStep = State.Step;
        _savedAt = _session.Elapsed;
        Report(new CheckpointSaved(_folder.Last, State.Step));
    }

    /// <summary>Writes a file of the run. Where that fails, on a full disk for one, the last checkpoint is still whole, and the message says so.</summary>
    private void Save(string path, Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            string left = File.Exists(_folder.Last)
                ? $"The last checkpoint, of step {_savedStep}, is whole: make room, then go on with --resume {_folder.Path}"
                : HasBegun ? "There is no checkpoint to go on from: make room, then start again under another name"
                : RunFolder.StartAgain;
            throw new IOException($"train: {path} could not be written after step {State.Step} ({e.Message.TrimEnd('.')}). {left}", e);
        }
    }

    private void Write(MetricsLine line)
    {
        using Process process = Process.GetCurrentProcess();
        MetricsLine whole = line with
        {
            Step = State.Step,
            Epoch = Math.Min(State.Epoch + 1, Settings.Epochs),
            Seconds = _secondsBefore + _session.Elapsed.TotalSeconds,
            PeakMemoryMiB = process.PeakWorkingSet64 / (1024.0 * 1024),
            Gen2Collections = GC.CollectionCount(2) - _gen2Before,
        };
        Save(_folder.Metrics, () => _folder.Append(whole));
        State.MetricsLines++;
    }

    private void Report(TrainingProgress report) => _progress?.Report(report);
}
