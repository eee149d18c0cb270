namespace Exponential.Nn;

/// <summary>
/// An invertible differentiable map of each element of a batch. Both ways give the logarithm of the absolute determinant of the Jacobian of
/// the way that was gone, so that the one of the inverse is the negative of the other.
/// </summary>
/// <remarks>
/// The log-determinant is [B], or a scalar where it does not depend on the input. A new bijection overrides <see cref="ForwardCore"/> and
/// <see cref="InverseCore"/>, and the shapes if it does not take all; its arguments arrive checked.
/// </remarks>
public abstract class Bijection : FlowStep
{
    /// <summary>Whether the log-determinant does not depend on the input: it is then a scalar.</summary>
    public virtual bool HasConstantLogDet => false;

    /// <summary>How the inverse is computed.</summary>
    public virtual InverseKind Kind => InverseKind.Exact;

    /// <summary>z = f(x) and ln |det dz/dx|.</summary>
    /// <param name="x">[B, ..event].</param>
    /// <param name="context">What the map is conditioned on, if it takes a context.</param>
    /// <exception cref="ArgumentException">A shape or element type does not fit, or the batch is empty.</exception>
    public (Tensor Value, Tensor LogDet) Forward(Tensor x, Tensor? context = null)
    {
        OutputShape(EventOf(x, nameof(x)));
        CheckContext(context, x);
        return Run(x, context, inverse: false);
    }

    /// <summary>x = f⁻¹(z) and ln |det dx/dz|.</summary>
    /// <param name="z">[B, ..event].</param>
    /// <param name="context">What the map is conditioned on, if it takes a context.</param>
    /// <exception cref="ArgumentException">A shape or element type does not fit, or the batch is empty.</exception>
    public (Tensor Value, Tensor LogDet) Inverse(Tensor z, Tensor? context = null)
    {
        InputShape(EventOf(z, nameof(z)));
        CheckContext(context, z);
        return Run(z, context, inverse: true);
    }

    /// <summary>The bijection that goes the other way.</summary>
    public Bijection Invert() => this is Invert inverted ? inverted.Inner : new Invert(this);

    /// <summary>The bijection that does this first, then <paramref name="next"/>.</summary>
    public Chain Then(Bijection next) => new(this, next);

    /// <summary>z and the log-determinant, [B] or a scalar, for arguments that fit.</summary>
    protected abstract (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context);

    /// <summary>x and the log-determinant of the inverse, [B] or a scalar, for arguments that fit.</summary>
    protected abstract (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context);

    /// <summary>The sum of an elementwise quantity over each element of the batch: [B].</summary>
    protected static Tensor SumEvent(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Rank == 1 ? values : values.Sum([.. Enumerable.Range(1, values.Rank - 1)]);
    }

    internal sealed override (Tensor Value, Tensor LogDensity) Encode(Tensor x, Tensor? context, List<Tensor>? latents) =>
        Forward(x, ContextOf(context));

    internal sealed override Tensor Decode(Tensor z, Tensor? context, Stack<Tensor> latents) => Inverse(z, ContextOf(context)).Value;

    internal sealed override (Tensor Value, Tensor LogDensity) Sample(Tensor z, Tensor? context, Generator generator, double temperature)
    {
        (Tensor x, Tensor logDet) = Inverse(z, ContextOf(context));
        return (x, -logDet);
    }

    private (Tensor Value, Tensor LogDet) Run(Tensor input, Tensor? context, bool inverse)
    {
        FiniteChecks.Input(this, input);
        (Tensor value, Tensor logDet) = inverse ? InverseCore(input, context) : ForwardCore(input, context);
        FiniteChecks.Output(this, value);
        FiniteChecks.LogDensity(this, logDet);
        return (value, logDet);
    }
}
