namespace Exponential;

/// <summary>
/// The QR decomposition of matrices [.., m, n] with m at least n: Q [.., m, n] with orthonormal columns and R [.., n, n] upper triangular. With
/// M = R GR' - GQ' Q, the gradient is (GQ + Q copyltu(M)) R^-T, where copyltu mirrors the lower triangle (Walter and Lehmann 2018).
/// </summary>
internal sealed class QrOperation : Operation
{
    public override string Name => "Qr";

    public override int OutputCount => 2;

    public override bool SavesOutput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Shape shape = inputs[0].Shape;
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        outputs[0] = backend.Allocate(inputs[0].DType, shape);
        outputs[1] = backend.Allocate(inputs[0].DType, [.. shape[..^2].Dimensions, shape[^1], shape[^1]]);
        MatrixBatch.Run(new Kernel(shape[^2], shape[^1]), shape[..^2].ElementCount, x.Operand, default, outputs[0], outputs[1]);
    }

    public override void Vjp(VjpContext context)
    {
        Tensor q = context.Output(0);
        Tensor r = context.Output(1);
        Tensor gq = context.CotangentOf(0);
        Tensor gr = context.CotangentOf(1);
        Tensor m = r.MatMul(gr.Transpose()) - gq.Transpose().MatMul(q);
        Tensor index = Tensor.Arange(r.Shape[^1], r.DType);
        Tensor lower = index.Unsqueeze(1).GreaterOrEqual(index.Unsqueeze(0));
        Tensor strictlyLower = index.Unsqueeze(1).Greater(index.Unsqueeze(0));
        Tensor mirrored = (m * lower) + (m * strictlyLower).Transpose();
        Tensor right = gq + q.MatMul(mirrored);
        context.Set(0, r.Solve(right.Transpose()).Transpose());
    }

    private readonly struct Kernel(int m, int n) : MatrixBatch.IKernel
    {
        public void Run<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> first, Span<T> second)
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T> => QrDecomposition.Factor(a, m, n, first, second);
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// The thin QR decomposition of each matrix [.., m, n]: Q [.., m, k] with orthonormal columns and R [.., k, n] upper triangular, k = min(m, n).
    /// By Householder reflections, without a choice of signs, as LAPACK does.
    /// </summary>
    /// <exception cref="ArgumentException">The tensor has fewer than two axes.</exception>
    public (Tensor Q, Tensor R) Qr()
    {
        if (Rank < 2)
        {
            throw new ArgumentException($"Qr: expects matrices [.., m, n]; got {Shape}");
        }

        int m = Shape[^2];
        if (m >= Shape[^1])
        {
            Tensor[] outputs = new QrOperation().ApplyMany(this);
            return (outputs[0], outputs[1]);
        }

        // A wide matrix is [X, Y] with X square: Q and U come from X, and R = [U, Q'Y].
        Tensor[] parts = Split([m, Shape[^1] - m], -1);
        (Tensor q, Tensor u) = parts[0].Qr();
        return (q, Cat([u, q.Transpose().MatMul(parts[1])], -1));
    }
}
