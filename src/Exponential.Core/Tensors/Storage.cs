namespace Exponential;

/// <summary>
/// The elements that one or more tensors and graph nodes share, counted by references. The last reference gives the memory back to
/// the device at once; a storage that is lost (a graph that never ran backward) is garbage like any other object, not a leak.
/// </summary>
internal abstract class Storage(DType dtype, int count)
{
    private int _references = 1;

    public DType DType { get; } = dtype;

    public int Count { get; } = count;

    public abstract Device Device { get; }

    /// <summary>Grows with every write in place, so that a cache keyed by storage and version never serves old values.</summary>
    public long Version { get; private set; }

    /// <summary>Whether somebody outside may hold a span of the memory, which then is never written in place nor used again.</summary>
    public bool HasEscaped { get; set; }

    public bool IsShared => HasEscaped || Volatile.Read(ref _references) > 1;

    public void AddReference()
    {
        if (Interlocked.Increment(ref _references) <= 1)
        {
            throw new ObjectDisposedException(nameof(Storage), "Storage: used after its last reference was released");
        }
    }

    public void Release()
    {
        int references = Interlocked.Decrement(ref _references);
        if (references == 0)
        {
            Free();
        }
        else if (references < 0)
        {
            throw new ObjectDisposedException(nameof(Storage), "Storage: released more often than referenced");
        }
    }

    public void Written() => Version++;

    protected abstract void Free();
}
