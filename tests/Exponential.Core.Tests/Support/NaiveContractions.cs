namespace Exponential.Core.Tests;

/// <summary>Matrix products and convolutions by their definitions.</summary>
internal static class NaiveContractions
{
    public static NaiveArray MatMul(NaiveArray a, NaiveArray b)
    {
        int inner = a.Shape[^1];
        int[] batch = NaiveArray.BroadcastShape(a.Shape[..^2], b.Shape[..^2]);
        return NaiveArray.Build([.. batch, a.Shape[^2], b.Shape[^1]], index =>
        {
            int[] left = [.. index];
            int[] right = [.. index];
            double sum = 0;
            for (int k = 0; k < inner; k++)
            {
                left[^1] = k;
                right[^2] = k;
                sum += a[left] * b[right];
            }

            return sum;
        });
    }

    public static NaiveArray Conv2d(NaiveArray x, NaiveArray kernel, NaiveArray? bias, (int Height, int Width) stride, (int Height, int Width) padding)
    {
        int height = ((x.Shape[2] + (2 * padding.Height) - kernel.Shape[2]) / stride.Height) + 1;
        int width = ((x.Shape[3] + (2 * padding.Width) - kernel.Shape[3]) / stride.Width) + 1;
        return NaiveArray.Build([x.Shape[0], kernel.Shape[0], height, width], index =>
        {
            double sum = bias?[index[1]] ?? 0;
            for (int c = 0; c < x.Shape[1]; c++)
            {
                for (int i = 0; i < kernel.Shape[2]; i++)
                {
                    for (int j = 0; j < kernel.Shape[3]; j++)
                    {
                        sum += kernel[index[1], c, i, j] * AtOrZero(x, index[0], c, (index[2] * stride.Height) + i - padding.Height, (index[3] * stride.Width) + j - padding.Width);
                    }
                }
            }

            return sum;
        });
    }

    /// <summary>Every input pixel adds its multiple of the kernel to the output; a rim is cut off.</summary>
    public static NaiveArray ConvTranspose2d(NaiveArray x, NaiveArray kernel, NaiveArray? bias, int stride, int padding)
    {
        int height = ((x.Shape[2] - 1) * stride) - (2 * padding) + kernel.Shape[2];
        int width = ((x.Shape[3] - 1) * stride) - (2 * padding) + kernel.Shape[3];
        return NaiveArray.Build([x.Shape[0], kernel.Shape[1], height, width], index =>
        {
            double sum = bias?[index[1]] ?? 0;
            for (int c = 0; c < x.Shape[1]; c++)
            {
                for (int h = 0; h < x.Shape[2]; h++)
                {
                    for (int w = 0; w < x.Shape[3]; w++)
                    {
                        int i = index[2] + padding - (h * stride);
                        int j = index[3] + padding - (w * stride);
                        if (i >= 0 && i < kernel.Shape[2] && j >= 0 && j < kernel.Shape[3])
                        {
                            sum += x[index[0], c, h, w] * kernel[c, index[1], i, j];
                        }
                    }
                }
            }

            return sum;
        });
    }

    /// <summary>(sum over i up to terms of (scale M)^i / i!)^steps x, term by term.</summary>
    public static NaiveArray ConvolutionExponential(NaiveArray x, NaiveArray kernel, int terms, int steps, bool adjoint, double scale)
    {
        (int height, int width) = (kernel.Shape[2], kernel.Shape[3]);
        NaiveArray weights = NaiveArray.Build(kernel.Shape, index => scale * (adjoint
            ? kernel[index[1], index[0], height - 1 - index[2], width - 1 - index[3]]
            : kernel[index]));
        NaiveArray y = x;
        for (int step = 0; step < steps; step++)
        {
            NaiveArray power = y;
            for (int i = 1; i <= terms; i++)
            {
                power = Conv2d(power, weights, null, (1, 1), (height / 2, width / 2)).Map(value => value / i);
                y = NaiveArray.Zip(y, power, (sum, term) => sum + term);
            }
        }

        return y;
    }

    /// <summary>The autoregressive convolution: taps above and to the left, as a convolution whose last row and column are cut off.</summary>
    public static NaiveArray Autoregressive(NaiveArray x, NaiveArray kernel, NaiveArray? bias)
    {
        NaiveArray whole = Conv2d(x, kernel, bias, (1, 1), (1, 1));
        return NaiveArray.Build(x.Shape, index => whole[index]);
    }

    /// <summary>Its inverse by substitution, one value after the other: rows, then columns, then channels.</summary>
    /// <param name="y">The images after the convolution.</param>
    /// <param name="kernel">The kernel; above the diagonal of the last tap it is not read.</param>
    /// <param name="bound">
    /// Whether to add absolute values instead of subtracting: the largest that x, and every term on the way to it, can be for these sizes.
    /// </param>
    public static NaiveArray AutoregressiveInverse(NaiveArray y, NaiveArray kernel, bool bound = false)
    {
        (int batch, int channels, int height, int width) = (y.Shape[0], y.Shape[1], y.Shape[2], y.Shape[3]);
        var x = new NaiveArray(y.Shape, new double[y.Count]);
        for (int image = 0; image < batch; image++)
        {
            for (int row = 0; row < height; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    for (int output = 0; output < channels; output++)
                    {
                        double value = Value(image, output, row, column);
                        x.Values[(((((image * channels) + output) * height) + row) * width) + column] = value;
                    }
                }
            }
        }

        return x;

        double Value(int image, int output, int row, int column)
        {
            double rest = bound ? Math.Abs(y[image, output, row, column]) : y[image, output, row, column];
            for (int input = 0; input < channels; input++)
            {
                for (int tap = 0; tap < (input < output ? 4 : 3); tap++)
                {
                    double term = kernel[output, input, tap / 2, tap % 2] * AtOrZero(x, image, input, row + (tap / 2) - 1, column + (tap % 2) - 1);
                    rest += bound ? Math.Abs(term) : -term;
                }
            }

            double pivot = kernel[output, output, 1, 1];
            return rest / (bound ? Math.Abs(pivot) : pivot);
        }
    }

    private static double AtOrZero(NaiveArray x, int image, int channel, int row, int column) =>
        row >= 0 && row < x.Shape[2] && column >= 0 && column < x.Shape[3] ? x[image, channel, row, column] : 0;
}
