namespace Exponential.Nn;

/// <summary>
/// The Woodbury transformation (Lu and Huang 2020) as the original has it: a 1 x 1 convolution, then each channel's n = H W pixels mixed by
/// I + U V, with U [n, r] and V [r, n]. ln |det| is that of the 1 x 1 convolution plus C ln |det(I + V U)|, by Sylvester's identity.
/// </summary>
/// <remarks>
/// <para>The inverse is exact, by Woodbury's identity: (I + U V)⁻¹ = I - U (I + V U)⁻¹ V. No n x n matrix is made, either way: an image costs
/// 4 C n r multiplications and additions. Determinant and inverse of the r x r matrix are taken in double precision.</para>
/// <para>Its state is <c>conv1x1.*</c>, <c>woodbury_spatial.U</c> and <c>woodbury_spatial.V</c>, which bind it to one number of pixels.</para>
/// </remarks>
public sealed class Woodbury : Bijection
{
    private readonly Shape _eventShape;
    private readonly int _rank;
    private readonly Conv1x1 _conv1x1;
    private readonly Parameter _u;
    private readonly Parameter _v;

    /// <summary>Makes the layer; U and V start Gaussian with deviation 1/n.</summary>
    /// <param name="eventShape">[C, H, W].</param>
    /// <param name="rank">The rank r (<c>low_rank</c>).</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentException">The event shape does not have three axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rank is not positive.</exception>
    public Woodbury(Shape eventShape, int rank = 24, Generator? generator = null, DType dtype = DType.Float32)
    {
        RequireImage(eventShape);
        AtLeast.One(rank, nameof(Woodbury));
        generator = Initialization.OrFresh(generator);
        _eventShape = eventShape;
        _rank = rank;
        int pixels = eventShape[1] * eventShape[2];
        _conv1x1 = AddModule("conv1x1", new Conv1x1(eventShape[0], generator, dtype));
        _u = AddParameter("woodbury_spatial.U", Initialization.Normal([pixels, rank], 1.0 / pixels, generator, dtype));
        _v = AddParameter("woodbury_spatial.V", Initialization.Normal([rank, pixels], 1.0 / pixels, generator, dtype));
    }

    /// <inheritdoc/>
    public override Shape? EventShape => _eventShape;

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context)
    {
        (Tensor mixed, Tensor logDet) = _conv1x1.Forward(x);
        return (mixed + LowRank(mixed, _v), logDet + LogDet(Inner(), x.DType));
    }

    /// <inheritdoc/>
    /// <exception cref="ArithmeticException">I + V U or the 1 x 1 convolution is singular.</exception>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        Tensor inner = Inner();
        Tensor mixed = z - LowRank(z, inner.Solve(_v.Value.To(DType.Float64)).To(z.DType));
        (Tensor x, Tensor logDet) = _conv1x1.Inverse(mixed);
        return (x, logDet - LogDet(inner, z.DType));
    }

    /// <summary>U R x for the pixels x of each channel, with R [r, n]; a row of the product is a channel, so both matrices stand transposed.</summary>
    private Tensor LowRank(Tensor x, Tensor r) =>
        x.Reshape([x.Shape[0] * x.Shape[1], x.Shape[2] * x.Shape[3]]).MatMul(r.Transpose()).MatMul(_u.Value.Transpose()).Reshape(x.Shape);

    /// <summary>I + V U in double precision.</summary>
    private Tensor Inner() =>
        Tensor.Eye(_rank, DType.Float64) + _v.Value.To(DType.Float64).MatMul(_u.Value.To(DType.Float64));

    private Tensor LogDet(Tensor inner, DType dtype) => (inner.SlogDet().LogAbsDet * _eventShape[0]).To(dtype);
}
