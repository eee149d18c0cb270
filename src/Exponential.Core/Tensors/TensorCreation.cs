namespace Exponential;

public sealed partial class Tensor
{
    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, DType dtype = DType.Float32) => Full(shape, 0, dtype);

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(Shape shape, DType dtype = DType.Float32) => Full(shape, 1, dtype);

    /// <summary>A tensor of one value.</summary>
    public static Tensor Full(Shape shape, double value, DType dtype = DType.Float32)
    {
        Backend backend = Device.Cpu.Backend;
        Operand data = backend.Allocate(dtype, shape);
        backend.Fill(data, value);
        return new Tensor(data);
    }

    /// <summary>A tensor of rank 0.</summary>
    public static Tensor Scalar(double value, DType dtype = DType.Float32) => Full([], value, dtype);

    /// <summary>The numbers 0, 1, ..., <paramref name="count"/> - 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public static Tensor Arange(int count, DType dtype = DType.Float32)
    {
        if (count < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(count), $"Arange: expects a count of 0 or more; got {count}");
        }

        // The tensor first: it checks the size.
        Backend backend = Device.Cpu.Backend;
        Operand data = backend.Allocate(DType.Float64, [count]);
        double[] values = new double[count];
        for (int index = 0; index < count; index++)
        {
            values[index] = index;
        }

        backend.Upload<double>(values, data);
        return new Tensor(data).To(dtype);
    }

    /// <summary>The identity matrix [n, n].</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is negative.</exception>
    public static Tensor Eye(int n, DType dtype = DType.Float32)
    {
        if (n < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(n), $"Eye: expects a size of 0 or more; got {n}");
        }

        Tensor index = Arange(n, dtype);
        return index.Unsqueeze(1).EqualTo(index);
    }

    /// <summary>Copies elements in row-major order into a tensor.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>; it decides the element type.</typeparam>
    /// <exception cref="ArgumentException">The number of elements is not the shape's, or <typeparamref name="T"/> is another type.</exception>
    public static Tensor FromSpan<T>(ReadOnlySpan<T> elements, Shape shape)
        where T : unmanaged => FromElements("FromSpan", elements, shape);

    /// <summary>Copies elements in row-major order into a tensor.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>; it decides the element type.</typeparam>
    /// <exception cref="ArgumentException">The number of elements is not the shape's, or <typeparamref name="T"/> is another type.</exception>
    public static Tensor FromArray<T>(T[] elements, Shape shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(elements);
        return FromElements<T>("FromArray", elements, shape);
    }

    /// <summary>Zeros of this tensor's shape and element type.</summary>
    public Tensor ZerosLike() => Zeros(Shape, DType);

    /// <summary>Ones of this tensor's shape and element type.</summary>
    public Tensor OnesLike() => Ones(Shape, DType);

    private static Tensor FromElements<T>(string operation, ReadOnlySpan<T> elements, Shape shape)
        where T : unmanaged
    {
        DType dtype = TypeOf<T>(operation);
        if (elements.Length != shape.ElementCount)
        {
            throw new ArgumentException($"{operation}: {elements.Length} elements do not fill {shape}, which has {shape.ElementCount}");
        }

        Backend backend = Device.Cpu.Backend;
        Operand data = backend.Allocate(dtype, shape);
        backend.Upload(elements, data);
        return new Tensor(data);
    }
}
