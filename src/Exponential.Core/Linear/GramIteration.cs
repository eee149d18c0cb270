using System.Numerics;

namespace Exponential;

/// <summary>
/// Certified upper bounds on the 2-norms of matrices, by Gram iteration (Delattre, Barthélemy, Araujo and Allauzen, "Efficient bound of
/// Lipschitz constant for convolutional layers by Gram iteration", ICML 2023): with G_0 = S and G_(k+1) = G_k* G_k,
/// <c>|S| &lt;= |G_k|_F ^ (1/2^k)</c>, and the quotient of the two is at most n^(1/2^(k+1)), n the smaller side: each step squares it away.
/// </summary>
/// <remarks>
/// <para>
/// One instance serves many matrices of one size, of which only the largest norm is asked for: a matrix is dropped as soon as its
/// bound is no larger than a bound that will stand anyway.
/// </para>
/// <para>
/// Rounding. Write G for a matrix as stored and u = 2^-53. Each entry of the computed Gram matrix H is off by at most
/// sqrt(2) g (|G|^T |G|), g = 2m u / (1 - 2m u), m the rows, so that <c>|G|^2 = |G* G| &lt;= |H| + 2g |G|_F^2</c>. The last matrix is bounded
/// by its Frobenius norm, and this inequality carries the bound back to S, step by step. Each matrix is divided by a power of two before it
/// is squared, so that norms stay near 1; that is exact, and entries that vanish in it are below 1e-100 of the norm.
/// </para>
/// </remarks>
internal sealed unsafe class GramIteration : IDisposable
{
    /// <summary>The unit roundoff of float64.</summary>
    public const double U = 1.0 / (1L << 53);

    // The bound may exceed the norm by this part, as it costs a thousandth as much in the terms of an exponential as it saves here.
    private const double Slack = 0.01;

    private readonly int _rows;
    private readonly int _columns;
    private readonly bool _complex;
    private readonly int _maxSteps;
    private readonly double[] _norms; // |G_k|_F as stored, from above
    private readonly int[] _exponents; // G_k was divided by 2^exponent before it was squared
    private readonly Scratch<double> _memory; // S, then G_2, G_4, ..., then G_1, G_3, ...: each its real part and, if it is complex, its imaginary part
    private readonly int _size; // of a part of S
    private readonly int _gramSize; // of a part of a Gram matrix

    /// <summary>For matrices of <paramref name="rows"/> by <paramref name="columns"/>; fastest where the columns are the fewer.</summary>
    public GramIteration(int rows, int columns, bool complex)
    {
        _rows = rows;
        _columns = columns;
        Stride = Padded(columns);
        _complex = complex;
        _size = checked(rows * Stride);
        _gramSize = checked(columns * Stride);
        _memory = new Scratch<double>((complex ? 2L : 1L) * (_size + 2L * _gramSize));
        Real.Clear();
        Imaginary.Clear();

        // Even if all singular values are equal: n^(1/2^(k+1)) <= 1 + Slack.
        _maxSteps = 1;
        while (Math.Log(Math.Min(rows, columns)) > Math.ScaleB(Math.Log(1 + Slack), _maxSteps + 1))
        {
            _maxSteps++;
        }

        _norms = new double[_maxSteps + 1];
        _exponents = new int[_maxSteps + 1];
    }

    /// <summary>The real part of the matrix to bound next, with rows of <see cref="Stride"/> numbers, zero past the columns.</summary>
    public Span<double> Real => new(_memory.Pointer, _size);

    /// <summary>Its imaginary part; empty for real matrices.</summary>
    public Span<double> Imaginary => new(_memory.Pointer + _size, _complex ? _size : 0);

    /// <summary>The length of a row: the columns, up to a whole number of vectors.</summary>
    public int Stride { get; }

    /// <summary>The least upper bound so far that holds for all matrices added.</summary>
    public double UpperBound { get; private set; }

    /// <summary>About the largest of the norms of all matrices added, from below: no certificate, it only tells when to stop.</summary>
    public double LowerEstimate { get; private set; }

