namespace Exponential;

/// <summary>Sign and logarithm of the absolute value of determinants. The derivative of ln|det X| is X^-T.</summary>
internal sealed class SlogDetOperation : Operation
{
    public override string Name => "SlogDet";

    public override int OutputCount => 2;

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Shape shape = inputs[0].Shape;
        MatrixBatch.RequireSquare(Name, shape);
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        outputs[0] = backend.Allocate(inputs[0].DType, shape[..^2]);
        outputs[1] = backend.Allocate(inputs[0].DType, shape[..^2]);
        MatrixBatch.Run(new Kernel(shape[^1]), shape[..^2].ElementCount, x.Operand, default, outputs[0], outputs[1]);
    }

    public override void Vjp(VjpContext context)
    {
        // The sign is constant wherever it is defined.
        if (context.HasCotangent(1))
        {
            Tensor inverse = new InverseOperation(Name, "ln|det| has no gradient there").Apply(context.Input(0));
            context.Set(0, inverse.Transpose() * context.CotangentOf(1).Unsqueeze(-1).Unsqueeze(-1));
        }
    }

    private readonly struct Kernel(int n) : MatrixBatch.IKernel
    {
        public void Run<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> first, Span<T> second)
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T> => LuDecomposition.SlogDet(a, n, out first[0], out second[0]);
    }
}

public sealed partial class Tensor
{
    /// <summary>The sign and ln|det| of each matrix [.., n, n], both of the leading shape; sign 0 and -infinity where a matrix is singular, without a gradient.</summary>
    /// <exception cref="ArgumentException">The matrices are not square.</exception>
    public (Tensor Sign, Tensor LogAbsDet) SlogDet()
    {
        Tensor[] outputs = new SlogDetOperation().ApplyMany(this);
        return (outputs[0].Detach(), outputs[1]);
    }
}
