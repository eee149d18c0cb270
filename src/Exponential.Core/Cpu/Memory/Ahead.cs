namespace Exponential;

/// <summary>
/// Memory of a kernel's next block that its inner loop asks for, a cache line at a step, so that the block finds it in the second-level cache:
/// what it will read, then what it will write.
/// </summary>
/// <remarks>
/// Where the images come from memory, and not from a cache, reading them took as long as half of the multiply-adds did, before or between
/// these and not beside them. See <see cref="CacheLines"/>.
/// </remarks>
internal unsafe struct Ahead
{
    private byte* _next;
    private byte* _end;
    private byte* _second;
    private readonly byte* _secondEnd;

    /// <summary>Asks for two ranges, one after the other.</summary>
    public Ahead(void* first, nint firstBytes, void* second, nint secondBytes)
    {
        _next = (byte*)first;
        _end = _next + firstBytes;
        _second = (byte*)second;
        _secondEnd = _second + secondBytes;
    }

    /// <summary>The memory that a loop of some steps asks for, and its distance; <paramref name="other"/> again and again when all is asked for.</summary>
    public void* Take(int steps, void* other, out nint distance)
    {
        if (_next >= _end)
        {
            _next = _second;
            _end = _secondEnd;
            _second = _secondEnd;
        }

        if (_next >= _end)
        {
            distance = 0;
            return other;
        }

        byte* start = _next;
        _next += (nint)steps * CacheLines.Size;
        distance = CacheLines.Size;
        return start;
    }
}
