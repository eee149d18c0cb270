namespace Exponential;

/// <summary>A number times an operator, a M; the negation -M is the case a = -1.</summary>
public sealed class ScaledOperator : LinearOperator
{
    private ScaledOperator(LinearOperator operand, double factor)
    {
        Operand = operand;
        Factor = factor;
    }

    /// <summary>The operator M.</summary>
    public LinearOperator Operand { get; }

    /// <summary>The number a.</summary>
    public double Factor { get; }

    /// <inheritdoc/>
    public override Shape Domain => Operand.Domain;

    /// <inheritdoc/>
    public override Shape Range => Operand.Range;

    /// <inheritdoc/>
    public override DType? DType => Operand.DType;

    /// <inheritdoc/>
    public override bool HasTrace => Operand.HasTrace;

    /// <summary>Makes <paramref name="factor"/> times <paramref name="operand"/>; scalings of scalings are multiplied out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not finite.</exception>
    public static LinearOperator Of(LinearOperator operand, double factor)
    {
        ArgumentNullException.ThrowIfNull(operand);
        if (!double.IsFinite(factor))
        {
            throw new ArgumentOutOfRangeException(nameof(factor), $"ScaledOperator: factor must be finite; it is {factor}");
        }

        (LinearOperator inner, double product) = operand is ScaledOperator scaled ? (scaled.Operand, scaled.Factor * factor) : (operand, factor);
        return product == 1 ? inner : new ScaledOperator(inner, product);
    }

    /// <inheritdoc/>
    public override LinearOperator Adjoint() => Of(Operand.Adjoint(), Factor);

    /// <inheritdoc/>
    public override OperatorNorm NormBound() => Operand.NormBound() * Factor;

    /// <inheritdoc/>
    public override Tensor Trace() => Operand.Trace() * Factor;

    /// <inheritdoc/>
    internal override LinearOperator? Shifted(double mu) =>
        Factor != 0 && Operand.Shifted(mu / Factor) is { } shifted ? Of(shifted, Factor) : null;

    /// <inheritdoc/>
    protected override Tensor ApplyCore(Tensor x) => Operand.Apply(x) * Factor;

    /// <inheritdoc/>
    protected override Tensor ApplyAdjointCore(Tensor y) => Operand.ApplyAdjoint(y) * Factor;
}
