namespace Exponential.Nn;

/// <summary>
/// z = tanh x, from the line to (-1, 1). ln dz/dx = ln(1 - z²), computed as 2 (ln 2 - x - softplus(-2x)), which keeps its digits where z
/// rounds to 1. The inverse is (ln(1 + z) - ln(1 - z)) / 2.
/// </summary>
public sealed class Tanh : Bijection
{
    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        (x.Tanh(), SumEvent((Math.Log(2) - x - (x * -2).Softplus()) * 2));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        Tensor above = z.Log1p();
        Tensor below = (-z).Log1p();
        return ((above - below) * 0.5, -SumEvent(above + below));
    }
}
