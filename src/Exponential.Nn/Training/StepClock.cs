namespace Exponential.Nn;

/// <summary>Speed over the last steps and evaluations, and from it the time that the rest will take.</summary>
internal sealed class StepClock
{
    /// <summary>Steps averaged over: the first ones, still compiling, are soon forgotten.</summary>
    private const int Window = 16;

    /// <summary>Steps before the first estimate.</summary>
    private const int FewestSteps = 4;

    private readonly Queue<(TimeSpan Duration, int Images)> _steps = new(Window + 1);
    private TimeSpan _duration;
    private long _images;
    private TimeSpan _evaluation;

    /// <summary>Images a second, 0 before the first step.</summary>
    public double ImagesPerSecond => _duration > TimeSpan.Zero ? _images / _duration.TotalSeconds : 0;

    /// <summary>Counts a step.</summary>
    public void Add(TimeSpan duration, int images)
    {
        _steps.Enqueue((duration, images));
        _duration += duration;
        _images += images;
        if (_steps.Count > Window)
        {
            (TimeSpan oldest, int count) = _steps.Dequeue();
            _duration -= oldest;
            _images -= count;
        }
    }

    /// <summary>Takes note of how long an evaluation took.</summary>
    public void AddEvaluation(TimeSpan duration) => _evaluation = duration;

    /// <summary>
    /// The time that <paramref name="steps"/> and <paramref name="evaluations"/> more will take at this speed; null while there are too few
    /// steps to tell. Before the first evaluation nothing is known of theirs, and they count as nothing.
    /// </summary>
    public TimeSpan? TimeFor(long steps, long evaluations)
    {
        if (_steps.Count < FewestSteps)
        {
            return null;
        }

        double seconds = (_duration.TotalSeconds / _steps.Count * Math.Max(0, steps)) + (_evaluation.TotalSeconds * evaluations);
        return TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds / 2));
    }
}
