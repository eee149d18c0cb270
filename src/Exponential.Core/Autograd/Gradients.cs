using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Exponential;

/// <summary>What <see cref="Tensor.Backward"/> found: one gradient for every parameter that the output depends on, in the order of their making.</summary>
public sealed class Gradients : IReadOnlyDictionary<Parameter, Tensor>
{
    private readonly Dictionary<LeafNode, Tensor> _leaves = [];
    private readonly Dictionary<Parameter, Tensor> _parameters = [];

    internal Gradients(IEnumerable<(LeafNode Leaf, Tensor Gradient)> gradients)
    {
        foreach ((LeafNode leaf, Tensor gradient) in gradients)
        {
            _leaves[leaf] = gradient;
            if (leaf.Parameter is not null)
            {
                _parameters[leaf.Parameter] = gradient;
            }
        }
    }

    /// <inheritdoc/>
    public int Count => _parameters.Count;

    /// <inheritdoc/>
    public IEnumerable<Parameter> Keys => _parameters.Keys;

    /// <inheritdoc/>
    public IEnumerable<Tensor> Values => _parameters.Values;

    /// <summary>The gradient of a parameter.</summary>
    /// <exception cref="KeyNotFoundException">The output does not depend on it.</exception>
    public Tensor this[Parameter key] =>
        _parameters.TryGetValue(key, out Tensor? gradient)
            ? gradient
            : throw new KeyNotFoundException($"Gradients: the output does not depend on parameter {key.Label}");

    /// <summary>The gradient of a leaf made by <see cref="Tensor.WithGradient"/>, or null where the output does not depend on it.</summary>
    public Tensor? For(Tensor leaf)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        return leaf.Node is LeafNode node && _leaves.TryGetValue(node, out Tensor? gradient) ? gradient : null;
    }

    /// <summary>The Euclidean norm of all parameters' gradients together, summed in double precision.</summary>
    public double Norm()
    {
        double sum = 0;
        using (Autograd.NoGrad())
        using (TemporaryScope.Begin())
        {
            foreach (Tensor gradient in Values)
            {
                sum += gradient.To(DType.Float64).Square().Sum().ToScalar();
            }
        }

        return Math.Sqrt(sum);
    }

    /// <summary>
    /// Scales all gradients by min(1, maxNorm / (norm + 1e-6)), as PyTorch's clip_grad_norm_ does.
    /// </summary>
    /// <param name="maxNorm">The largest norm let through; positive.</param>
    /// <returns>The scaled gradients and the norm before scaling. A norm that is not finite scales nothing: test it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive.</exception>
    public (Gradients Gradients, double Norm) ClipNorm(double maxNorm)
    {
        if (!(maxNorm > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(maxNorm), FormattableString.Invariant($"ClipNorm: maxNorm must be above 0; it is {maxNorm}"));
        }

        double norm = Norm();
        double scale = maxNorm / (norm + 1e-6);
        if (!double.IsFinite(norm) || scale >= 1)
        {
            return (this, norm);
        }

        using (Autograd.NoGrad())
        {
            return (new Gradients(_leaves.Select(entry => (entry.Key, entry.Value * scale))), norm);
        }
    }

    /// <inheritdoc/>
    public bool ContainsKey(Parameter key) => _parameters.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(Parameter key, [MaybeNullWhen(false)] out Tensor value) => _parameters.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<Parameter, Tensor>> GetEnumerator() => _parameters.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
