using System.Collections;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>The lengths of a tensor's axes, outermost first. An empty shape is a scalar's. Written as a collection expression: <c>Shape s = [16, 3, 32, 32];</c></summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    private readonly int[]? _dimensions;

    private Shape(int[] dimensions) => _dimensions = dimensions;

    /// <summary>The number of axes.</summary>
    public int Rank => _dimensions?.Length ?? 0;

    /// <summary>The product of all lengths; 1 for a scalar.</summary>
    public int ElementCount
    {
        get
        {
            int count = 1;
            foreach (int dimension in Dimensions)
            {
                count *= dimension;
            }

            return count;
        }
    }

    /// <summary>The lengths, outermost first.</summary>
    public ReadOnlySpan<int> Dimensions => _dimensions;

    int IReadOnlyCollection<int>.Count => Rank;

    /// <summary>The length of an axis.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such axis.</exception>
    public int this[int axis] => Dimensions[axis];

    /// <summary>The length of an axis, counted from the end with <c>^1</c>.</summary>
    public int this[Index axis] => Dimensions[axis];

    /// <summary>The shape of some of the axes.</summary>
    public Shape this[Range axes] => Create(Dimensions[axes]);

    /// <summary>Makes a shape of these lengths.</summary>
    /// <exception cref="ArgumentException">A length is negative, or the number of elements exceeds <see cref="int.MaxValue"/>.</exception>
    public static Shape Create(ReadOnlySpan<int> dimensions)
    {
        long count = 1;
        foreach (int dimension in dimensions)
        {
            if (dimension < 0)
            {
                throw new ArgumentException($"Shape: a length is negative: [{string.Join(", ", dimensions.ToArray())}]");
            }

            count *= dimension;
            if (count > int.MaxValue)
            {
                throw new ArgumentException(
                    $"Shape: [{string.Join(", ", dimensions.ToArray())}] has more than {int.MaxValue} elements, the most a tensor can hold");
            }
        }

        return new Shape(dimensions.ToArray());
    }

    /// <summary>Makes a shape of these lengths.</summary>
    public static implicit operator Shape(int[] dimensions) => Create(dimensions);

    /// <summary>Whether two shapes have the same lengths.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>
    /// The shape that two operands broadcast to: axes are aligned at the end, and a length of 1 stretches.
    /// </summary>
    /// <param name="left">One shape.</param>
    /// <param name="right">The other shape.</param>
    /// <param name="result">The common shape.</param>
    /// <returns>Whether the shapes agree.</returns>
    public static bool TryBroadcast(Shape left, Shape right, out Shape result)
    {
        if (left == right)
        {
            result = left;
            return true;
        }

        int rank = Math.Max(left.Rank, right.Rank);
        int[] dimensions = new int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            int a = axis < rank - left.Rank ? 1 : left[axis - (rank - left.Rank)];
            int b = axis < rank - right.Rank ? 1 : right[axis - (rank - right.Rank)];
            if (a != b && a != 1 && b != 1)
            {
                result = default;
                return false;
            }

            dimensions[axis] = a == 1 ? b : a;
        }

        result = Create(dimensions);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => Dimensions.SequenceEqual(other.Dimensions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (int dimension in Dimensions)
        {
            hash.Add(dimension);
        }

        return hash.ToHashCode();
    }

    /// <summary>The lengths as text: <c>[16, 3, 32, 32]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", _dimensions ?? [])}]";

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)(_dimensions ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
