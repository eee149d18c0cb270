namespace Exponential;

/// <summary>A certified upper bound on the norm of a linear operator.</summary>
/// <param name="Value">The bound: at least the true norm.</param>
/// <param name="Norm">Which norm it bounds: <c>"2-norm"</c>, the largest singular value, unless an operator says otherwise.</param>
public readonly record struct OperatorNorm(double Value, string Norm = "2-norm")
{
    /// <summary>A bound on the norm of the operator times <paramref name="factor"/>.</summary>
    public static OperatorNorm operator *(OperatorNorm norm, double factor) => norm with { Value = norm.Value * Math.Abs(factor) };

    /// <summary>A bound on the norm of a sum (the triangle inequality).</summary>
    /// <exception cref="InvalidOperationException">The bounds are on different norms.</exception>
    public static OperatorNorm operator +(OperatorNorm left, OperatorNorm right) =>
        left.Norm == right.Norm
            ? left with { Value = left.Value + right.Value }
            : throw new InvalidOperationException($"OperatorNorm: a {left.Norm} and a {right.Norm} cannot be added");

    /// <summary>The bound as text: <c>2-norm at most 0.931</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Norm} at most {Value:G6}");
}
