namespace Exponential;

/// <summary>
/// The axes of an element-wise loop over several operands, with neighbours joined where every operand steps through them evenly. A
/// broadcast over [B, C, H, W] becomes a loop over two or three axes with a long innermost run.
/// </summary>
internal sealed class CollapsedAxes
{
    private CollapsedAxes(int[] lengths, int[][] strides)
    {
        Lengths = lengths;
        Strides = strides;
        Inner = lengths[^1];
    }

    /// <summary>The lengths, outermost first; at least one axis.</summary>
    public int[] Lengths { get; }

    /// <summary>For each operand the strides of these axes.</summary>
    public int[][] Strides { get; }

    /// <summary>The length of the innermost run.</summary>
    public int Inner { get; }

    public static CollapsedAxes Of(Shape shape, params ReadOnlySpan<int[]> strides)
    {
        int[] lengths = new int[Math.Max(1, shape.Rank)];
        int[][] joined = new int[strides.Length][];
        for (int operand = 0; operand < strides.Length; operand++)
        {
            joined[operand] = new int[lengths.Length];
        }

        int count = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            int length = shape[axis];
            if (length == 1)
            {
                continue;
            }

            bool joins = count > 0;
            for (int operand = 0; joins && operand < strides.Length; operand++)
            {
                joins = joined[operand][count - 1] == strides[operand][axis] * length;
            }

            if (joins)
            {
                lengths[count - 1] *= length;
            }
            else
            {
                lengths[count++] = length;
            }

            for (int operand = 0; operand < strides.Length; operand++)
            {
                joined[operand][count - 1] = strides[operand][axis];
            }
        }

        if (count == 0)
        {
            lengths[0] = 1;
            foreach (int[] operand in joined)
            {
                operand[0] = 1;
            }

            count = 1;
        }

        // Mostly all axes join to one.
        Array.Resize(ref lengths, count);
        for (int operand = 0; operand < joined.Length; operand++)
        {
            Array.Resize(ref joined[operand], count);
        }

        return new CollapsedAxes(lengths, joined);
    }

    /// <summary>Where a row (all axes but the innermost, in row-major order) starts in an operand.</summary>
    public nint RowOffset(int operand, int row)
    {
        int[] strides = Strides[operand];
        nint offset = 0;
        for (int axis = Lengths.Length - 2; axis >= 0; axis--)
        {
            (row, int index) = Math.DivRem(row, Lengths[axis]);
            offset += (nint)index * strides[axis];
        }

        return offset;
    }
}
