namespace Exponential;

/// <summary>
/// The inverse of square matrices. With Y = X^-1 the derivative is dY = -Y dX Y. The name and the refusal are what the error of a singular
/// matrix says.
/// </summary>
internal sealed class InverseOperation(string name = "Inverse", string refusal = "it has no inverse") : Operation
{
    public override string Name => name;

    public override bool SavesOutput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        MatrixBatch.RequireSquare(Name, inputs[0].Shape);
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        Operand y = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        MatrixBatch.Run(new Kernel(inputs[0].Shape, name, refusal), inputs[0].Shape[..^2].ElementCount, x.Operand, default, y, default);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor transposed = context.Output().Transpose();
        context.Set(0, -transposed.MatMul(context.Cotangent).MatMul(transposed));
    }

    private readonly struct Kernel(Shape shape, string name, string refusal) : MatrixBatch.IKernel
    {
        public void Run<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> first, Span<T> second)
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            if (!LuDecomposition.Inverse(a, shape[^1], first))
            {
                throw new ArithmeticException($"{name}: a matrix of {shape} is singular; {refusal}");
            }
        }
    }
}

public sealed partial class Tensor
{
    /// <summary>The inverse of each matrix [.., n, n], by LU decomposition with partial pivoting.</summary>
    /// <exception cref="ArgumentException">The matrices are not square.</exception>
    /// <exception cref="ArithmeticException">A matrix is singular.</exception>
    public Tensor Inverse() => new InverseOperation().Apply(this);
}
