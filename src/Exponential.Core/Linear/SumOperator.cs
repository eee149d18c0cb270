namespace Exponential;

/// <summary>
/// The sum M + N of two operators. Its norm bound is the sum of theirs, and so is its trace. Note that exp(M + N) = exp(M) exp(N) only
/// where the two commute, and that zero-padded convolutions in general do not, not even with one channel.
/// </summary>
public sealed class SumOperator : LinearOperator
{
    /// <summary>Makes the sum.</summary>
    /// <exception cref="ArgumentException">Domains, ranges or element types differ.</exception>
    public SumOperator(LinearOperator left, LinearOperator right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        if (left.Domain != right.Domain || left.Range != right.Range)
        {
            throw new ArgumentException(
                $"SumOperator: the operators must have the same spaces; the left maps {left.Domain} to {left.Range}, " +
                $"the right {right.Domain} to {right.Range}");
        }

        if (left.DType is { } a && right.DType is { } b && a != b)
        {
            throw new ArgumentException($"SumOperator: the left operator is {a}, the right {b}; convert one with To(DType)");
        }

        Left = left;
        Right = right;
    }

    /// <summary>The operator M.</summary>
    public LinearOperator Left { get; }

    /// <summary>The operator N.</summary>
    public LinearOperator Right { get; }

    /// <inheritdoc/>
    public override Shape Domain => Left.Domain;

    /// <inheritdoc/>
    public override Shape Range => Left.Range;

    /// <inheritdoc/>
    public override DType? DType => Left.DType ?? Right.DType;

    /// <inheritdoc/>
    public override bool HasTrace => Left.HasTrace && Right.HasTrace;

    /// <inheritdoc/>
    public override LinearOperator Adjoint() => new SumOperator(Left.Adjoint(), Right.Adjoint());

    /// <inheritdoc/>
    public override OperatorNorm NormBound() => Left.NormBound() + Right.NormBound();

    /// <inheritdoc/>
    public override Tensor Trace() => Left.Trace() + Right.Trace();

    /// <inheritdoc/>
    protected override Tensor ApplyCore(Tensor x) => Left.Apply(x) + Right.Apply(x);

    /// <inheritdoc/>
    protected override Tensor ApplyAdjointCore(Tensor y) => Left.ApplyAdjoint(y) + Right.ApplyAdjoint(y);
}
