namespace Exponential;

/// <summary>The standard normal log-density of each item of the first axis: y[b] = -(sum of squares of x[b] + n ln(2 pi)) / 2 for n elements.</summary>
internal sealed class GaussianLogDensityOperation : Operation
{
    public override string Name => "GaussianLogDensity";

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.ContiguousItems(backend, inputs[0]);
        Operand y = backend.Allocate(inputs[0].DType, [inputs[0].Shape[0]]);
        backend.FusedPasses!.GaussianLogDensity(x.Operand, y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor x = context.Input(0);
        context.Set(0, x * (-context.Cotangent).Reshape([x.Shape[0], .. Enumerable.Repeat(1, x.Rank - 1)]));
    }

    /// <summary>The same made of element-wise operations and a sum: the fused kernel's oracle and its fallback.</summary>
    public static Tensor Composite(Tensor x)
    {
        Tensor squares = x.Square();
        Tensor sum = x.Rank == 1 ? squares : squares.Sum([.. Enumerable.Range(1, x.Rank - 1)]);
        return (sum * -0.5) - (0.5 * Math.Log(2 * Math.PI) * x.Shape[1..].ElementCount);
    }
}

internal static partial class FusedOps
{
    /// <summary>The standard normal log-density [B] of x [B, ...]; see <see cref="GaussianLogDensityOperation"/>.</summary>
    public static Tensor GaussianLogDensity(Tensor x) =>
        x.Backend.FusedPasses is null ? GaussianLogDensityOperation.Composite(x) : new GaussianLogDensityOperation().Apply(x);
}
