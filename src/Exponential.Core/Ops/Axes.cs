namespace Exponential;

/// <summary>Checks and arithmetic of axis numbers.</summary>
internal static class Axes
{
    /// <summary>An axis counted from the start, where a negative one counts from the end.</summary>
    public static int Normalise(string operation, int axis, Shape shape)
    {
        int normalised = axis < 0 ? axis + shape.Rank : axis;
        return normalised >= 0 && normalised < shape.Rank
            ? normalised
            : throw new ArgumentOutOfRangeException(nameof(axis), $"{operation}: axis {axis} is not one of {shape}, which has {shape.Rank} axes");
    }

    /// <summary>Which axes are named; all when none is.</summary>
    public static bool[] Mask(string operation, ReadOnlySpan<int> axes, Shape shape)
    {
        bool[] mask = new bool[shape.Rank];
        if (axes.IsEmpty)
        {
            Array.Fill(mask, true);
            return mask;
        }

        foreach (int axis in axes)
        {
            int normalised = Normalise(operation, axis, shape);
            if (mask[normalised])
            {
                throw new ArgumentException($"{operation}: axis {axis} of {shape} is named twice");
            }

            mask[normalised] = true;
        }

        return mask;
    }

    /// <summary>The shape with the marked axes set to 1.</summary>
    public static Shape Kept(Shape shape, ReadOnlySpan<bool> mask)
    {
        int[] dimensions = shape.Dimensions.ToArray();
        for (int axis = 0; axis < dimensions.Length; axis++)
        {
            if (mask[axis])
            {
                dimensions[axis] = 1;
            }
        }

        return dimensions;
    }

    /// <summary>The shape without the marked axes.</summary>
    public static Shape Dropped(Shape shape, ReadOnlySpan<bool> mask)
    {
        var dimensions = new List<int>(shape.Rank);
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (!mask[axis])
            {
                dimensions.Add(shape[axis]);
            }
        }

        return dimensions.ToArray();
    }
}
