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
