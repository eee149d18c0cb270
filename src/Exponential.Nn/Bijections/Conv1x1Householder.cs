namespace Exponential.Nn;

/// <summary>
/// A 1 x 1 convolution by an orthogonal matrix, a product of reflections Q = H_0 H_1 ... H_{R-1} with H_i = I - 2 v_i v_i' / (v_i' v_i)
/// (Tomczak and Welling 2016). Volume does not change; the inverse is Q'.
/// </summary>
/// <remarks>
/// The product is I - V' S⁻¹ V, with S the upper triangle of V V' with its diagonal halved (Joffrain et al., "Accumulating Householder
/// transformations, revisited", 2006): one small triangular system, taken in double precision.
/// </remarks>
public sealed class Conv1x1Householder : Bijection
{
    private readonly int _channels;
    private readonly int _reflections;
    private readonly Parameter _v;

    /// <summary>Makes the map; its state is <c>V</c> [R, C], one reflection a row, the last of which acts first.</summary>
    /// <param name="channels">The channels C.</param>
    /// <param name="reflections">The number of reflections R.</param>
    /// <param name="generator">Draws the initial value, standard Gaussian; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    public Conv1x1Householder(int channels, int reflections, Generator? generator = null, DType dtype = DType.Float32)
    {
        AtLeast.One(channels, nameof(Conv1x1Householder));
        AtLeast.One(reflections, nameof(Conv1x1Householder));
        _channels = channels;
        _reflections = reflections;
        _v = AddParameter("V", Initialization.Normal([reflections, channels], 1, Initialization.OrFresh(generator), dtype));
    }

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => RequireImage(input, _channels);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => RequireImage(output, _channels);

    /// <summary>The orthogonal matrix Q [C, C].</summary>
    public Tensor Matrix()
    {
        Tensor v = _v.Value.To(DType.Float64);
        Tensor s = v.MatMul(v.Transpose(0, 1)) * HalvedUpperTriangle(_reflections);
        return (Tensor.Eye(_channels, DType.Float64) - v.Transpose(0, 1).MatMul(s.Solve(v))).To(_v.DType);
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        (x.Conv2d(Matrix().Reshape([_channels, _channels, 1, 1])), Tensor.Scalar(0, x.DType));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) =>
        (z.Conv2d(Matrix().Transpose(0, 1).Reshape([_channels, _channels, 1, 1])), Tensor.Scalar(0, z.DType));

    /// <summary>Ones above the diagonal, a half on it, zeros below.</summary>
    private static Tensor HalvedUpperTriangle(int n)
    {
        double[] values = new double[n * n];
        for (int row = 0; row < n; row++)
        {
            values[(row * n) + row] = 0.5;
            values.AsSpan((row * n) + row + 1, n - row - 1).Fill(1);
        }

        return Tensor.FromArray(values, [n, n]);
    }
}
