namespace Exponential.Nn;

/// <summary>
/// Space to depth: each block of 2 x 2 pixels becomes one pixel of four times the channels. Channel 4c + 2i + j of z is
/// x[c, 2h + i, 2w + j]. Volume does not change.
/// </summary>
public sealed class Squeeze : Bijection
{
    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        RequireImage(input);
        return input[1] % 2 == 0 && input[2] % 2 == 0
            ? [input[0] * 4, input[1] / 2, input[2] / 2]
            : throw new ArgumentException($"Squeeze: height and width must be even; the event shape is {input}");
    }

    /// <inheritdoc/>
    public override Shape InputShape(Shape output)
    {
        RequireImage(output);
        return output[0] % 4 == 0
            ? [output[0] / 4, output[1] * 2, output[2] * 2]
            : throw new ArgumentException($"Squeeze: the channels to spread must be a multiple of 4; the event shape is {output}");
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        (x.SpaceToDepth(), Tensor.Scalar(0, x.DType));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) =>
        (z.DepthToSpace(), Tensor.Scalar(0, z.DType));
}
