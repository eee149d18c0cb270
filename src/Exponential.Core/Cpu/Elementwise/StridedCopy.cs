using System.Numerics;

namespace Exponential;

/// <summary>Copies between layouts, run by run.</summary>
internal static unsafe class StridedCopy
{
    public static void Run<T>(T* source, Layout from, T* destination, Layout to)
        where T : unmanaged
    {
        CollapsedAxes axes = CollapsedAxes.Of(from.Shape, from.Strides, to.Strides);
        int inner = axes.Inner;
        int fromStride = axes.Strides[0][^1];
        int toStride = axes.Strides[1][^1];
        ElementBlocks.For(from.Shape.ElementCount, (start, length) =>
        {
            for (int end = start + length; start < end;)
            {
                (int row, int column) = Math.DivRem(start, inner);
                int run = Math.Min(inner - column, end - start);
                T* x = source + axes.RowOffset(0, row) + ((nint)column * fromStride);
                T* y = destination + axes.RowOffset(1, row) + ((nint)column * toStride);
                if (fromStride == 1 && toStride == 1)
                {
                    new ReadOnlySpan<T>(x, run).CopyTo(new Span<T>(y, run));
                }
                else if (fromStride == 0 && toStride == 1)
                {
                    new Span<T>(y, run).Fill(*x);
                }
                else
                {
                    for (nint i = 0; i < run; i++)
                    {
                        y[i * toStride] = x[i * fromStride];
                    }
                }

                start += run;
            }
        });
    }

    public static void Convert<TFrom, TTo>(TFrom* source, Layout from, TTo* destination, Layout to)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        CollapsedAxes axes = CollapsedAxes.Of(from.Shape, from.Strides, to.Strides);
        int inner = axes.Inner;
        nint fromStride = axes.Strides[0][^1];
        nint toStride = axes.Strides[1][^1];
        ElementBlocks.For(from.Shape.ElementCount, (start, length) =>
        {
            for (int end = start + length; start < end;)
            {
                (int row, int column) = Math.DivRem(start, inner);
                int run = Math.Min(inner - column, end - start);
                TFrom* x = source + axes.RowOffset(0, row) + (column * fromStride);
                TTo* y = destination + axes.RowOffset(1, row) + (column * toStride);
                for (nint i = 0; i < run; i++)
                {
                    y[i * toStride] = TTo.CreateTruncating(x[i * fromStride]);
                }

                start += run;
            }
        });
    }
}
