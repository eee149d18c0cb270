namespace Exponential.Core.Tests.Kernels;

/// <summary>The contractions as plain loops in float64: what the kernels are compared with.</summary>
internal static class Naive
{
    public static double[] Absolute(double[] values) => [.. values.Select(Math.Abs)];

    public static double[] Forward(ConvolutionGeometry g, double[] input, double[] kernel, double[]? bias)
    {
        var output = new double[g.Batch * g.OutputChannels * g.OutputPlane];
        ForEachTerm(g, (image, x, k) => output[image] += input[x] * kernel[k]);
        for (int i = 0; i < output.Length && bias is not null; i++)
        {
            output[i] += bias[i / g.OutputPlane % g.OutputChannels];
        }

        return output;
    }

    public static double[] InputGradient(ConvolutionGeometry g, double[] outputGradient, double[] kernel)
    {
        var result = new double[g.Batch * g.InputChannels * g.InputPlane];
        ForEachTerm(g, (y, x, k) => result[x] += outputGradient[y] * kernel[k]);
        return result;
    }

    public static double[] KernelGradient(ConvolutionGeometry g, double[] input, double[] outputGradient)
    {
        var result = new double[g.OutputChannels * g.Depth];
        ForEachTerm(g, (y, x, k) => result[k] += outputGradient[y] * input[x]);
        return result;
    }

    public static double[] Exponential(
        ConvolutionExponentialGeometry g, double[] x, double[] kernel, double scale, int terms, int steps, bool adjoint)
    {
        double[] result = x;
        for (int step = 0; step < steps; step++)
        {
            double[] power = result;
            double[] sum = [.. result];
            for (int i = 1; i <= terms; i++)
            {
                power = Product(g, power, kernel, scale / i, adjoint);
                sum = Add(sum, power);
            }

            result = sum;
        }

        return result;
    }

    /// <summary>The gradients by the definition: sum over i of corr(P_{i-1}, A_i) / i.</summary>
    public static (double[] XBar, double[] KernelBar) ExponentialGradient(
        ConvolutionExponentialGeometry g, double[] x, double[] kernel, double scale, int terms, int steps, double[] yBar)
    {
        var kernelBar = new double[kernel.Length];
        double[] cotangent = yBar;
        for (int step = steps - 1; step >= 0; step--)
        {
            double[] input = Exponential(g, x, kernel, scale, terms, step, false);
            var powers = new List<double[]> { input };
            for (int i = 1; i < terms; i++)
            {
                powers.Add(Product(g, powers[i - 1], kernel, scale / i, false));
            }

            double[] a = cotangent;
            for (int i = terms; i > 0; i--)
            {
                double[] part = KernelGradient(Geometry(g), powers[i - 1], a);
                kernelBar = [.. kernelBar.Zip(part, (sum, value) => sum + value * scale / i)];
                a = Add(cotangent, Product(g, a, kernel, scale / i, true));
            }

            cotangent = a;
        }

        return (cotangent, kernelBar);
    }

    public static ConvolutionGeometry Geometry(ConvolutionExponentialGeometry g) => new(
        g.Batch, g.Channels, g.Height, g.Width, g.Channels, g.Height, g.Width, g.KernelHeight, g.KernelWidth, 1, 1, g.KernelHeight / 2,
        g.KernelWidth / 2);

    public static double[] Product(ConvolutionExponentialGeometry g, double[] x, double[] kernel, double factor, bool adjoint)
    {
        double[] product = adjoint ? InputGradient(Geometry(g), x, kernel) : Forward(Geometry(g), x, kernel, null);
        return [.. product.Select(value => value * factor)];
    }

    public static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    /// <summary>Calls <paramref name="term"/> with the indices of output, input and kernel of every product of the convolution.</summary>
    private static void ForEachTerm(ConvolutionGeometry g, Action<int, int, int> term)
    {
        for (int b = 0; b < g.Batch; b++)
        {
            for (int o = 0; o < g.OutputChannels; o++)
            {
                for (int c = 0; c < g.InputChannels; c++)
                {
                    for (int i = 0; i < g.KernelHeight; i++)
                    {
                        for (int j = 0; j < g.KernelWidth; j++)
                        {
                            for (int y = 0; y < g.OutputHeight; y++)
                            {
                                for (int x = 0; x < g.OutputWidth; x++)
                                {
                                    int inputY = y * g.StrideHeight + i - g.PaddingHeight;
                                    int inputX = x * g.StrideWidth + j - g.PaddingWidth;
                                    if (inputY < 0 || inputY >= g.InputHeight || inputX < 0 || inputX >= g.InputWidth)
                                    {
                                        continue;
                                    }

                                    term(
                                        ((b * g.OutputChannels + o) * g.OutputHeight + y) * g.OutputWidth + x,
                                        ((b * g.InputChannels + c) * g.InputHeight + inputY) * g.InputWidth + inputX,
                                        ((o * g.InputChannels + c) * g.KernelHeight + i) * g.KernelWidth + j);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
