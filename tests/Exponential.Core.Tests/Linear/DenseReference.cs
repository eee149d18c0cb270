namespace Exponential.Tests;

/// <summary>
/// Dense matrices by plain loops in float64: what operators and their exponentials are compared with. A matrix is a tensor [m, n].
/// </summary>
internal static class DenseReference
{
    // exp(M / 2^s) with a norm of at most a half: the first term left out is below 1e-19.
    private const int SeriesTerms = 16;

    /// <summary>The zero-padded convolution [D, C, kh, kw] on images of one size as a matrix [D H W, C H W].</summary>
    public static Tensor Convolution(Tensor kernel, int height, int width)
    {
        (int outputs, int inputs, int tall, int wide) = (kernel.Shape[0], kernel.Shape[1], kernel.Shape[2], kernel.Shape[3]);
        double[] taps = Values(kernel);
        double[,] matrix = new double[outputs * height * width, inputs * height * width];
        for (int o = 0; o < outputs; o++)
        {
            for (int c = 0; c < inputs; c++)
            {
                for (int h = 0; h < height; h++)
                {
                    for (int w = 0; w < width; w++)
                    {
                        for (int a = 0; a < tall; a++)
                        {
                            for (int b = 0; b < wide; b++)
                            {
                                (int y, int x) = (h + a - (tall / 2), w + b - (wide / 2));
                                if (y >= 0 && y < height && x >= 0 && x < width)
                                {
                                    int row = (((o * height) + h) * width) + w;
                                    int column = (((c * height) + y) * width) + x;
                                    matrix[row, column] = taps[(((((o * inputs) + c) * tall) + a) * wide) + b];
                                }
                            }
                        }
                    }
                }
            }
        }

        return ToTensor(matrix);
    }

    /// <summary>exp(M) by scaling and squaring of its series.</summary>
    public static Tensor Exp(Tensor matrix)
    {
        double[,] m = ToMatrix(matrix);
        int n = m.GetLength(0);
        int squarings = Math.Max(0, 1 + (int)Math.Ceiling(Math.Log2(Math.Max(OneNorm(m), 1e-300))));
        double[,] scaled = Combine(m, Math.ScaleB(1, -squarings), m, 0);
        double[,] sum = Identity(n);
        for (int k = SeriesTerms; k >= 1; k--)
        {
            sum = Combine(Identity(n), 1, Multiply(scaled, sum), 1.0 / k);
        }

        for (int i = 0; i < squarings; i++)
        {
            sum = Multiply(sum, sum);
        }

        return ToTensor(sum);
    }

    /// <summary>The series of exp(M) up to a number of terms, from the last term on.</summary>
    public static Tensor Series(Tensor matrix, int terms)
    {
        double[,] m = ToMatrix(matrix);
        double[,] sum = Identity(m.GetLength(0));
        for (int k = terms; k >= 1; k--)
        {
            sum = Combine(Identity(m.GetLength(0)), 1, Multiply(m, sum), 1.0 / k);
        }

        return ToTensor(sum);
    }

    /// <summary>The tail of the series of exp(M) behind a number of terms: what cutting it leaves out, without cancellation.</summary>
    public static Tensor Tail(Tensor matrix, int terms)
    {
        double[,] m = ToMatrix(matrix);
        double[,] power = Identity(m.GetLength(0));
        double[,] sum = Combine(power, 0, power, 0);
        for (int k = 1; k <= terms || OneNorm(power) > 1e-18 * OneNorm(sum); k++)
        {
            power = Combine(Multiply(m, power), 1.0 / k, power, 0);
            sum = k > terms ? Combine(sum, 1, power, 1) : sum;
        }

        return ToTensor(sum);
    }

    /// <summary>The largest singular value: the root of the largest eigenvalue of A'A, by Jacobi's rotations.</summary>
    public static double Norm(Tensor matrix)
    {
        double[,] a = ToMatrix(matrix);
        return Math.Sqrt(LargestEigenvalue(Multiply(Transpose(a), a)));
    }

