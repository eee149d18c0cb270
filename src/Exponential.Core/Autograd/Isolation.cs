namespace Exponential;

/// <summary>
/// The same values as a point of the graph of its own. A derivative that computes its function again differentiates with respect to
/// such points: one input may hang on another in the graph outside, and those paths are not the function's.
/// </summary>
internal sealed class IsolateOperation : Operation
{
    public override string Name => "Isolate";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs) => outputs[0] = inputs[0].Share();

    public override void Vjp(VjpContext context) => context.Set(0, context.Cotangent);
}

public sealed partial class Tensor
{
    /// <summary>An input of a function that a derivative computes again: a leaf, or where the derivative is recorded a point above this tensor's graph.</summary>
    internal Tensor Isolated(bool recorded) => recorded && RequiresGradient ? new IsolateOperation().Apply(this) : WithGradient();
}
