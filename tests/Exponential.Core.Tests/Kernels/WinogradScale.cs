namespace Exponential.Core.Tests.Kernels;

/// <summary>
/// What the roundings of F(4x4, 3x3) are relative to: its algorithm, written as plain sums, with the absolute value of every
/// coefficient and every value: |Aᵀ| ((|G| |g| |Gᵀ|) * (|Bᵀ| |d| |B|)) |A|, summed over the input channels.
/// </summary>
internal static class WinogradScale
{
    private const double A = WinogradPoints.A, B = WinogradPoints.B;

    private static readonly double[][] OfInput =
    [
        [A * A * B * B, 0, A * A + B * B, 0, 1, 0],
        [0, A * B * B, B * B, A, 1, 0],
        [0, A * B * B, B * B, A, 1, 0],
        [0, B * A * A, A * A, B, 1, 0],
        [0, B * A * A, A * A, B, 1, 0],
        [0, A * A * B * B, 0, A * A + B * B, 0, 1],
    ];

    private static readonly double[][] OfKernel =
    [
        [1 / (A * A * B * B), 0, 0],
        Powers(A, B),
        Powers(A, B),
        Powers(B, A),
        Powers(B, A),
        [0, 0, 1],
    ];

    private static readonly double[][] OfOutput =
    [
        [1, 1, 1, 1, 1, 0],
        [0, A, A, B, B, 0],
        [0, A * A, A * A, B * B, B * B, 0],
        [0, A * A * A, A * A * A, B * B * B, B * B * B, 1],
    ];

    /// <summary>
    /// Along an axis, a rounded coefficient and at most two additions for the kernel, three for the input, four for the output and
    /// two of its coefficients; two axes; the sum over channels, and one for each product.
    /// </summary>
    public static double Roundings(int channels) => channels + 2 * (3 + 3 + 6) + 1;

    public static double[] Forward(ConvolutionGeometry g, double[] x, double[] kernel)
    {
        var result = new double[g.Batch * g.OutputChannels * g.OutputPlane];
        var filters = new double[g.OutputChannels * g.InputChannels][,];
        for (int i = 0; i < filters.Length; i++)
        {
            var taps = new double[3, 3];
            for (int t = 0; t < 9; t++)
            {
                taps[t / 3, t % 3] = Math.Abs(kernel[9 * i + t]);
            }

            filters[i] = Both(OfKernel, taps);
        }

        for (int image = 0; image < g.Batch; image++)
        {
            for (int top = 0; top < g.InputHeight; top += 4)
            {
                for (int left = 0; left < g.InputWidth; left += 4)
                {
                    Tile(image, top, left);
                }
            }
        }

        return result;

        void Tile(int image, int top, int left)
        {
            var products = new double[g.OutputChannels][,];
            for (int o = 0; o < products.Length; o++)
            {
                products[o] = new double[6, 6];
            }

            for (int c = 0; c < g.InputChannels; c++)
            {
                var d = new double[6, 6];
                for (int i = 0; i < 36; i++)
                {
                    (int row, int column) = (top + i / 6 - 1, left + i % 6 - 1);
                    if (row >= 0 && row < g.InputHeight && column >= 0 && column < g.InputWidth)
                    {
                        d[i / 6, i % 6] = Math.Abs(x[((image * g.InputChannels + c) * g.InputHeight + row) * g.InputWidth + column]);
                    }
                }

                d = Both(OfInput, d);
                for (int o = 0; o < products.Length; o++)
                {
                    double[,] filter = filters[o * g.InputChannels + c];
                    for (int i = 0; i < 36; i++)
                    {
                        products[o][i / 6, i % 6] += filter[i / 6, i % 6] * d[i / 6, i % 6];
                    }
                }
            }

            for (int o = 0; o < products.Length; o++)
            {
                double[,] y = Both(OfOutput, products[o]);
                for (int i = 0; i < 16; i++)
                {
                    (int row, int column) = (top + i / 4, left + i % 4);
                    if (row < g.OutputHeight && column < g.OutputWidth)
                    {
                        result[((image * g.OutputChannels + o) * g.OutputHeight + row) * g.OutputWidth + column] = y[i / 4, i % 4];
                    }
                }
            }
        }
    }

