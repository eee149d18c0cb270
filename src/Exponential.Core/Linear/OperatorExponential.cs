namespace Exponential;

/// <summary>
/// The exponential of a linear operator, exp(M) x = x + M x + M² x / 2! + ..., itself a linear operator: its inverse is exp(-M), its
/// adjoint exp(M*), and the logarithm of its determinant is the trace of M, exactly.
/// </summary>
/// <remarks>
/// The series is summed in Horner's form: r = x, then r = x + (M r) / i for i = K, ..., 1. Values stay near |x|, so that nothing decays
/// into denormals. With s steps it is exp(M/s) applied s times. The operator's own trace is not available.
/// </remarks>
public sealed class OperatorExponential : LinearOperator
{
    private readonly LinearOperator _series;
    private readonly double? _tolerance;

    internal OperatorExponential(LinearOperator exponent, ExponentialPlan plan)
        : this(exponent, exponent, shift: 0, plan, tolerance: null)
    {
    }

    private OperatorExponential(LinearOperator exponent, LinearOperator series, double shift, ExponentialPlan plan, double? tolerance)
    {
        CheckSquare(exponent);
        ArgumentNullException.ThrowIfNull(plan);
        Exponent = exponent;
        Shift = shift;
        Plan = plan;
        _series = series;
        _tolerance = tolerance;
    }

    /// <summary>The operator M.</summary>
    public LinearOperator Exponent { get; }

    /// <summary>The terms and steps taken, and the remainder they certify.</summary>
    public ExponentialPlan Plan { get; }

    /// <summary>
    /// The number mu of exp(M) = e^mu exp(M - mu I): 0 unless the shifted series is the cheaper one. <see cref="Plan"/> is then the plan
    /// of exp(M - mu I).
    /// </summary>
    public double Shift { get; }

    /// <summary>
    /// The certified truncation error of <see cref="LinearOperator.Apply"/> relative to |x|, in exact arithmetic: e^mu times the plan's
    /// remainder; NaN where no norm was given.
    /// </summary>
    public double ErrorBound => Math.Exp(Shift) * Plan.RemainderBound;

    /// <inheritdoc/>
    public override Shape Domain => Exponent.Domain;

    /// <inheritdoc/>
    public override DType? DType => Exponent.DType;

    /// <summary>exp(-M), with the same plan, or to the same tolerance.</summary>
    public OperatorExponential Inverse() =>
        Shift != 0 && _tolerance is { } tolerance
            ? ForTolerance(-Exponent, tolerance)
            : new OperatorExponential(-Exponent, -_series, -Shift, Plan, _tolerance);

    /// <summary>ln det exp(M) = trace M: exact whatever the plan, a differentiable scalar.</summary>
    /// <exception cref="NotSupportedException">The trace of M is not available.</exception>
    public Tensor LogDet() => Exponent.Trace();

    /// <summary>exp(M*).</summary>
    public override OperatorExponential Adjoint() =>
        new(Exponent.Adjoint(), _series.Adjoint(), Shift, Plan, _tolerance);

    /// <summary>e^rho, with rho the bound on the norm of M.</summary>
    public override OperatorNorm NormBound()
    {
        OperatorNorm norm = Exponent.NormBound();
        return norm with { Value = Math.Exp(norm.Value) };
    }

    /// <summary>The cheapest exponential that meets a tolerance, with or without a shift.</summary>
    internal static OperatorExponential ForTolerance(LinearOperator exponent, double tolerance)
    {
        CheckSquare(exponent);
        DType dtype = exponent.DType ?? Exponential.DType.Float32;
        double rho = exponent.NormBound().Value;
        if (ShiftedForTolerance(exponent, rho, tolerance, dtype) is { } shifted)
        {
            return shifted;
        }

        return new OperatorExponential(exponent, exponent, 0, ExponentialPlan.ForTolerance(rho, tolerance, dtype), tolerance);
    }

    /// <inheritdoc/>
    protected override Tensor ApplyCore(Tensor x) => Scale(Series(_series, x, adjoint: false));

    /// <inheritdoc/>
    protected override Tensor ApplyAdjointCore(Tensor y) => Scale(Series(_series, y, adjoint: true));

