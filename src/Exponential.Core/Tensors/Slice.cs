namespace Exponential;

/// <summary>What an index takes of one axis: a single position, which drops the axis, or a range. Converts from <see cref="int"/>, <see cref="Index"/> and <see cref="Range"/>.</summary>
public readonly struct Slice
{
    private Slice(Range range, bool dropsAxis)
    {
        Range = range;
        DropsAxis = dropsAxis;
    }

    /// <summary>The positions taken.</summary>
    public Range Range { get; }

    /// <summary>Whether the axis disappears from the result.</summary>
    public bool DropsAxis { get; }

    /// <summary>One position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative: count from the end with <c>^1</c>.</exception>
    public static implicit operator Slice(int position) => position >= 0
        ? (Index)position
        : throw new ArgumentOutOfRangeException(nameof(position), $"Slice: position {position} is negative; count from the end with ^{-(long)position}");

    /// <summary>One position, perhaps counted from the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is <c>^0</c>, one past the end, or the largest number.</exception>
    public static implicit operator Slice(Index position)
    {
        if (position.Value == (position.IsFromEnd ? 0 : int.MaxValue))
        {
            throw new ArgumentOutOfRangeException(nameof(position), $"Slice: position {position} lies past the end; the last one is ^1");
        }

        return new(new Range(position, position.IsFromEnd ? new Index(position.Value - 1, fromEnd: true) : position.Value + 1), dropsAxis: true);
    }

    /// <summary>A range of positions.</summary>
    public static implicit operator Slice(Range range) => new(range, dropsAxis: false);
}
