namespace Exponential.Nn;

/// <summary>
/// z = ln y - ln(1 - y) with y = a + (1 - 2a) x, from (0, 1) to the line; a positive a keeps the ends finite (Dinh et al. 2017).
/// dz/dx = (1 - 2a) / (y (1 - y)).
/// </summary>
public sealed class Logit : Bijection
{
    private readonly double _alpha;

    /// <summary>Makes the map.</summary>
    /// <param name="alpha">The margin a, in [0, 1/2).</param>
    /// <exception cref="ArgumentOutOfRangeException">The margin lies outside [0, 1/2).</exception>
    public Logit(double alpha = 0.05) =>
        _alpha = alpha is >= 0 and < 0.5
            ? alpha
            : throw new ArgumentOutOfRangeException(
                nameof(alpha), $"Logit: alpha must lie in [0, 0.5); it is {FormattableString.Invariant($"{alpha}")}");

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context)
    {
        Tensor y = (x * (1 - (2 * _alpha))) + _alpha;
        Tensor logY = y.Log();
        Tensor logRest = (-y).Log1p();
        return (logY - logRest, LogScale(x) - SumEvent(logY + logRest));
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) =>
        ((z.Sigmoid() - _alpha) * (1 / (1 - (2 * _alpha))), SumEvent(z.LogSigmoid() + (-z).LogSigmoid()) - LogScale(z));

    private double LogScale(Tensor x) => Math.Log(1 - (2 * _alpha)) * (x.ElementCount / x.Shape[0]);
}
