using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exponential;

/// <summary>The inner loop of all dense decompositions here: a linear combination of the rows of a row-major matrix.</summary>
internal static class Rows
{
    /// <summary>
    /// target -= sum over k of coefficients[k] * row k, where row k is rows[k * stride ..] in target's length. Four vectors of the target
    /// stay in registers while k runs, so each number of the rows is loaded once and nothing else moves.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SubtractCombination<T>(Span<T> target, ReadOnlySpan<T> coefficients, ReadOnlySpan<T> rows, int stride)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (target.IsEmpty || coefficients.IsEmpty)
        {
            return;
        }

        // The last row must lie inside: the loops below do not check.
        _ = rows.Slice((coefficients.Length - 1) * stride, target.Length);
        ref T source = ref MemoryMarshal.GetReference(rows);
        ref T result = ref MemoryMarshal.GetReference(target);
        int width = Vector<T>.Count;
        int column = 0;
        for (; column <= target.Length - 4 * width; column += 4 * width)
        {
            Vector<T> sum0 = Vector.LoadUnsafe(ref result, (nuint)column);
            Vector<T> sum1 = Vector.LoadUnsafe(ref result, (nuint)(column + width));
            Vector<T> sum2 = Vector.LoadUnsafe(ref result, (nuint)(column + 2 * width));
            Vector<T> sum3 = Vector.LoadUnsafe(ref result, (nuint)(column + 3 * width));
            ref T row = ref Unsafe.Add(ref source, column);
            foreach (T coefficient in coefficients)
            {
                Vector<T> c = new(coefficient);
                sum0 -= c * Vector.LoadUnsafe(ref row);
                sum1 -= c * Vector.LoadUnsafe(ref row, (nuint)width);
                sum2 -= c * Vector.LoadUnsafe(ref row, (nuint)(2 * width));
                sum3 -= c * Vector.LoadUnsafe(ref row, (nuint)(3 * width));
                row = ref Unsafe.Add(ref row, stride);
            }

            sum0.StoreUnsafe(ref result, (nuint)column);
            sum1.StoreUnsafe(ref result, (nuint)(column + width));
            sum2.StoreUnsafe(ref result, (nuint)(column + 2 * width));
            sum3.StoreUnsafe(ref result, (nuint)(column + 3 * width));
        }

        for (; column <= target.Length - width; column += width)
        {
            Vector<T> sum = Vector.LoadUnsafe(ref result, (nuint)column);
            ref T row = ref Unsafe.Add(ref source, column);
            foreach (T coefficient in coefficients)
            {
                sum -= new Vector<T>(coefficient) * Vector.LoadUnsafe(ref row);
                row = ref Unsafe.Add(ref row, stride);
            }

            sum.StoreUnsafe(ref result, (nuint)column);
        }

        for (; column < target.Length; column++)
        {
            T sum = target[column];
            for (int k = 0; k < coefficients.Length; k++)
            {
                sum -= coefficients[k] * rows[k * stride + column];
            }

            target[column] = sum;
        }
    }
}
