using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exponential;

/// <summary>
/// Certified upper bounds on the operator 2-norm of a convolution with zero padding, from [inputs, H, W] to [outputs, H, W], odd kernel.
/// </summary>
/// <remarks>
/// <para>
/// The convolution is a compression of a periodic one: padded by r zeros, r the kernel's reach, the image fits a torus of (H + r) by
/// (W + r) on which nothing wraps round into the window. The same holds if what wraps round is turned by a phase: no entry that the
/// window sees changes. So the norm is at most that of the twisted periodic convolution, which the Fourier transform takes apart: the
/// largest norm of its symbols, the [outputs, inputs] matrices sum over the taps of K[.., .., a, b] e^(i (a theta + b eta)), at the
/// frequencies of the two directions (<see cref="FrequencyGrid"/>), each bounded by <see cref="GramIteration"/>. The phases are free;
/// the least bound over phases 0 and pi in either direction stands. One of them mostly has its frequencies to both sides of the symbol's
/// peak and not on it, and the true norm too stays below the peak: for [-1, 0, 1] on a line of odd length they agree.
/// </para>
/// <para>
/// What that loses grows with (r / (H + r))^2. On small images, as far as it is affordable, one direction or both are not made periodic
/// but kept as they are, and the symbols become block Toeplitz matrices. A quick bound (<see cref="BoundEffort"/>) hardly ever affords it, and
/// tries phase 0 alone.
/// </para>
/// <para>
/// The result is the least of this, sqrt(|M|_1 |M|_inf) by absolute sums, and the sum of |K[.., .., a, b]|_F over the taps. All is
/// worked out in float64, and what rounding may have taken off is added: the bound holds for the kernel as given.
/// </para>
/// </remarks>
internal static unsafe class SpectralNormBound
{
    /// <summary>
    /// How far above the norm a bound may lie because a direction was made periodic; about 1.4 (r / (H + r))^2 for each, as measured on
    /// random kernels of 1 to 12 channels with r from 1 to 3.
    /// </summary>
    private const double AllowedLoss = 0.03;

    private const double LossFactor = 1.4;

    /// <summary>Multiplications and additions that a tight bound may spend on doing better than that: some 20 to 50 ms on one core.</summary>
    private const double Budget = 3e8;

    /// <summary>So few that exactness is worth them at any rate: about 0.2 ms.</summary>
    private const double SmallChange = 2e6;

    private const double SmallestNormal = 2.2250738585072014E-308;

    /// <summary>The phases of the height and of the width that are tried, pi where true; the first pair alone for a quick bound.</summary>
    private static readonly (bool HalfDown, bool HalfAcross)[] Phases = [(false, false), (true, true), (false, true), (true, false)];

    /// <summary>An upper bound on the 2-norm.</summary>
    /// <param name="kernel">[outputs, inputs, kernelHeight, kernelWidth], row-major.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="kernelHeight">Odd.</param>
    /// <param name="kernelWidth">Odd.</param>
    /// <param name="height">Of the image.</param>
    /// <param name="width">Of the image.</param>
    /// <param name="effort">How much work it may take.</param>
    /// <returns>The bound; 0 for a kernel of zeros; NaN if the kernel is not finite; infinity if no float64 is large enough.</returns>
    public static double Convolution(
        ReadOnlySpan<double> kernel, int outputs, int inputs, int kernelHeight, int kernelWidth, int height, int width,
        BoundEffort effort = BoundEffort.Tight)
    {
        double largest = 0;
        foreach (double value in kernel)
        {
            largest = Math.Max(largest, Math.Abs(value)); // keeps a NaN
        }

        if (largest == 0 || !double.IsFinite(largest))
        {
            return largest == 0 ? 0 : double.NaN;
        }

        // Scaled to entries below 1, exactly, so that nothing overflows on the way.
        int exponent = Math.ILogB(largest) + 1;
        using KernelTaps taps = new(kernel, outputs, inputs, kernelHeight, kernelWidth, height, width, exponent);
        double tapSum = taps.TapSumBound();

        // The waves and the two sums of products with them: each entry of a symbol is off by at most this part of its absolute sum.
        double rounding = 8 * (taps.TapsDown + taps.TapsAcross + 8) * GramIteration.U * tapSum;
        double bound = (SymbolBound(taps, effort) + rounding) * (1 + 4 * GramIteration.U);
        bound = Math.Min(bound, Math.Min(tapSum, taps.AbsoluteSumBound()));
        if (bound == 0)
        {
            return 0; // all taps that are not zero lie past the image
        }

        bound = Math.ScaleB(bound, exponent);
        return bound < SmallestNormal ? Math.BitIncrement(bound) : bound;
    }

