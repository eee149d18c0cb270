namespace Exponential.Nn;

/// <summary>A module that maps one tensor to one tensor.</summary>
public abstract class Network : Module
{
    /// <summary>The network's output.</summary>
    /// <param name="x">The input, batch first.</param>
    /// <exception cref="ArgumentException">The input's shape or element type does not fit.</exception>
    public Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        FiniteChecks.Input(this, x);
        Tensor result = ForwardCore(x);
        FiniteChecks.Output(this, result);
        return result;
    }

    /// <summary>The network's output, for an input that is not null.</summary>
    protected abstract Tensor ForwardCore(Tensor x);
}
