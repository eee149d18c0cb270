namespace Exponential.Core.Tests;

/// <summary>A row-major array of doubles with the plainest indexing there is: what operations are compared with.</summary>
internal sealed class NaiveArray
{
    public NaiveArray(int[] shape, double[] values)
    {
        Shape = shape;
        Values = values;
        if (shape.Aggregate(1, (product, length) => product * length) != values.Length)
        {
            throw new ArgumentException($"[{string.Join(", ", shape)}] does not hold {values.Length} values");
        }
    }

    public int[] Shape { get; }

    public double[] Values { get; }

    public int Count => Values.Length;

    /// <summary>An element. Axes are aligned at the end and an axis of length 1 stretches, as in broadcasting.</summary>
    public double this[params int[] index] => Values[Position(index)];

    public static NaiveArray Of(Tensor tensor) => new(
        [.. tensor.Shape],
        tensor.DType == DType.Float64 ? tensor.ToArray<double>() : Array.ConvertAll(tensor.ToArray<float>(), value => (double)value));

    /// <summary>The array whose element at each index is f(index).</summary>
    public static NaiveArray Build(int[] shape, Func<int[], double> f)
    {
        double[] values = new double[shape.Aggregate(1, (product, length) => product * length)];
        for (int position = 0; position < values.Length; position++)
        {
            values[position] = f(Index(shape, position));
        }

        return new NaiveArray(shape, values);
    }

    public static NaiveArray Zip(NaiveArray a, NaiveArray b, Func<double, double, double> f) =>
        Build(BroadcastShape(a.Shape, b.Shape), index => f(a[index], b[index]));

    public static int[] BroadcastShape(int[] a, int[] b)
    {
        int rank = Math.Max(a.Length, b.Length);
        int[] shape = new int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            int first = axis < rank - a.Length ? 1 : a[axis - (rank - a.Length)];
            int second = axis < rank - b.Length ? 1 : b[axis - (rank - b.Length)];
            shape[axis] = first == 1 ? second : first;
        }

        return shape;
    }

    public Tensor ToTensor(DType dtype) => dtype == DType.Float64
        ? Tensor.FromArray(Values, Shape)
        : Tensor.FromArray(Array.ConvertAll(Values, value => (float)value), Shape);

    /// <summary>The values that an element type can hold.</summary>
    public NaiveArray Rounded(DType dtype) => dtype == DType.Float64 ? this : Map(value => (float)value);

    public NaiveArray Map(Func<double, double> f) => new(Shape, Array.ConvertAll(Values, value => f(value)));

    public NaiveArray Reshape(params int[] shape) => new(shape, Values);

    /// <summary>The same with one element changed.</summary>
    public NaiveArray With(int position, double value)
    {
        double[] values = [.. Values];
        values[position] = value;
        return new NaiveArray(Shape, values);
    }

    /// <summary>Folds the named axes, all when none is.</summary>
    public NaiveArray Reduce(int[] axes, bool keep, Func<double[], double> fold)
    {
        bool[] reduced = new bool[Shape.Length];
        foreach (int axis in axes.Length == 0 ? [.. Enumerable.Range(0, Shape.Length)] : axes)
        {
            reduced[axis < 0 ? axis + Shape.Length : axis] = true;
        }

        int[] kept = [.. Shape.Select((length, axis) => reduced[axis] ? 1 : length)];
        var runs = new List<double>[kept.Aggregate(1, (product, length) => product * length)];
        for (int run = 0; run < runs.Length; run++)
        {
            runs[run] = [];
        }

        for (int position = 0; position < Count; position++)
        {
            int[] index = Index(Shape, position);
            int run = 0;
            for (int axis = 0; axis < kept.Length; axis++)
            {
                run = (run * kept[axis]) + (reduced[axis] ? 0 : index[axis]);
            }

            runs[run].Add(Values[position]);
        }

        return new NaiveArray(keep ? kept : [.. kept.Where((_, axis) => !reduced[axis])], [.. runs.Select(run => fold([.. run]))]);
    }

    /// <summary>A matrix of a batch [.., m, n].</summary>
    public double[,] Matrix(int item)
    {
        double[,] matrix = new double[Shape[^2], Shape[^1]];
        Buffer.BlockCopy(Values, item * matrix.Length * sizeof(double), matrix, 0, matrix.Length * sizeof(double));
        return matrix;
    }

    public override string ToString() => $"[{string.Join(", ", Shape)}]";

    private static int[] Index(int[] shape, int position)
    {
        int[] index = new int[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            (position, index[axis]) = Math.DivRem(position, shape[axis]);
        }

        return index;
    }

    private int Position(int[] index)
    {
        int position = 0;
        for (int axis = 0; axis < Shape.Length; axis++)
        {
            position = (position * Shape[axis]) + (Shape[axis] == 1 ? 0 : index[axis + index.Length - Shape.Length]);
        }

        return position;
    }
}
