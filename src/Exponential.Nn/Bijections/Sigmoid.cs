namespace Exponential.Nn;

/// <summary>z = s(x) = 1 / (1 + e^-x), from the line to (0, 1). dz/dx = s(x) s(-x). The inverse is the logit.</summary>
public sealed class Sigmoid : Bijection
{
    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        (x.Sigmoid(), SumEvent(x.LogSigmoid() + (-x).LogSigmoid()));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        Tensor logZ = z.Log();
        Tensor logRest = (-z).Log1p();
        return (logZ - logRest, -SumEvent(logZ + logRest));
    }
}
