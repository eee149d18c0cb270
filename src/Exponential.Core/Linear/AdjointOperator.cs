namespace Exponential;

/// <summary>The adjoint M* of an operator: the map with ⟨M x, y⟩ = ⟨x, M* y⟩. Its 2-norm and its trace are those of M.</summary>
public sealed class AdjointOperator : LinearOperator
{
    /// <summary>Makes the adjoint of <paramref name="operand"/>; <see cref="LinearOperator.Adjoint"/> also undoes an earlier one.</summary>
    public AdjointOperator(LinearOperator operand)
    {
        ArgumentNullException.ThrowIfNull(operand);
        Operand = operand;
    }

    /// <summary>The operator M.</summary>
    public LinearOperator Operand { get; }

    /// <inheritdoc/>
    public override Shape Domain => Operand.Range;

    /// <inheritdoc/>
    public override Shape Range => Operand.Domain;

    /// <inheritdoc/>
    public override DType? DType => Operand.DType;

    /// <inheritdoc/>
    public override bool HasTrace => Operand.HasTrace;

    /// <inheritdoc/>
    public override LinearOperator Adjoint() => Operand;

    /// <inheritdoc/>
    public override OperatorNorm NormBound()
    {
        OperatorNorm norm = Operand.NormBound();
        return norm.Norm == "2-norm"
            ? norm
            : throw new NotSupportedException($"AdjointOperator.NormBound: a bound on the {norm.Norm} of M says nothing of M*; give a 2-norm");
    }

    /// <inheritdoc/>
    public override Tensor Trace() => Operand.Trace();

    /// <inheritdoc/>
    internal override LinearOperator? Shifted(double mu) => Operand.Shifted(mu)?.Adjoint();

    /// <inheritdoc/>
    protected override Tensor ApplyCore(Tensor x) => Operand.ApplyAdjoint(x);

    /// <inheritdoc/>
    protected override Tensor ApplyAdjointCore(Tensor y) => Operand.Apply(y);
}