    public static Tensor Product(Tensor left, Tensor right) => ToTensor(Multiply(ToMatrix(left), ToMatrix(right)));

    public static double Trace(Tensor matrix)
    {
        double[,] m = ToMatrix(matrix);
        return Enumerable.Range(0, m.GetLength(0)).Sum(i => m[i, i]);
    }

    public static double[] Values(Tensor tensor) => tensor.Detach().To(DType.Float64).ToArray<double>();

    private static double LargestEigenvalue(double[,] a)
    {
        int n = a.GetLength(0);
        double threshold = 1e-15 * Enumerable.Range(0, n).Sum(i => a[i, i]) / n;
        for (int sweep = 0; sweep < 30; sweep++)
        {
            double largest = 0;
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++)
                {
                    largest = Math.Max(largest, Math.Abs(a[p, q]));
                    if (Math.Abs(a[p, q]) > threshold)
                    {
                        Rotate(a, p, q);
                    }
                }
            }

            if (largest <= threshold)
            {
                break;
            }
        }

        return Enumerable.Range(0, n).Max(i => a[i, i]);
    }

    private static void Rotate(double[,] a, int p, int q)
    {
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
        double c = 1 / Math.Sqrt((t * t) + 1);
        double s = t * c;
        for (int k = 0; k < a.GetLength(0); k++)
        {
            (a[k, p], a[k, q]) = ((c * a[k, p]) - (s * a[k, q]), (s * a[k, p]) + (c * a[k, q]));
        }

        for (int k = 0; k < a.GetLength(0); k++)
        {
            (a[p, k], a[q, k]) = ((c * a[p, k]) - (s * a[q, k]), (s * a[p, k]) + (c * a[q, k]));
        }
    }

    private static double OneNorm(double[,] m) => Enumerable.Range(0, m.GetLength(1))
        .Max(column => Enumerable.Range(0, m.GetLength(0)).Sum(row => Math.Abs(m[row, column])));

    private static double[,] Identity(int n)
    {
        double[,] m = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            m[i, i] = 1;
        }

        return m;
    }

    private static double[,] Combine(double[,] a, double alpha, double[,] b, double beta)
    {
        double[,] result = new double[a.GetLength(0), a.GetLength(1)];
        for (int i = 0; i < result.GetLength(0); i++)
        {
            for (int j = 0; j < result.GetLength(1); j++)
            {
                result[i, j] = (alpha * a[i, j]) + (beta * b[i, j]);
            }
        }

        return result;
    }

    private static double[,] Multiply(double[,] a, double[,] b)
    {
        double[,] result = new double[a.GetLength(0), b.GetLength(1)];
        for (int i = 0; i < a.GetLength(0); i++)
        {
            for (int k = 0; k < a.GetLength(1); k++)
            {
                for (int j = 0; j < b.GetLength(1); j++)
                {
                    result[i, j] += a[i, k] * b[k, j];
                }
            }
        }

        return result;
    }

    private static double[,] Transpose(double[,] a)
    {
        double[,] result = new double[a.GetLength(1), a.GetLength(0)];
        for (int i = 0; i < a.GetLength(0); i++)
        {
            for (int j = 0; j < a.GetLength(1); j++)
            {
                result[j, i] = a[i, j];
            }
        }

        return result;
    }

    private static double[,] ToMatrix(Tensor matrix)
    {
        double[] values = Values(matrix);
        double[,] result = new double[matrix.Shape[0], matrix.Shape[1]];
        Buffer.BlockCopy(values, 0, result, 0, values.Length * sizeof(double));
        return result;
    }

    private static Tensor ToTensor(double[,] matrix)
    {
        double[] values = new double[matrix.Length];
        Buffer.BlockCopy(matrix, 0, values, 0, values.Length * sizeof(double));
        return Tensor.FromArray(values, [matrix.GetLength(0), matrix.GetLength(1)]);
    }
}
