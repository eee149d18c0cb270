namespace Exponential;

/// <summary>How a tensor's elements lie in its storage: element (i0, i1, ...) is at Offset + sum of i_k * Strides[k], in elements.</summary>
internal readonly struct Layout
{
    public Layout(Shape shape, int[] strides, int offset)
    {
        Shape = shape;
        Strides = strides;

        // A view without elements would point past the end, and its strides mean nothing.
        bool isEmpty = shape.ElementCount == 0;
        Offset = isEmpty ? 0 : offset;
        IsContiguous = isEmpty || Contiguous(shape, strides, firstAxis: 0);
    }

    public Shape Shape { get; }

    public int[] Strides { get; }

    public int Offset { get; }

    /// <summary>Whether the elements follow one another in row-major order.</summary>
    public bool IsContiguous { get; }

    /// <summary>Whether the elements of each item of the first axis do.</summary>
    public bool HasContiguousItems => IsContiguous || Contiguous(Shape, Strides, firstAxis: 1);

    public static Layout RowMajor(Shape shape, int offset = 0) => new(shape, RowMajorStrides(shape), offset);

    public static int[] RowMajorStrides(Shape shape)
    {
        int[] strides = new int[shape.Rank];
        int stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return strides;
    }

    /// <summary>The layout stretched to a broadcast shape: missing axes and axes of length 1 get stride 0.</summary>
    public Layout Broadcast(Shape shape)
    {
        if (shape == Shape)
        {
            return this;
        }

        int[] strides = new int[shape.Rank];
        int shift = shape.Rank - Shape.Rank;
        for (int axis = shift; axis < shape.Rank; axis++)
        {
            strides[axis] = Shape[axis - shift] == 1 ? 0 : Strides[axis - shift];
        }

        return new Layout(shape, strides, Offset);
    }

    /// <summary>The strides with which the same elements read as another shape without a copy, if there are such.</summary>
    public bool TryReshape(Shape shape, out Layout result)
    {
        if (IsContiguous)
        {
            result = RowMajor(shape, Offset);
            return true;
        }

        // Walk both shapes from the end and match groups of axes of the same product; inside a group the old axes must be
        // evenly spaced.
        int[] strides = new int[shape.Rank];
        int old = Shape.Rank - 1;
        int axis = shape.Rank - 1;
        while (axis >= 0 || old >= 0)
        {
            while (old >= 0 && Shape[old] == 1)
            {
                old--;
            }

            if (old < 0)
            {
                break;
            }

            int stride = Strides[old];
            long oldCount = Shape[old];
            long newCount = 1;
            while (newCount != oldCount)
            {
                if (newCount < oldCount)
                {
                    if (axis < 0)
                    {
                        result = default;
                        return false;
                    }

                    strides[axis] = (int)(stride * newCount);
                    newCount *= shape[axis--];
                }
                else
                {
                    int next = old - 1;
                    while (next >= 0 && Shape[next] == 1)
                    {
                        next--;
                    }

                    if (next < 0 || Strides[next] != Strides[old] * Shape[old])
                    {
                        result = default;
                        return false;
                    }

                    old = next;
                    oldCount *= Shape[old];
                }
            }

            old--;
        }

        result = new Layout(shape, strides, Offset);
        return true;
    }

    private static bool Contiguous(Shape shape, int[] strides, int firstAxis)
    {
        int expected = 1;
        for (int axis = shape.Rank - 1; axis >= firstAxis; axis--)
        {
            int length = shape[axis];
            if (length != 1 && strides[axis] != expected)
            {
                return false;
            }

            expected *= length;
        }

        return true;
    }
}
