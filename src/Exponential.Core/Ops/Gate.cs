namespace Exponential;

/// <summary>The gate a + b s(c) of the thirds a, b and c of the channels of x [B, 3 C, ...], with s the sigmoid: [B, C, ...].</summary>
internal sealed class GateOperation : Operation
{
    public override string Name => "Gate";

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.ContiguousItems(backend, inputs[0]);
        int[] dimensions = inputs[0].Shape.Dimensions.ToArray();
        dimensions[1] /= 3;
        Operand y = backend.Allocate(inputs[0].DType, dimensions);
        backend.FusedPasses!.Gate(x.Operand, y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context) =>
        context.Set(0, new GateGradientOperation().ApplyMany(context.Input(0), context.Cotangent)[0]);

    /// <summary>The same made of element-wise operations: the fused kernel's oracle and its fallback.</summary>
    public static Tensor Composite(Tensor x)
    {
        Tensor[] parts = x.Chunk(3, 1);
        return parts[0] + (parts[1] * parts[2].Sigmoid());
    }
}

/// <summary>The gradient of the gate for x, from x and a cotangent.</summary>
internal sealed class GateGradientOperation() : FusedGradientOperation(inputs: 1)
{
    public override string Name => "GateGradient";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.ContiguousItems(backend, inputs[0]);
        using OperandLease cotangent = OperandLease.ContiguousItems(backend, inputs[1]);
        Operand gradient = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        backend.FusedPasses!.GateGradient(x.Operand, cotangent.Operand, gradient);
        outputs[0] = gradient;
    }

    protected override Tensor[] Composite(ReadOnlySpan<Tensor> inputs) => [GateOperation.Composite(inputs[0])];
}

internal static partial class FusedOps
{
    /// <summary>a + b s(c) of the thirds of the channels of x [B, 3 C, ...], with s the sigmoid.</summary>
    /// <exception cref="ArgumentException">There are no channels, or they do not divide by three.</exception>
    public static Tensor Gate(Tensor x)
    {
        if (x.Rank < 2 || x.Shape[1] % 3 != 0)
        {
            throw new ArgumentException($"Gate: expects [B, C, ...] with C a multiple of 3; got {x.Shape}");
        }

        return x.Backend.FusedPasses is null ? GateOperation.Composite(x) : new GateOperation().Apply(x);
    }
}