    /// <summary>As above, for a kernel in float32, which float64 holds exactly.</summary>
    public static double Convolution(
        ReadOnlySpan<float> kernel, int outputs, int inputs, int kernelHeight, int kernelWidth, int height, int width,
        BoundEffort effort = BoundEffort.Tight)
    {
        using var memory = new Scratch<double>(kernel.Length);
        Span<double> values = new(memory.Pointer, kernel.Length);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = kernel[i];
        }

        return Convolution(values, outputs, inputs, kernelHeight, kernelWidth, height, width, effort);
    }

    private static double SymbolBound(KernelTaps taps, BoundEffort effort)
    {
        double budget = effort == BoundEffort.Tight ? Budget : SmallChange;
        // About four Gram matrices each, of which half is worked out; a complex product is four.
        double strips = 8 * Math.Pow((double)taps.Columns * taps.Height, 2) * taps.Rows * taps.Height * (taps.Width + taps.ReachAcross);
        double whole = 2 * Math.Pow((double)taps.Columns * taps.Height * taps.Width, 2) * taps.Rows * taps.Height * taps.Width;
        double lossAcross = Loss(taps.Width, taps.ReachAcross);
        bool periodicIsTight = lossAcross + Loss(taps.Height, taps.ReachDown) <= AllowedLoss;
        if (whole <= (lossAcross <= AllowedLoss ? SmallChange : budget))
        {
            return WholeBound(taps);
        }

        return strips <= (periodicIsTight ? SmallChange : budget) ? StripBound(taps) : PeriodicBound(taps, effort == BoundEffort.Tight ? Phases : Phases.AsSpan(0, 1));

        static double Loss(int size, int reach) => LossFactor * reach * reach / ((double)(size + reach) * (size + reach));
    }

    /// <summary>Both directions as they are: one dense matrix.</summary>
    private static double WholeBound(KernelTaps taps)
    {
        using GramIteration iteration = new(taps.Rows * taps.Height * taps.Width, taps.Columns * taps.Height * taps.Width, complex: false);
        for (int i = 0; i < taps.Height; i++)
        {
            for (int j = 0; j < taps.Width; j++)
            {
                for (int a = Math.Max(-taps.ReachDown, -i); a <= Math.Min(taps.ReachDown, taps.Height - 1 - i); a++)
                {
                    for (int b = Math.Max(-taps.ReachAcross, -j); b <= Math.Min(taps.ReachAcross, taps.Width - 1 - j); b++)
                    {
                        int row = (i * taps.Width + j) * taps.Rows;
                        int column = ((i + a) * taps.Width + j + b) * taps.Columns;
                        CopyBlock(taps, taps.Tap(a, b), iteration.Real, iteration.Stride, row, column);
                    }
                }
            }
        }

        iteration.Add();
        return iteration.UpperBound;
    }

    /// <summary>The height as it is, the width periodic: a block Toeplitz matrix for each frequency of the width.</summary>
    private static double StripBound(KernelTaps taps)
    {
        using GramIteration iteration = new(taps.Rows * taps.Height, taps.Columns * taps.Height, complex: true);
        using PartialSymbols partial = new(taps);
        double best = double.PositiveInfinity;
        foreach (bool half in (ReadOnlySpan<bool>)[false, true])
        {
            FrequencyGrid across = new(taps.Width + taps.ReachAcross, half);
            iteration.Restart();
            for (int v = 0; v < across.HalfCount && iteration.LowerEstimate < best; v++)
            {
                partial.Transform(across, v);
                for (int i = 0; i < taps.Height; i++)
                {
                    for (int a = Math.Max(-taps.ReachDown, -i); a <= Math.Min(taps.ReachDown, taps.Height - 1 - i); a++)
                    {
                        CopyBlock(taps, partial.Real(a), iteration.Real, iteration.Stride, i * taps.Rows, (i + a) * taps.Columns);
                        CopyBlock(taps, partial.Imaginary(a), iteration.Imaginary, iteration.Stride, i * taps.Rows, (i + a) * taps.Columns);
                    }
                }

                iteration.Add();
            }

            if (iteration.LowerEstimate < best)
            {
                best = Math.Min(best, iteration.UpperBound);
            }
        }

        return best;
    }

    /// <summary>Both directions periodic: a matrix of the channels for each pair of frequencies.</summary>
    private static double PeriodicBound(KernelTaps taps, ReadOnlySpan<(bool HalfDown, bool HalfAcross)> phases)
    {
        using GramIteration iteration = new(taps.Rows, taps.Columns, complex: true);
        using PartialSymbols partial = new(taps);
        double best = double.PositiveInfinity;
        (int U, int V) peak = (0, 0);
        foreach ((bool halfDown, bool halfAcross) in phases)
        {
            FrequencyGrid down = new(taps.Height + taps.ReachDown, halfDown);
            FrequencyGrid across = new(taps.Width + taps.ReachAcross, halfAcross);
            iteration.Restart();
            (int U, int V) largest = peak;

            // From the last peak on: if these phases are no better, that is soon seen.
            for (int turn = 0; turn < across.HalfCount && iteration.LowerEstimate < best; turn++)
            {
                int v = (peak.V + turn) % across.HalfCount;
                partial.Transform(across, v);
                for (int step = 0; step < down.Period && iteration.LowerEstimate < best; step++)
                {
                    int u = (peak.U + step) % down.Period;
                    if (v == across.Mirror(v) && u > down.Mirror(u))
                    {
                        continue; // its complex conjugate has the same norm
                    }

                    double before = iteration.LowerEstimate;
                    partial.Sum(down, u, iteration.Real, iteration.Imaginary);
                    iteration.Add();
                    largest = iteration.LowerEstimate > before ? (u, v) : largest;
                }
            }

            if (iteration.LowerEstimate < best)
            {
                best = Math.Min(best, iteration.UpperBound);
                peak = largest;
            }
        }

        return best;
    }

    private static void CopyBlock(KernelTaps taps, ReadOnlySpan<double> block, Span<double> matrix, int stride, int row, int column)
    {
        for (int i = 0; i < taps.Rows; i++)
        {
            block.Slice(i * taps.Stride, taps.Columns).CopyTo(matrix[((row + i) * stride + column)..]);
        }
    }

    /// <summary>The kernel transformed along the width at one frequency: one complex matrix for each tap along the height.</summary>
    private sealed class PartialSymbols(KernelTaps taps) : IDisposable
    {
        private readonly Scratch<double> _memory = new(2L * taps.TapsDown * taps.MatrixSize);

        public Span<double> Real(int down) => new(_memory.Pointer + 2 * (nint)(down + taps.ReachDown) * taps.MatrixSize, taps.MatrixSize);

        public Span<double> Imaginary(int down) =>
            new(_memory.Pointer + (2 * (nint)(down + taps.ReachDown) + 1) * taps.MatrixSize, taps.MatrixSize);

        public void Dispose() => _memory.Dispose();

        public void Transform(FrequencyGrid across, int v)
        {
            for (int a = -taps.ReachDown; a <= taps.ReachDown; a++)
            {
                Span<double> real = Real(a), imaginary = Imaginary(a);
                real.Clear();
                imaginary.Clear();
                for (int b = -taps.ReachAcross; b <= taps.ReachAcross; b++)
                {
                    (double cos, double sin) = across.Wave(v, b);
                    AddWave(taps.Tap(a, b), [], cos, sin, real, imaginary);
                }
            }
        }

        public void Sum(FrequencyGrid down, int u, Span<double> real, Span<double> imaginary)
        {
            real.Clear();
            imaginary.Clear();
            for (int a = -taps.ReachDown; a <= taps.ReachDown; a++)
            {
                (double cos, double sin) = down.Wave(u, a);
                AddWave(Real(a), Imaginary(a), cos, sin, real, imaginary);
            }
        }

        /// <summary>Adds source * (cos + i sin).</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddWave(
            ReadOnlySpan<double> sourceReal, ReadOnlySpan<double> sourceImaginary, double cos, double sin, Span<double> real, Span<double> imaginary)
        {
            ref double re = ref MemoryMarshal.GetReference(real);
            ref double im = ref MemoryMarshal.GetReference(imaginary);
            ref double a = ref MemoryMarshal.GetReference(sourceReal);
            for (int i = 0; i < sourceReal.Length; i += Vector<double>.Count)
            {
                Vector<double> source = Vector.LoadUnsafe(ref a, (nuint)i);
                (Vector.LoadUnsafe(ref re, (nuint)i) + cos * source).StoreUnsafe(ref re, (nuint)i);
                (Vector.LoadUnsafe(ref im, (nuint)i) + sin * source).StoreUnsafe(ref im, (nuint)i);
            }

            ref double b = ref MemoryMarshal.GetReference(sourceImaginary);
            for (int i = 0; i < sourceImaginary.Length; i += Vector<double>.Count)
            {
                Vector<double> source = Vector.LoadUnsafe(ref b, (nuint)i);
                (Vector.LoadUnsafe(ref re, (nuint)i) - sin * source).StoreUnsafe(ref re, (nuint)i);
                (Vector.LoadUnsafe(ref im, (nuint)i) + cos * source).StoreUnsafe(ref im, (nuint)i);
            }
        }
    }
}
