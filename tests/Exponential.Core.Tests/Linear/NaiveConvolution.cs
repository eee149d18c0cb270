namespace Exponential.Tests;

/// <summary>A convolution with zero padding as nested loops, the oracle of norms; in float64.</summary>
internal sealed record NaiveConvolution(double[] Kernel, int Outputs, int Inputs, int KernelHeight, int KernelWidth, int Height, int Width)
{
    public int InputSize => Inputs * Height * Width;

    public int OutputSize => Outputs * Height * Width;

    private (int Row, int Column, double Value)[] Entries => field ??= [.. MakeEntries()];

    public double[] Apply(double[] x)
    {
        double[] y = new double[OutputSize];
        foreach ((int row, int column, double value) in Entries)
        {
            y[row] += value * x[column];
        }

        return y;
    }

    public double[] ApplyAdjoint(double[] y)
    {
        double[] x = new double[InputSize];
        foreach ((int row, int column, double value) in Entries)
        {
            x[column] += value * y[row];
        }

        return x;
    }

    /// <summary>The 2-norm from below, by power iteration: |M x| / |x| for the best x found.</summary>
    public double NormFromBelow(int iterations = 400)
    {
        double[] x = MatrixTesting.Normal<double>(77, InputSize);
        double best = 0;
        for (int i = 0; i < iterations; i++)
        {
            double size = MatrixTesting.Frobenius(x);
            if (size == 0)
            {
                break;
            }

            x = Array.ConvertAll(x, v => v / size);
            double[] y = Apply(x);
            double norm = MatrixTesting.Frobenius(y);
            bool settled = norm <= best * (1 + 1e-12);
            best = Math.Max(best, norm);
            if (settled && i > 50)
            {
                break;
            }

            x = ApplyAdjoint(y);
        }

        return best;
    }

    private IEnumerable<(int Row, int Column, double Value)> MakeEntries()
    {
        for (int o = 0; o < Outputs; o++)
        {
            for (int c = 0; c < Inputs; c++)
            {
                for (int a = 0; a < KernelHeight; a++)
                {
                    for (int b = 0; b < KernelWidth; b++)
                    {
                        double value = Kernel[((o * Inputs + c) * KernelHeight + a) * KernelWidth + b];
                        int down = a - KernelHeight / 2;
                        int across = b - KernelWidth / 2;
                        for (int i = Math.Max(0, -down); i < Math.Min(Height, Height - down); i++)
                        {
                            for (int j = Math.Max(0, -across); j < Math.Min(Width, Width - across); j++)
                            {
                                yield return ((o * Height + i) * Width + j, (c * Height + i + down) * Width + j + across, value);
                            }
                        }
                    }
                }
            }
        }
    }
}
