namespace Exponential;

/// <summary>X of A X = B. With the cotangent G of X: B's gradient is A^-T G, and A's is minus that times X^T.</summary>
internal sealed class SolveOperation : Operation
{
    public override string Name => "Solve";

    public override bool SavesInput(int index) => index == 0;

    public override bool SavesOutput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease a = OperandLease.Contiguous(backend, inputs[0]);
        Operand x = backend.Allocate(inputs[1].DType, inputs[1].Shape);
        backend.Copy(inputs[1], x);
        MatrixBatch.Run(new Kernel(inputs[0].Shape, inputs[1].Shape[^1]), inputs[0].Shape[..^2].ElementCount, a.Operand, default, x, default);
        outputs[0] = x;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor b = context.Input(0).Transpose().Solve(context.Cotangent);
        context.Set(1, b);
        if (context.Needs(0))
        {
            context.Set(0, -b.MatMul(context.Output().Transpose()));
        }
    }

    private readonly struct Kernel(Shape shape, int columns) : MatrixBatch.IKernel
    {
        public void Run<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> first, Span<T> second)
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            int n = shape[^1];
            T[] lu = a.ToArray();
            int[] pivots = new int[n];
            if (!LuDecomposition.Factor(lu, n, pivots, out _))
            {
                throw new ArithmeticException($"Solve: a matrix of {shape} is singular; the system has no unique solution");
            }

            LuDecomposition.Solve<T>(lu, pivots, n, first, columns);
        }
    }
}

public sealed partial class Tensor
{
    /// <summary>The solution X of A X = B, where A is this tensor [.., n, n] and B is [.., n, k] with the same leading axes.</summary>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    /// <exception cref="ArithmeticException">A matrix is singular.</exception>
    public Tensor Solve(Tensor b)
    {
        MatrixBatch.RequireSquare("Solve", Shape);
        if (b.Rank != Rank || b.Shape[..^1] != Shape[..^1])
        {
            throw new ArgumentException($"Solve: the right-hand side {b.Shape} does not fit the matrices {Shape}; expects [.., {Shape[^1]}, k] with the same leading axes");
        }

        return new SolveOperation().Apply(this, b);
    }
}
