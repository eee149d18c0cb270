namespace Exponential;

/// <summary>Picks from two tensors by a condition.</summary>
internal sealed class WhereOperation : Operation
{
    public override string Name => "Where";

    public override bool SavesInput(int index) => index == 0;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        if (!Shape.TryBroadcast(inputs[1].Shape, inputs[2].Shape, out Shape values) || !Shape.TryBroadcast(inputs[0].Shape, values, out Shape shape))
        {
            throw new ArgumentException($"Where: shapes do not broadcast: condition {inputs[0].Shape}, {inputs[1].Shape} and {inputs[2].Shape}");
        }

        Operand y = backend.Allocate(inputs[0].DType, shape);
        backend.Select(inputs[0].Broadcast(shape), inputs[1].Broadcast(shape), inputs[2].Broadcast(shape), y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor zero = Tensor.Scalar(0, context.Cotangent.DType);
        if (context.Needs(1))
        {
            context.Set(1, Tensor.Where(context.Input(0), context.Cotangent, zero));
        }

        if (context.Needs(2))
        {
            context.Set(2, Tensor.Where(context.Input(0), zero, context.Cotangent));
        }
    }
}

public sealed partial class Tensor
{
    /// <summary>x where the condition is not 0, else y, element by element, broadcasting. The gradient flows to what was picked.</summary>
    /// <param name="condition">Numbers, for example from <see cref="Greater(Tensor)"/>; no gradient flows to it.</param>
    /// <param name="x">Taken where the condition is not 0.</param>
    /// <param name="y">Taken where it is 0.</param>
    public static Tensor Where(Tensor condition, Tensor x, Tensor y) => new WhereOperation().Apply(condition.Detach(), x, y);
}
