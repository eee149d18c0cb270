namespace Exponential;

/// <summary>x y + addend, element by element, of three tensors that stretch to a common shape.</summary>
internal sealed class MultiplyAddOperation : Operation
{
    public override string Name => "MultiplyAdd";

    public override bool SavesInput(int index) => index < 2;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        if (!Shape.TryBroadcast(inputs[0].Shape, inputs[1].Shape, out Shape factors) || !Shape.TryBroadcast(factors, inputs[2].Shape, out Shape shape))
        {
            throw new ArgumentException(
                $"{Name}: shapes do not broadcast: {inputs[0].Shape} and {inputs[1].Shape}, and the addend's {inputs[2].Shape}");
        }

        Operand y = backend.Allocate(inputs[0].DType, shape);
        backend.FusedPasses!.MultiplyAdd(inputs[0].Broadcast(shape), inputs[1].Broadcast(shape), inputs[2].Broadcast(shape), y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor g = context.Cotangent;
        if (context.Needs(0))
        {
            context.Set(0, g * context.Input(1));
        }

        if (context.Needs(1))
        {
            context.Set(1, g * context.Input(0));
        }

        context.Set(2, g);
    }

    /// <summary>The same made of two operations: the fused kernel's oracle and its fallback.</summary>
    public static Tensor Composite(Tensor x, Tensor y, Tensor addend) => (x * y) + addend;
}

public sealed partial class Tensor
{
    /// <summary>
    /// x y + addend, element by element, broadcasting: one pass over memory, and one rounding where the processor fuses the two operations.
    /// </summary>
    /// <param name="x">A factor.</param>
    /// <param name="y">The other factor.</param>
    /// <param name="addend">What is added to the product.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the element types or devices differ.</exception>
    /// <exception cref="ArgumentNullException">One of the tensors is null.</exception>
    public static Tensor MultiplyAdd(Tensor x, Tensor y, Tensor addend)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(addend);
        return x.Backend.FusedPasses is null ? MultiplyAddOperation.Composite(x, y, addend) : new MultiplyAddOperation().Apply(x, y, addend);
    }
}