    /// <summary>Forgets the matrices added so far.</summary>
    public void Restart()
    {
        UpperBound = 0;
        LowerEstimate = 0;
    }

    /// <summary>The length of a row of so many columns.</summary>
    public static int Padded(int columns) => (columns + Vector<double>.Count - 1) / Vector<double>.Count * Vector<double>.Count;

    /// <summary>
    /// Bounds the matrix in <see cref="Real"/> and <see cref="Imaginary"/>, which must be finite with a norm below 1e100, and raises
    /// <see cref="UpperBound"/> to the bound.
    /// </summary>
    public void Add()
    {
        double bound = GramKernel.FrobeniusFromAbove(Real, Imaginary);
        if (!Improves(bound))
        {
            return;
        }

        if (bound < 1e-100)
        {
            // Its squares might vanish. Next to entries near 1 elsewhere this bound is good enough.
            UpperBound = bound;
            return;
        }

        _norms[0] = bound;
        ReadOnlySpan<double> real = Real, imaginary = Imaginary;
        for (int step = 1; step <= _maxSteps; step++)
        {
            int exponent = Math.ILogB(_norms[step - 1]);
            _exponents[step - 1] = exponent;
            double factor = Math.ScaleB(1, -2 * exponent);
            int rows = step == 1 ? _rows : _columns;
            Span<double> squareReal = Gram(step % 2, imaginary: false), squareImaginary = Gram(step % 2, imaginary: true);
            if (_complex)
            {
                GramKernel.Complex(real, imaginary, rows, _columns, Stride, factor, squareReal, squareImaginary);
            }
            else
            {
                GramKernel.Real(real, rows, _columns, Stride, factor, squareReal);
            }

            real = squareReal;
            imaginary = squareImaginary;
            _norms[step] = GramKernel.FrobeniusFromAbove(real, imaginary);
            LowerEstimate = Math.Max(LowerEstimate, CarryBelow(step));
            bound = CarryBack(step);
            if (!Improves(bound))
            {
                return;
            }
        }

        UpperBound = bound;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _memory.Dispose();

    private Span<double> Gram(int parity, bool imaginary)
    {
        int parts = _complex ? 2 : 1;
        double* start = _memory.Pointer + (nint)parts * (_size + (nint)parity * _gramSize) + (imaginary ? _gramSize : 0);
        return new Span<double>(start, imaginary && !_complex ? 0 : _gramSize);
    }

    // Whether a bound is too large to be left at that. If not, it is taken account of.
    private bool Improves(double bound)
    {
        if (bound <= UpperBound)
        {
            return false;
        }

        if (bound <= (1 + Slack) * LowerEstimate)
        {
            UpperBound = bound;
            return false;
        }

        return true;
    }

    /// <summary>The bound on |G_0| that follows from |G_step| &lt;= |G_step|_F.</summary>
    private double CarryBack(int step)
    {
        double bound = _norms[step];
        for (int k = step - 1; k >= 0; k--)
        {
            double norm = Math.ScaleB(_norms[k], -_exponents[k]);
            double terms = 2.0 * (k == 0 ? _rows : _columns) + 4;

            // 4 U for the sum and the root themselves.
            bound = Math.Sqrt(bound + 2 * terms * U * norm * norm) * (1 + 4 * U);
            bound = Math.ScaleB(bound, _exponents[k]);
        }

        return bound;
    }

    /// <summary>About |G_0| from below, by |G_(step-1)| >= |G_(step-1)* G_(step-1)|_F / |G_(step-1)|_F.</summary>
    private double CarryBelow(int step)
    {
        double value = _norms[step] / Math.ScaleB(_norms[step - 1], -_exponents[step - 1]);
        value = Math.ScaleB(value, _exponents[step - 1]);
        for (int k = step - 2; k >= 0; k--)
        {
            value = Math.ScaleB(Math.Sqrt(value), _exponents[k]);
        }

        return value;
    }
}
