namespace Exponential.Nn;

/// <summary>z = x.</summary>
public sealed class Identity : Bijection
{
    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) => (x, Tensor.Scalar(0, x.DType));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) => (z, Tensor.Scalar(0, z.DType));
}
