namespace Exponential;

/// <summary>
/// A linear map M between spaces of tensors, which knows its adjoint M*, a certified bound on its norm and, where it is available, its
/// exact trace; so its exponential is an invertible map with a known inverse and log-determinant.
/// </summary>
/// <remarks>
/// Operators are values: immutable, cheap to make, differentiable in the tensors that they are made of. A new kind of operator overrides
/// <see cref="Domain"/>, <see cref="ApplyCore"/>, <see cref="ApplyAdjointCore"/> and <see cref="NormBound"/>, and the trace if it has one.
/// </remarks>
public abstract class LinearOperator
{
    /// <summary>The shape of what the operator takes, without the batch axis.</summary>
    public abstract Shape Domain { get; }

    /// <summary>The shape of what the operator gives, without the batch axis.</summary>
    public virtual Shape Range => Domain;

    /// <summary>The element type it works in; null if any will do.</summary>
    public abstract DType? DType { get; }

    /// <summary>Whether <see cref="Trace"/> is available.</summary>
    public virtual bool HasTrace => false;

    /// <summary>M times each element of a batch.</summary>
    /// <param name="x">[B, ..<see cref="Domain"/>].</param>
    /// <returns>[B, ..<see cref="Range"/>].</returns>
    /// <exception cref="ArgumentException">The shape or element type of <paramref name="x"/> does not fit.</exception>
    public Tensor Apply(Tensor x)
    {
        Check(x, Domain, nameof(Apply));
        return ApplyCore(x);
    }

    /// <summary>M* times each element of a batch: the map with ⟨M x, y⟩ = ⟨x, M* y⟩.</summary>
    /// <param name="y">[B, ..<see cref="Range"/>].</param>
    /// <returns>[B, ..<see cref="Domain"/>].</returns>
    /// <exception cref="ArgumentException">The shape or element type of <paramref name="y"/> does not fit.</exception>
    public Tensor ApplyAdjoint(Tensor y)
    {
        Check(y, Range, nameof(ApplyAdjoint));
        return ApplyAdjointCore(y);
    }

    /// <summary>The adjoint M*.</summary>
    public virtual LinearOperator Adjoint() => new AdjointOperator(this);

    /// <summary>An upper bound on the norm of M. It carries no gradient.</summary>
    public abstract OperatorNorm NormBound();

    /// <summary>The exact trace of M, a differentiable scalar.</summary>
    /// <exception cref="NotSupportedException">The operator does not know its trace (<see cref="HasTrace"/>).</exception>
    public virtual Tensor Trace() => throw new NotSupportedException($"{GetType().Name}.Trace: this operator's trace is not available");

    /// <summary>M as a matrix [range elements, domain elements]: one application per column, meant for tests and small operators.</summary>
    public Tensor ToDense()
    {
        int columns = Domain.ElementCount;
        Tensor basis = Tensor.Eye(columns, DType ?? Exponential.DType.Float32).Reshape([columns, .. Domain]);
        return Apply(basis).Reshape([columns, Range.ElementCount]).Transpose(0, 1);
    }

    /// <summary>
    /// exp(M), with as many terms and steps as it takes to come within <paramref name="tolerance"/> of the exact exponential: the error
    /// of its <see cref="Apply"/> is certified to be at most tolerance times |x|, in the norm of <see cref="NormBound"/>.
    /// </summary>
    /// <param name="tolerance">The relative error allowed, above what the element type can give.</param>
    /// <exception cref="ArgumentException">The operator is not square, the tolerance not positive, or the exponential overflows.</exception>
    public OperatorExponential Exp(double tolerance) => OperatorExponential.ForTolerance(this, tolerance);

    /// <summary>exp(M) by its series cut after <paramref name="terms"/> products with M, in one step.</summary>
    /// <param name="terms">The products with M.</param>
    /// <exception cref="ArgumentException">The operator is not square.</exception>
    public OperatorExponential Exp(int terms) => new(this, ExponentialPlan.Fixed(terms));

    /// <summary>exp(M) by a given plan.</summary>
    /// <param name="plan">The terms and steps to take.</param>
    /// <exception cref="ArgumentException">The operator is not square.</exception>
    public OperatorExponential Exp(ExponentialPlan plan) => new(this, plan);

    /// <summary>-M.</summary>
    public static LinearOperator operator -(LinearOperator operand) => ScaledOperator.Of(operand, -1);

    /// <summary>M times a number.</summary>
    public static LinearOperator operator *(LinearOperator operand, double factor) => ScaledOperator.Of(operand, factor);

    /// <summary>M times a number.</summary>
    public static LinearOperator operator *(double factor, LinearOperator operand) => ScaledOperator.Of(operand, factor);

    /// <summary>M + N.</summary>
    /// <exception cref="ArgumentException">Domains, ranges or element types differ.</exception>
    public static LinearOperator operator +(LinearOperator left, LinearOperator right) => new SumOperator(left, right);

    /// <summary>M - N.</summary>
    /// <exception cref="ArgumentException">Domains, ranges or element types differ.</exception>
    public static LinearOperator operator -(LinearOperator left, LinearOperator right) => new SumOperator(left, -right);

    /// <summary>M - mu I where its norm can be bounded by more than the triangle inequality, so that a shift may pay; else null.</summary>
    internal virtual LinearOperator? Shifted(double mu) => null;

    /// <summary>M times each element of a batch whose shape has been checked.</summary>
    /// <param name="x">[B, ..<see cref="Domain"/>].</param>
    protected abstract Tensor ApplyCore(Tensor x);

    /// <summary>M* times each element of a batch whose shape has been checked.</summary>
    /// <param name="y">[B, ..<see cref="Range"/>].</param>
    protected abstract Tensor ApplyAdjointCore(Tensor y);

    private void Check(Tensor tensor, Shape expected, string method)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Rank != expected.Rank + 1 || tensor.Shape[1..] != expected)
        {
            throw new ArgumentException(
                $"{GetType().Name}.{method}: input must be [batch, {string.Join(", ", expected)}]; it is {tensor.Shape}");
        }

        if (DType is { } dtype && tensor.DType != dtype)
        {
            throw new ArgumentException(
                $"{GetType().Name}.{method}: the operator is {dtype}, the input {tensor.DType}; convert one with To(DType)");
        }
    }
}
