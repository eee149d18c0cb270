namespace Exponential.Core.Tests;

/// <summary>Sets the number of threads until it is disposed. For tests of the collection <see cref="GlobalState"/>.</summary>
internal sealed class WorkerCount : IDisposable
{
    private readonly int _before;

    public WorkerCount(int count)
    {
        _before = Workers.Count;
        Workers.Count = count;
    }

    public void Dispose() => Workers.Count = _before;
}
