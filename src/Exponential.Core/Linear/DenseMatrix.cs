namespace Exponential;

/// <summary>The map x -> M x of vectors by a matrix M.</summary>
public sealed class DenseMatrix : LinearOperator
{
    private readonly Lazy<OperatorNorm> _norm;

    /// <summary>Makes the operator of a matrix.</summary>
    /// <param name="matrix">[m, n]: it takes vectors of n elements to vectors of m.</param>
    /// <exception cref="ArgumentException">The matrix does not have two axes.</exception>
    public DenseMatrix(Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (matrix.Rank != 2)
        {
            throw new ArgumentException($"DenseMatrix: matrix must be [rows, columns]; it is {matrix.Shape}", nameof(matrix));
        }

        Matrix = matrix;

        _norm = new Lazy<OperatorNorm>(() => new OperatorNorm(NormOf(matrix)));
    }

    /// <summary>The matrix [m, n].</summary>
    public Tensor Matrix { get; }

    /// <inheritdoc/>
    public override Shape Domain => [Matrix.Shape[1]];

    /// <inheritdoc/>
    public override Shape Range => [Matrix.Shape[0]];

    /// <inheritdoc/>
    public override DType? DType => Matrix.DType;

    /// <inheritdoc/>
    public override bool HasTrace => Matrix.Shape[0] == Matrix.Shape[1];

    /// <summary>A bound on the 2-norm, computed once by Gram iteration (Delattre et al. 2023).</summary>
    public override OperatorNorm NormBound() => _norm.Value;

    /// <summary>The sum of the diagonal.</summary>
    public override Tensor Trace() =>
        HasTrace
            ? (Matrix * Tensor.Eye(Matrix.Shape[0], Matrix.DType)).Sum()
            : throw new NotSupportedException($"DenseMatrix.Trace: the matrix must be square; it is {Matrix.Shape}");

    /// <summary>M - mu I.</summary>
    internal override LinearOperator Shifted(double mu) => new DenseMatrix(Matrix - (Tensor.Eye(Matrix.Shape[0], Matrix.DType) * mu));

    /// <inheritdoc/>
    protected override Tensor ApplyCore(Tensor x) => x.MatMul(Matrix.Transpose(0, 1));

    /// <inheritdoc/>
    protected override Tensor ApplyAdjointCore(Tensor y) => y.MatMul(Matrix);

    private static double NormOf(Tensor matrix) =>
        matrix.DType == Exponential.DType.Float32
            ? DenseNormBound.Matrix(matrix.ToArray<float>(), matrix.Shape[0], matrix.Shape[1])
            : DenseNormBound.Matrix(matrix.ToArray<double>(), matrix.Shape[0], matrix.Shape[1]);
}
