namespace Exponential.Nn;

/// <summary>
/// z = x for x ≥ 0 and -ln(1 - x) below: linear above, logarithmic below. ln dz/dx = -ln(1 - x) = z where x &lt; 0. Its inverse is
/// 1 - e^-z where z &lt; 0.
/// </summary>
/// <remarks>The original adds 1e-10 inside the logarithm; 1 - x ≥ 1 there, so nothing needs it and the inverse is exact without.</remarks>
public sealed class MinLogPlusLinear : Bijection
{
    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context)
    {
        // The part below zero, and zero elsewhere, so that the branch not taken is finite with a finite derivative.
        Tensor below = -(-x.Clamp(double.NegativeInfinity, 0)).Log1p();
        return (x.Relu() + below, SumEvent(below));
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        Tensor below = z.Clamp(double.NegativeInfinity, 0);
        return (z.Relu() - (-below).Expm1(), -SumEvent(below));
    }
}
