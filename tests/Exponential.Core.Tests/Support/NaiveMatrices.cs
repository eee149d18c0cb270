namespace Exponential.Core.Tests;

/// <summary>Dense linear algebra by textbook elimination, one matrix at a time.</summary>
internal static class NaiveMatrices
{
    /// <summary>Gauss-Jordan elimination of [A, B] with pivoting: B becomes A^-1 B.</summary>
    public static double[,] Solve(double[,] a, double[,] b)
    {
        return Eliminate(a, b).Solution;
    }

    public static double[,] Inverse(double[,] a) => Solve(a, Identity(a.GetLength(0)));

    public static double Determinant(double[,] a) => Eliminate(a, new double[a.GetLength(0), 0]).Determinant;

    public static double[,] Identity(int n)
    {
        double[,] identity = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            identity[i, i] = 1;
        }

        return identity;
    }

    public static double[,] Multiply(double[,] a, double[,] b)
    {
        double[,] product = new double[a.GetLength(0), b.GetLength(1)];
        for (int i = 0; i < a.GetLength(0); i++)
        {
            for (int j = 0; j < b.GetLength(1); j++)
            {
                for (int k = 0; k < b.GetLength(0); k++)
                {
                    product[i, j] += a[i, k] * b[k, j];
                }
            }
        }

        return product;
    }

    /// <summary>Householder's triangularisation with whole reflection matrices; LAPACK's signs: R[k, k] = -sign(x_k) |x|.</summary>
    public static (double[,] Q, double[,] R) Qr(double[,] a)
    {
        (int m, int n) = (a.GetLength(0), a.GetLength(1));
        double[,] q = Identity(m);
        double[,] r = a;
        for (int k = 0; k < Math.Min(m - 1, n); k++)
        {
            double[] v = new double[m];
            double norm = 0;
            for (int i = k; i < m; i++)
            {
                v[i] = r[i, k];
                norm += v[i] * v[i];
            }

            norm = Math.Sqrt(norm);
            v[k] += v[k] >= 0 ? norm : -norm;
            double squared = v.Sum(value => value * value);
            double[,] reflection = Identity(m);
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < m; j++)
                {
                    reflection[i, j] -= 2 * v[i] * v[j] / squared;
                }
            }

            r = Multiply(reflection, r);
            q = Multiply(q, reflection);
        }

        return (Leading(q, m, Math.Min(m, n)), Leading(r, Math.Min(m, n), n));
    }

    /// <summary>Row-sum norm of A times that of its inverse.</summary>
    public static double Condition(double[,] a) => Norm(a) * Norm(Inverse(a));

    /// <summary>Applies a function to every matrix of a batch.</summary>
    public static NaiveArray Each(NaiveArray batch, Func<double[,], double[,]> f)
    {
        int items = batch.Shape[..^2].Aggregate(1, (product, length) => product * length);
        double[][,] results = [.. Enumerable.Range(0, items).Select(item => f(batch.Matrix(item)))];
        return new NaiveArray([.. batch.Shape[..^2], results[0].GetLength(0), results[0].GetLength(1)], [.. results.SelectMany(result => result.Cast<double>())]);
    }

    private static double Norm(double[,] a) =>
        Enumerable.Range(0, a.GetLength(0)).Max(i => Enumerable.Range(0, a.GetLength(1)).Sum(j => Math.Abs(a[i, j])));

    private static double[,] Leading(double[,] a, int rows, int columns)
    {
        double[,] part = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                part[i, j] = a[i, j];
            }
        }

        return part;
    }

    private static (double[,] Solution, double Determinant) Eliminate(double[,] matrix, double[,] right)
    {
        double[,] a = (double[,])matrix.Clone();
        double[,] b = (double[,])right.Clone();
        int n = a.GetLength(0);
        double determinant = 1;
        for (int column = 0; column < n; column++)
        {
            int pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(a[row, column]));
            if (pivot != column)
            {
                Swap(a, pivot, column);
                Swap(b, pivot, column);
                determinant = -determinant;
            }

            determinant *= a[column, column];
            for (int row = 0; row < n; row++)
            {
                if (row != column)
                {
                    double factor = a[row, column] / a[column, column];
                    Subtract(a, row, column, factor);
                    Subtract(b, row, column, factor);
                }
            }
        }

        for (int row = 0; row < n; row++)
        {
            for (int j = 0; j < b.GetLength(1); j++)
            {
                b[row, j] /= a[row, row];
            }
        }

        return (b, determinant);
    }

    private static void Swap(double[,] a, int first, int second)
    {
        for (int j = 0; j < a.GetLength(1); j++)
        {
            (a[first, j], a[second, j]) = (a[second, j], a[first, j]);
        }
    }

    private static void Subtract(double[,] a, int row, int from, double factor)
    {
        for (int j = 0; j < a.GetLength(1); j++)
        {
            a[row, j] -= factor * a[from, j];
        }
    }
}