    private Tensor Scale(Tensor value) => Shift == 0 ? value : value * Math.Exp(Shift);

    private Tensor Series(LinearOperator m, Tensor x, bool adjoint)
    {
        // Scalings, negations and adjoints of one convolution go to the fused kernel, which keeps an image in cache through all terms.
        (LinearOperator core, double factor, bool transposed) = Unwrap(m);
        if (core is Convolution convolution)
        {
            double perStep = factor / Plan.Steps; // the fused kernel takes the s-th power of exp(scale M)
            return FusedOps.ConvolutionExponential(x, convolution.Kernel, Plan.Terms, Plan.Steps, adjoint ^ transposed, perStep);
        }

        Tensor result = x;
        for (int step = 0; step < Plan.Steps; step++)
        {
            Tensor start = result;
            for (int i = Plan.Terms; i >= 1; i--)
            {
                Tensor product = adjoint ? m.ApplyAdjoint(result) : m.Apply(result);
                result = start + (product * (1.0 / ((double)i * Plan.Steps)));
            }
        }

        return result;
    }

    private static (LinearOperator Core, double Factor, bool Transposed) Unwrap(LinearOperator m)
    {
        double factor = 1;
        bool transposed = false;
        while (true)
        {
            switch (m)
            {
                case ScaledOperator scaled:
                    factor *= scaled.Factor;
                    m = scaled.Operand;
                    break;
                case AdjointOperator adjoint:
                    transposed = !transposed;
                    m = adjoint.Operand;
                    break;
                default:
                    return (m, factor, transposed);
            }
        }
    }

    /// <summary>The exponential with the mean of the diagonal taken out, if that is cheaper or only that does not overflow; else null.</summary>
    private static OperatorExponential? ShiftedForTolerance(LinearOperator exponent, double rho, double tolerance, DType dtype)
    {
        double mu = exponent.HasTrace && double.IsFinite(rho) ? MeanDiagonal(exponent) : 0;
        if (mu == 0)
        {
            return null;
        }

        double largest = Math.Log(dtype == Exponential.DType.Float32 ? float.MaxValue : double.MaxValue);
        ExponentialPlan? plain = rho <= largest ? ExponentialPlan.ForTolerance(rho, tolerance, dtype) : null;
        double allowed = Math.Max(tolerance, ExponentialPlan.LeastTolerance(dtype));

        // The error is multiplied by e^mu; a tolerance below what the element type gives would be raised again, so that case is left alone.
        double shiftedTolerance = allowed * Math.Exp(-mu);
        if (shiftedTolerance < ExponentialPlan.LeastTolerance(dtype))
        {
            return null;
        }

        // If rho is tight, the norm of M - mu I is at least rho - |mu|: where even that would be no cheaper, the bound itself need not be computed.
        double least = Math.Max(0, rho - Math.Abs(mu));
        if (!IsCheaper(least) || exponent.Shifted(mu) is not { } series)
        {
            return null;
        }

        double shiftedRho = series.NormBound().Value;
        return IsCheaper(shiftedRho)
            ? new OperatorExponential(exponent, series, mu, ExponentialPlan.ForTolerance(shiftedRho, shiftedTolerance, dtype), tolerance)
            : null;

        bool IsCheaper(double norm) =>
            norm + Math.Max(0, mu) <= largest
            && (plain is null || Cost(ExponentialPlan.ForTolerance(norm, shiftedTolerance, dtype)) < Cost(plain));
    }

    private static double MeanDiagonal(LinearOperator m)
    {
        using (Autograd.NoGrad())
        {
            return m.Trace().ToScalar() / m.Domain.ElementCount;
        }
    }

    private static long Cost(ExponentialPlan plan) => (long)plan.Terms * plan.Steps;

    private static void CheckSquare(LinearOperator exponent)
    {
        ArgumentNullException.ThrowIfNull(exponent);
        if (exponent.Domain != exponent.Range)
        {
            throw new ArgumentException(
                $"Exp: the operator must map a space to itself; it maps {exponent.Domain} to {exponent.Range}", nameof(exponent));
        }
    }
}
