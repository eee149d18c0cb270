namespace Exponential.Nn.Tests;

/// <summary>One linear operator of the catalogue: the tensors that it is made of, how it is made of them, and what it should say of itself.</summary>
/// <param name="Name">Names the case.</param>
/// <param name="Draw">Draws the tensors.</param>
/// <param name="Build">Makes the operator.</param>
/// <param name="Dense">The same as a matrix, worked out in another way.</param>
internal sealed record OperatorCase(
    string Name, Func<Generator, Tensor[]> Draw, Func<Tensor[], LinearOperator> Build, Func<Tensor[], Tensor> Dense)
{
    /// <summary>Whether the operator knows its trace.</summary>
    public bool HasTrace { get; init; } = true;

    /// <summary>How many times the true norm the certified bound may be.</summary>
    public double NormFactor { get; init; } = 1.05;

    /// <summary>The error of the operator against <see cref="Dense"/> relative to |x|, beyond rounding: the remainder of its plan.</summary>
    public double Truncation { get; init; }

    /// <summary>The rounded operations that one output is the end of.</summary>
    public int Work { get; init; } = 64;

    public override string ToString() => Name;
}
