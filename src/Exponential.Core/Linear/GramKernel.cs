using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>The Gram matrix G = S* S of a real or complex matrix, real and imaginary parts apart, rows padded with zeros to whole vectors.</summary>
internal static unsafe class GramKernel
{
    /// <summary>
    /// G = factor * S^T S for S [rows, columns] with rows of <paramref name="stride"/> numbers; G [columns, columns] with the same stride.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Real(ReadOnlySpan<double> s, int rows, int columns, int stride, double factor, Span<double> gram)
    {
        int width = Vector<double>.Count;
        fixed (double* source = s, target = gram)
        {
            // Tiles of two rows by two vectors, down to the diagonal: the columns of S that a tile needs stay in the first-level cache
            // for the next one below. A last odd row, or vector, is worked out twice.
            for (int j = 0; j < stride; j += 2 * width)
            {
                int second = j + width < stride ? width : 0;
                for (int i = 0; i < Math.Min(j + 2 * width, columns); i += 2)
                {
                    int i1 = Math.Min(i + 1, columns - 1);
                    Vector<double> g00 = default, g01 = default, g10 = default, g11 = default;
                    double* row = source;
                    for (int k = 0; k < rows; k++, row += stride)
                    {
                        Vector<double> left = Vector.Load(row + j);
                        Vector<double> right = Vector.Load(row + j + second);
                        Vector<double> a0 = new(row[i]);
                        Vector<double> a1 = new(row[i1]);
                        g00 = Vector.MultiplyAddEstimate(a0, left, g00);
                        g01 = Vector.MultiplyAddEstimate(a0, right, g01);
                        g10 = Vector.MultiplyAddEstimate(a1, left, g10);
                        g11 = Vector.MultiplyAddEstimate(a1, right, g11);
                    }

                    (g00 * factor).Store(target + i * stride + j);
                    (g01 * factor).Store(target + i * stride + j + second);
                    (g10 * factor).Store(target + i1 * stride + j);
                    (g11 * factor).Store(target + i1 * stride + j + second);
                }
            }

            MirrorUpper(target, columns, stride, 1);
        }
    }

    /// <summary>G = factor * S* S, complex; see <see cref="Real"/>.</summary>
    /// <remarks>With s = a + ib: Re G_ij = sum of a_ki a_kj + b_ki b_kj, Im G_ij = sum of a_ki b_kj - b_ki a_kj.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Complex(
        ReadOnlySpan<double> real, ReadOnlySpan<double> imaginary, int rows, int columns, int stride, double factor, Span<double> gramReal, Span<double> gramImaginary)
    {
        int width = Vector<double>.Count;
        fixed (double* re = real, im = imaginary, targetRe = gramReal, targetIm = gramImaginary)
        {
            for (int j = 0; j < stride; j += 2 * width)
            {
                int second = j + width < stride ? width : 0;
                for (int i = 0; i < Math.Min(j + 2 * width, columns); i += 2)
                {
                    int i1 = Math.Min(i + 1, columns - 1);
                    Vector<double> r00 = default, r01 = default, r10 = default, r11 = default;
                    Vector<double> i00 = default, i01 = default, i10 = default, i11 = default;
                    double* a = re;
                    double* b = im;
                    for (int k = 0; k < rows; k++, a += stride, b += stride)
                    {
                        Vector<double> leftRe = Vector.Load(a + j);
                        Vector<double> leftIm = Vector.Load(b + j);
                        Vector<double> rightRe = Vector.Load(a + j + second);
                        Vector<double> rightIm = Vector.Load(b + j + second);
                        Vector<double> a0 = new(a[i]);
                        Vector<double> a1 = new(a[i1]);
                        r00 = Vector.MultiplyAddEstimate(a0, leftRe, r00);
                        r01 = Vector.MultiplyAddEstimate(a0, rightRe, r01);
                        r10 = Vector.MultiplyAddEstimate(a1, leftRe, r10);
                        r11 = Vector.MultiplyAddEstimate(a1, rightRe, r11);
                        i00 = Vector.MultiplyAddEstimate(a0, leftIm, i00);
                        i01 = Vector.MultiplyAddEstimate(a0, rightIm, i01);
                        i10 = Vector.MultiplyAddEstimate(a1, leftIm, i10);
                        i11 = Vector.MultiplyAddEstimate(a1, rightIm, i11);
                        Vector<double> b0 = new(b[i]);
                        Vector<double> b1 = new(b[i1]);
                        r00 = Vector.MultiplyAddEstimate(b0, leftIm, r00);
                        r01 = Vector.MultiplyAddEstimate(b0, rightIm, r01);
                        r10 = Vector.MultiplyAddEstimate(b1, leftIm, r10);
                        r11 = Vector.MultiplyAddEstimate(b1, rightIm, r11);
                        i00 = Vector.MultiplyAddEstimate(-b0, leftRe, i00);
                        i01 = Vector.MultiplyAddEstimate(-b0, rightRe, i01);
                        i10 = Vector.MultiplyAddEstimate(-b1, leftRe, i10);
                        i11 = Vector.MultiplyAddEstimate(-b1, rightRe, i11);
                    }

                    (r00 * factor).Store(targetRe + i * stride + j);
                    (r01 * factor).Store(targetRe + i * stride + j + second);
                    (r10 * factor).Store(targetRe + i1 * stride + j);
                    (r11 * factor).Store(targetRe + i1 * stride + j + second);
                    (i00 * factor).Store(targetIm + i * stride + j);
                    (i01 * factor).Store(targetIm + i * stride + j + second);
                    (i10 * factor).Store(targetIm + i1 * stride + j);
                    (i11 * factor).Store(targetIm + i1 * stride + j + second);
                }
            }

            MirrorUpper(targetRe, columns, stride, 1);
            MirrorUpper(targetIm, columns, stride, -1);
        }
    }

    /// <summary>The Frobenius norm of a real or complex matrix, from above; the parts hold a whole number of vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double FrobeniusFromAbove(ReadOnlySpan<double> real, ReadOnlySpan<double> imaginary)
    {
        Vector<double> sum = Vector<double>.Zero;
        fixed (double* re = real, im = imaginary)
        {
            for (int i = 0; i < real.Length; i += Vector<double>.Count)
            {
                Vector<double> a = Vector.Load(re + i);
                sum = Vector.MultiplyAddEstimate(a, a, sum);
            }

            for (int i = 0; i < imaginary.Length; i += Vector<double>.Count)
            {
                Vector<double> b = Vector.Load(im + i);
                sum = Vector.MultiplyAddEstimate(b, b, sum);
            }
        }

        // A sum of n numbers is off by at most n u of itself, the root by half of that.
        return Math.Sqrt(Vector.Sum(sum)) * (1 + (real.Length + imaginary.Length + 4) * GramIteration.U);
    }

    /// <summary>Copies the upper triangle to the lower one, times <paramref name="sign"/>; in tiles, as columns lie far apart in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MirrorUpper(double* matrix, int columns, int stride, double sign)
    {
        const int Tile = 8;
        for (int top = 0; top < columns; top += Tile)
        {
            int bottom = Math.Min(top + Tile, columns);
            for (int left = 0; left <= top; left += Tile)
            {
                for (int i = top; i < bottom; i++)
                {
                    int right = Math.Min(left + Tile, i);
                    for (int j = left; j < right; j++)
                    {
                        matrix[i * stride + j] = sign * matrix[j * stride + i];
                    }
                }
            }
        }
    }
}
