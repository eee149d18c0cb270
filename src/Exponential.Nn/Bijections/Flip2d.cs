namespace Exponential.Nn;

/// <summary>Turns an image by half a turn: both the order of rows and the order of columns are reversed.</summary>
public sealed class Flip2d : Bijection
{
    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => RequireImage(input);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => RequireImage(output);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) => (x.Flip(2, 3), Tensor.Scalar(0, x.DType));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) => (z.Flip(2, 3), Tensor.Scalar(0, z.DType));
}
