namespace Exponential;

/// <summary>A function of two or three operands over a run of elements.</summary>
internal unsafe interface IRunKernel<T>
    where T : unmanaged
{
    /// <summary>Computes length values of y from operands whose strides are 1 or 0; c is null where there are two.</summary>
    void Run(T* a, int aStride, T* b, int bStride, T* c, int cStride, T* y, int length);
}

/// <summary>
/// Cuts an element-wise function of operands stretched to one shape into runs. Runs with strides of 1 or 0 go straight to the kernel; other
/// strides (a permuted or flipped view) are gathered in small pieces first.
/// </summary>
internal static unsafe class OperandRuns
{
    /// <summary>Elements gathered at once: small enough for the stack, long enough for the vector loop.</summary>
    private const int Piece = 256;

    /// <summary>Runs a kernel over all elements, on several threads where there are many.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="axes">The axes of a, b, c where there is one, and y, which is row-major.</param>
    /// <param name="count">The number of elements of y.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The third operand, or null.</param>
    /// <param name="y">The result.</param>
    public static void For<T, TKernel>(TKernel kernel, CollapsedAxes axes, int count, T* a, T* b, T* c, T* y)
        where T : unmanaged
        where TKernel : struct, IRunKernel<T>
    {
        int inner = axes.Inner;
        (int aStride, int bStride, int cStride) = (axes.Strides[0][^1], axes.Strides[1][^1], c == null ? 0 : axes.Strides[2][^1]);
        bool isEven = aStride is 0 or 1 && bStride is 0 or 1 && cStride is 0 or 1;
        ElementBlocks.For(count, (start, length) =>
        {
            for (int end = start + length; start < end;)
            {
                (int row, int column) = Math.DivRem(start, inner);
                int run = Math.Min(inner - column, end - start);
                T* first = a + axes.RowOffset(0, row) + ((nint)column * aStride);
                T* second = b + axes.RowOffset(1, row) + ((nint)column * bStride);
                T* third = c == null ? null : c + axes.RowOffset(2, row) + ((nint)column * cStride);
                if (isEven)
                {
                    kernel.Run(first, aStride, second, bStride, third, cStride, y + start, run);
                }
                else
                {
                    Gathered(kernel, first, aStride, second, bStride, third, cStride, y + start, run);
                }

                start += run;
            }
        });
    }

    private static void Gathered<T, TKernel>(TKernel kernel, T* a, nint aStride, T* b, nint bStride, T* c, nint cStride, T* y, int run)
        where T : unmanaged
        where TKernel : struct, IRunKernel<T>
    {
        T* first = stackalloc T[c == null ? 2 * Piece : 3 * Piece];
        T* second = first + Piece;
        T* third = c == null ? null : second + Piece;
        for (int done = 0; done < run; done += Piece)
        {
            int length = Math.Min(Piece, run - done);
            for (nint i = 0; i < length; i++)
            {
                first[i] = a[(done + i) * aStride];
                second[i] = b[(done + i) * bStride];
            }

            for (nint i = 0; i < length && third != null; i++)
            {
                third[i] = c[(done + i) * cStride];
            }

            kernel.Run(first, 1, second, 1, third, 1, y + done, length);
        }
    }
}
