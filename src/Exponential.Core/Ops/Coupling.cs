namespace Exponential;

/// <summary>
/// The affine coupling of x [B, C, H, W] by h [B, C, H, W]: the first half of the channels stays, z1 = x1, and the second half is scaled and
/// moved, z2 = x2 e^s + t, with s = 2 tanh(h_s / 2), h_s the even channels of h and t the odd ones. The log-det is the sum of s over each
/// image. Or the inverse, z2 = (x2 - t) e^-s with the log-det of -s. Outputs are z and the log-det [B].
/// </summary>
internal sealed class CouplingOperation(bool inverse) : Operation
{
    public override string Name => "AffineCoupling";

    public override int OutputCount => 2;

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.ContiguousItems(backend, inputs[0]);
        using OperandLease h = OperandLease.ContiguousItems(backend, inputs[1]);
        Operand z = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        Operand logDet = backend.Allocate(inputs[0].DType, [inputs[0].Shape[0]]);
        backend.FusedPasses!.Coupling(x.Operand, h.Operand, inverse, z, logDet);
        outputs[0] = z;
        outputs[1] = logDet;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor[] gradients = new CouplingGradientOperation(inverse).ApplyMany(
            context.Input(0), context.Input(1), context.CotangentOf(0), context.CotangentOf(1));
        context.Set(0, gradients[0]);
        context.Set(1, gradients[1]);
    }

    /// <summary>The same made of element-wise operations: the fused kernel's oracle and its fallback.</summary>
    public static Tensor[] Composite(Tensor x, Tensor h, bool inverse)
    {
        Tensor[] halves = x.Chunk(2, 1);
        Shape half = halves[0].Shape;
        Tensor[] pairs = h.Reshape([half[0], half[1], 2, half[2], half[3]]).Chunk(2, 2);
        Tensor logScale = (pairs[0].Reshape(half) * 0.5).Tanh() * (inverse ? -2 : 2);
        Tensor translation = pairs[1].Reshape(half);
        Tensor moved = inverse ? (halves[1] - translation) * logScale.Exp() : (halves[1] * logScale.Exp()) + translation;
        return [Tensor.Cat([halves[0], moved], 1), logScale.Sum([1, 2, 3])];
    }
}

/// <summary>The gradients of the affine coupling for x and h, from x, h and the cotangents of z and of the log-det.</summary>
internal sealed class CouplingGradientOperation(bool inverse) : FusedGradientOperation(inputs: 2)
{
    public override string Name => "AffineCouplingGradient";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.ContiguousItems(backend, inputs[0]);
        using OperandLease h = OperandLease.ContiguousItems(backend, inputs[1]);
        using OperandLease zCotangent = OperandLease.ContiguousItems(backend, inputs[2]);
        using OperandLease logDetCotangent = OperandLease.Contiguous(backend, inputs[3]);
        Operand xGradient = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        Operand hGradient = backend.Allocate(inputs[1].DType, inputs[1].Shape);
        backend.FusedPasses!.CouplingGradient(
            x.Operand, h.Operand, inverse, zCotangent.Operand, logDetCotangent.Operand, xGradient, hGradient);
        outputs[0] = xGradient;
        outputs[1] = hGradient;
    }

    protected override Tensor[] Composite(ReadOnlySpan<Tensor> inputs) => CouplingOperation.Composite(inputs[0], inputs[1], inverse);
}

internal static partial class FusedOps
{
    /// <summary>The affine coupling of x by h, or its inverse, and the log-det [B]; see <see cref="CouplingOperation"/>.</summary>
    /// <exception cref="ArgumentException">The shapes differ, are no images, or have an odd number of channels.</exception>
    public static (Tensor Value, Tensor LogDet) AffineCoupling(Tensor x, Tensor h, bool inverse)
    {
        if (x.Rank != 4 || x.Shape[1] % 2 != 0 || h.Shape != x.Shape)
        {
            throw new ArgumentException($"AffineCoupling: expects x and h [B, C, H, W] of one shape with an even C; got {x.Shape} and {h.Shape}");
        }

        Tensor[] results = x.Backend.FusedPasses is null ? CouplingOperation.Composite(x, h, inverse) : new CouplingOperation(inverse).ApplyMany(x, h);
        return (results[0], results[1]);
    }
}
