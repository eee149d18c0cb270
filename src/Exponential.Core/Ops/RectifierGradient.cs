namespace Exponential;

/// <summary>
/// What a rectified layer with a bias by channel hands down: the cotangent where the layer's value is positive, else 0, both [B, C, ...],
/// and the bias's gradient, its sums [C] over all axes but the second. Linear in the cotangent, constant in the value.
/// </summary>
internal sealed class RectifierGradientOperation : Operation
{
    public override string Name => "RectifierGradient";

    public override int OutputCount => 2;

    public override bool SavesInput(int index) => index == 1;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease cotangent = OperandLease.ContiguousItems(backend, inputs[0]);
        using OperandLease value = OperandLease.ContiguousItems(backend, inputs[1]);
        Operand gradient = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        Operand sums = backend.Allocate(inputs[0].DType, [inputs[0].Shape[1]]);
        backend.FusedPasses!.RectifierGradient(cotangent.Operand, value.Operand, gradient, sums);
        outputs[0] = gradient;
        outputs[1] = sums;
    }

    public override void Vjp(VjpContext context)
    {
        int[] byChannel = [context.InputShape(0)[1], .. Enumerable.Repeat(1, context.InputShape(0).Rank - 2)];
        Tensor g = context.HasCotangent(1) ? context.CotangentOf(0) + context.CotangentOf(1).Reshape(byChannel) : context.Cotangent;
        context.Set(0, Tensor.Binary(BinaryKind.ReluGradient, g, context.Input(1)));
    }

    /// <summary>The same made of element-wise operations and a sum: the fused kernel's oracle and its fallback.</summary>
    public static Tensor[] Composite(Tensor cotangent, Tensor value)
    {
        Tensor gradient = Tensor.Binary(BinaryKind.ReluGradient, cotangent, value);
        return [gradient, gradient.Sum([0, .. Enumerable.Range(2, value.Rank - 2)])];
    }
}

internal static partial class FusedOps
{
    /// <summary>The cotangent where the value is positive, and its sums by channel; see <see cref="RectifierGradientOperation"/>.</summary>
    public static (Tensor Gradient, Tensor Sums) RectifierGradient(Tensor cotangent, Tensor value)
    {
        Tensor[] results = cotangent.Backend.FusedPasses is null
            ? RectifierGradientOperation.Composite(cotangent, value)
            : new RectifierGradientOperation().ApplyMany(cotangent, value);
        return (results[0], results[1]);
    }
}
