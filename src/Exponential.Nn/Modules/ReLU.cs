namespace Exponential.Nn;

/// <summary>max(x, 0), element by element.</summary>
public sealed class ReLU : Network
{
    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x) => x.Relu();
}