    public static double[] InputGradient(ConvolutionGeometry g, double[] yBar, double[] kernel)
    {
        var turned = new double[kernel.Length];
        for (int o = 0; o < g.OutputChannels; o++)
        {
            for (int c = 0; c < g.InputChannels; c++)
            {
                for (int t = 0; t < 9; t++)
                {
                    turned[(c * g.OutputChannels + o) * 9 + t] = kernel[(o * g.InputChannels + c) * 9 + 8 - t];
                }
            }
        }

        return Forward(g with { InputChannels = g.OutputChannels, OutputChannels = g.InputChannels }, yBar, turned);
    }

    /// <summary>
    /// Those of a sum of some gradients for the kernel: the sum is over their tiles and at most 16 parts of the batch, and the transforms
    /// are the transposes of the convolution's. A factor at the end is one more.
    /// </summary>
    public static double KernelRoundings(ConvolutionGeometry g, int gradients = 1) =>
        (double)g.Batch * ((g.InputHeight + 3) / 4) * ((g.InputWidth + 3) / 4) * gradients + 16 + 2 * (3 + 4 + 5) + 2;

    public static double[] KernelGradient(ConvolutionGeometry g, double[] x, double[] yBar)
    {
        var result = new double[g.OutputChannels * g.Depth];
        var sums = new double[g.OutputChannels * g.InputChannels][,];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = new double[6, 6];
        }

        for (int image = 0; image < g.Batch; image++)
        {
            for (int top = 0; top < g.InputHeight; top += 4)
            {
                for (int left = 0; left < g.InputWidth; left += 4)
                {
                    double[][,] v = [.. Enumerable.Range(image * g.InputChannels, g.InputChannels).Select(c => Both(OfInput, Patch(x, c, top - 1, left - 1, 6)))];
                    double[][,] w = [.. Enumerable.Range(image * g.OutputChannels, g.OutputChannels).Select(o => Both(Transposed(OfOutput), Patch(yBar, o, top, left, 4)))];
                    for (int i = 0; i < 36 * sums.Length; i++)
                    {
                        int pair = i / 36, p = i % 36 / 6, q = i % 6;
                        sums[pair][p, q] += w[pair / g.InputChannels][p, q] * v[pair % g.InputChannels][p, q];
                    }
                }
            }
        }

        for (int pair = 0; pair < sums.Length; pair++)
        {
            double[,] taps = Both(Transposed(OfKernel), sums[pair]);
            for (int t = 0; t < 9; t++)
            {
                result[9 * pair + t] = taps[t / 3, t % 3];
            }
        }

        return result;

        double[,] Patch(double[] images, int plane, int top, int left, int side)
        {
            var patch = new double[side, side];
            for (int i = 0; i < side * side; i++)
            {
                (int row, int column) = (top + i / side, left + i % side);
                if (row >= 0 && row < g.InputHeight && column >= 0 && column < g.InputWidth)
                {
                    patch[i / side, i % side] = Math.Abs(images[(plane * g.InputHeight + row) * g.InputWidth + column]);
                }
            }

            return patch;
        }
    }

    private static double[][] Transposed(double[][] m) =>
        [.. Enumerable.Range(0, m[0].Length).Select(j => m.Select(row => row[j]).ToArray())];

    private static double[] Powers(double a, double b)
    {
        double factor = 1 / Math.Abs(2 * a * a * (a * a - b * b));
        return [factor, factor * a, factor * a * a];
    }

    // m x mᵀ.
    private static double[,] Both(double[][] m, double[,] x)
    {
        int side = m[0].Length;
        var result = new double[m.Length, m.Length];
        for (int i = 0; i < m.Length; i++)
        {
            for (int j = 0; j < m.Length; j++)
            {
                for (int k = 0; k < side; k++)
                {
                    for (int l = 0; l < side; l++)
                    {
                        result[i, j] += m[i][k] * m[j][l] * x[k, l];
                    }
                }
            }
        }

        return result;
    }
}
