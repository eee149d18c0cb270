namespace Exponential;

/// <summary>Runs dense linear algebra, which is CPU code, over every matrix of a batch.</summary>
internal static class MatrixBatch
{
    /// <summary>A computation on one matrix of a batch: reads spans of the inputs and fills spans of the outputs.</summary>
    internal interface IKernel
    {
        void Run<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> first, Span<T> second)
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>;
    }

    /// <summary>
    /// Calls the kernel once for each matrix. Operands are row-major; a default operand is absent and gives an empty span.
    /// </summary>
    public static void Run<TKernel>(TKernel kernel, int batch, Operand a, Operand b, Operand first, Operand second)
        where TKernel : IKernel
    {
        if (a.DType == DType.Float32)
        {
            Run<TKernel, float>(kernel, batch, a, b, first, second);
        }
        else
        {
            Run<TKernel, double>(kernel, batch, a, b, first, second);
        }
    }

    /// <summary>Checks that a shape is a batch of square matrices.</summary>
    public static void RequireSquare(string operation, Shape shape)
    {
        if (shape.Rank < 2 || shape[^1] != shape[^2])
        {
            throw new ArgumentException($"{operation}: expects square matrices [.., n, n]; got {shape}");
        }
    }

    private static void Run<TKernel, T>(TKernel kernel, int batch, Operand a, Operand b, Operand first, Operand second)
        where TKernel : IKernel
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        for (int item = 0; item < batch; item++)
        {
            kernel.Run<T>(Item<T>(a, item, batch), Item<T>(b, item, batch), Item<T>(first, item, batch), Item<T>(second, item, batch));
        }
    }

    private static Span<T> Item<T>(Operand operand, int item, int batch)
        where T : unmanaged
    {
        if (operand.Storage is not CpuStorage storage)
        {
            return default;
        }

        int size = operand.ElementCount / batch;
        return storage.Span<T>().Slice(operand.Layout.Offset + (item * size), size);
    }
}
