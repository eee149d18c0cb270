namespace Exponential.Nn.Tests;

/// <summary>Keeps reports in the order in which they came.</summary>
internal sealed class Reported<T>(Action<T>? onReport = null) : IProgress<T>
{
    public List<T> All { get; } = [];

    public void Report(T value)
    {
        All.Add(value);
        onReport?.Invoke(value);
    }
}
