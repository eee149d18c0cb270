using Exponential.Nn;

namespace Exponential.Tests;

/// <summary>Hands each report to a delegate at once.</summary>
internal sealed class Reports(Action<TrainingProgress> take) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => take(value);
}
