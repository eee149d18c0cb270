namespace Exponential;

/// <summary>The batched matrix product.</summary>
internal sealed class MatMulOperation : Operation
{
    public override string Name => "MatMul";

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Shape a = inputs[0].Shape;
        Shape b = inputs[1].Shape;
        if (a.Rank < 2 || b.Rank < 2)
        {
            throw new ArgumentException($"MatMul: expects matrices [.., m, k] x [.., k, n]; got {a} x {b}");
        }

        if (a[^1] != b[^2])
        {
            throw new ArgumentException($"MatMul: inner dimensions differ: {a} x {b}");
        }

        if (!Shape.TryBroadcast(a[..^2], b[..^2], out Shape batch))
        {
            throw new ArgumentException($"MatMul: leading axes do not broadcast: {a} x {b}");
        }

        Operand y = backend.Allocate(inputs[0].DType, [.. batch.Dimensions, a[^2], b[^1]]);
        backend.MatMul(inputs[0].Broadcast([.. batch.Dimensions, a[^2], a[^1]]), inputs[1].Broadcast([.. batch.Dimensions, b[^2], b[^1]]), y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        if (context.Needs(0))
        {
            context.Set(0, context.Cotangent.MatMul(context.Input(1).Transpose()));
        }

        if (context.Needs(1))
        {
            context.Set(1, context.Input(0).Transpose().MatMul(context.Cotangent));
        }
    }
}

public sealed partial class Tensor
{
    /// <summary>The matrix product over the last two axes, [.., m, k] x [.., k, n] = [.., m, n]; leading axes broadcast.</summary>
    /// <exception cref="ArgumentException">The inner dimensions differ, or the leading axes do not broadcast.</exception>
    public Tensor MatMul(Tensor other) => new MatMulOperation().Apply(this, other);
}
