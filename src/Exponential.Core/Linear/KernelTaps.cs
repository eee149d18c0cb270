namespace Exponential;

/// <summary>
/// A convolution's kernel laid out for norms: one matrix a tap, with no more columns than rows, over an image no higher than wide. Both
/// are had by transposing channels and axes, which leaves the 2-norm of the operator as it is (that of the transposed operator with its
/// axes reversed). Taps that reach past the image everywhere are left out.
/// </summary>
internal sealed unsafe class KernelTaps : IDisposable
{
    private readonly Scratch<double> _memory;

    /// <summary>Takes a kernel [outputs, inputs, kernelHeight, kernelWidth], scaled by 2^-exponent.</summary>
    public KernelTaps(
        ReadOnlySpan<double> kernel, int outputs, int inputs, int kernelHeight, int kernelWidth, int height, int width, int exponent)
    {
        bool swapAxes = height > width;
        bool swapChannels = inputs > outputs;
        (Height, Width) = swapAxes ? (width, height) : (height, width);
        (Rows, Columns) = swapChannels ? (inputs, outputs) : (outputs, inputs);
        int reachDown = Math.Min(kernelHeight / 2, height - 1);
        int reachAcross = Math.Min(kernelWidth / 2, width - 1);
        (ReachDown, ReachAcross) = swapAxes ? (reachAcross, reachDown) : (reachDown, reachAcross);
        Stride = GramIteration.Padded(Columns);
        MatrixSize = checked(Rows * Stride);
        _memory = new Scratch<double>((long)TapsDown * TapsAcross * MatrixSize);
        Span<double> values = Values;
        values.Clear();

        // Two factors, as 2^-exponent itself may not be a number.
        double first = Math.ScaleB(1, -exponent / 2);
        double second = Math.ScaleB(1, -exponent - (-exponent / 2));
        for (int output = 0; output < outputs; output++)
        {
            for (int input = 0; input < inputs; input++)
            {
                ReadOnlySpan<double> plane = kernel.Slice((output * inputs + input) * kernelHeight * kernelWidth, kernelHeight * kernelWidth);
                int place = swapChannels ? input * Stride + output : output * Stride + input;
                for (int a = -reachDown; a <= reachDown; a++)
                {
                    for (int b = -reachAcross; b <= reachAcross; b++)
                    {
                        double value = plane[(kernelHeight / 2 + a) * kernelWidth + kernelWidth / 2 + b];
                        int tap = swapAxes ? (b + ReachDown) * TapsAcross + a + ReachAcross : (a + ReachDown) * TapsAcross + b + ReachAcross;
                        values[tap * MatrixSize + place] = value * first * second;
                    }
                }
            }
        }
    }

    private Span<double> Values => new(_memory.Pointer, checked(TapsDown * TapsAcross * MatrixSize));

    /// <summary>Of the image; at most <see cref="Width"/>.</summary>
    public int Height { get; }

    /// <summary>Of the image.</summary>
    public int Width { get; }

    /// <summary>Of each tap's matrix; at least <see cref="Columns"/>.</summary>
    public int Rows { get; }

    /// <summary>Of each tap's matrix.</summary>
    public int Columns { get; }

    /// <summary>Numbers in a row of a tap's matrix, zero past the columns.</summary>
    public int Stride { get; }

    /// <summary>Numbers in a tap's matrix.</summary>
    public int MatrixSize { get; }

    /// <summary>How far the taps reach along the height, either way.</summary>
    public int ReachDown { get; }

    /// <summary>How far the taps reach along the width, either way.</summary>
    public int ReachAcross { get; }

    /// <summary>Taps along the height.</summary>
    public int TapsDown => 2 * ReachDown + 1;

    /// <summary>Taps along the width.</summary>
    public int TapsAcross => 2 * ReachAcross + 1;

    /// <summary>The matrix of the tap at offset (<paramref name="down"/>, <paramref name="across"/>) from the middle.</summary>
    public ReadOnlySpan<double> Tap(int down, int across) =>
        Values.Slice(((down + ReachDown) * TapsAcross + across + ReachAcross) * MatrixSize, MatrixSize);

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>sqrt(|M|_1 |M|_inf), from above: the largest absolute sums over a row and over a column, all taps together.</summary>
    public double AbsoluteSumBound()
    {
        double[] rowSums = new double[Rows];
        double[] columnSums = new double[Columns];
        ReadOnlySpan<double> values = Values;
        for (int start = 0; start < values.Length; start += Stride)
        {
            for (int column = 0; column < Columns; column++)
            {
                double size = Math.Abs(values[start + column]);
                rowSums[start % MatrixSize / Stride] += size;
                columnSums[column] += size;
            }
        }

        return Math.Sqrt(rowSums.Max() * columnSums.Max()) * (1 + (TapsDown * TapsAcross * Rows + 8) * GramIteration.U);
    }

    /// <summary>The sum over the taps of their Frobenius norms, from above.</summary>
    public double TapSumBound()
    {
        double sum = 0;
        for (int tap = 0; tap < TapsDown * TapsAcross; tap++)
        {
            double squares = 0;
            foreach (double value in Values.Slice(tap * MatrixSize, MatrixSize))
            {
                squares += value * value;
            }

            sum += Math.Sqrt(squares);
        }

        return sum * (1 + (TapsDown * TapsAcross + Rows * Columns + 8) * GramIteration.U);
    }
}
