namespace Exponential.Nn;

/// <summary>
/// A square autoregressive convolution (Hoogeboom, van den Berg and Welling 2019): z[o, h, w] = bias[o] + sum over i, k, l of
/// weight[o, i, k, l] x[i, h + k - 1, w + l - 1], with x zero outside the image and weight[o, i, 1, 1] zero for o &lt; i. The Jacobian is
/// triangular in the order of rows, columns and channels, and ln |det| is H W times the sum over c of ln |weight[c, c, 1, 1]|.
/// </summary>
/// <remarks>
/// The inverse is exact: substitution along the diagonals h + w of the image, all pixels of a diagonal and all images at once.
/// </remarks>
public sealed class AutoregressiveConv2d : Bijection
{
    private readonly int _channels;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly StateBuffer _mask;

    /// <summary>
    /// Makes the map; its state is <c>weight</c> [C, C, 2, 2], <c>bias</c> [C] and the constant <c>mask</c>. The weight starts at the identity
    /// plus Gaussian noise of deviation 1/(2 C), the bias at zero.
    /// </summary>
    /// <param name="channels">The channels C.</param>
    /// <param name="generator">Draws the initial value; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of channels is not positive.</exception>
    public AutoregressiveConv2d(int channels, Generator? generator = null, DType dtype = DType.Float32)
    {
        AtLeast.One(channels, nameof(AutoregressiveConv2d));
        _channels = channels;
        Shape shape = [channels, channels, 2, 2];
        _weight = AddParameter("weight", Initialization.Value(
            shape, dtype, () => (Initialization.OrFresh(generator).Normal(shape, dtype) * (0.5 / channels)) + CentreIdentity(channels, dtype)));
        _bias = AddParameter("bias", Tensor.Zeros([channels], dtype));
        _mask = AddConstant("mask", AutoregressiveConvolution.Mask(channels, dtype));
    }

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => RequireImage(input, _channels);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => RequireImage(output, _channels);

    /// <inheritdoc/>
    /// <exception cref="ArithmeticException">A weight[c, c, 1, 1] is zero.</exception>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context)
    {
        Tensor logDet = LogDet(x);
        return (AutoregressiveConvolution.Apply(x, _weight.Value * _mask, _bias), logDet);
    }

    /// <inheritdoc/>
    /// <exception cref="ArithmeticException">A weight[c, c, 1, 1] is zero.</exception>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        Tensor logDet = LogDet(z);
        return (AutoregressiveConvolution.Inverse(z - _bias.Value.Reshape([_channels, 1, 1]), _weight), -logDet);
    }

    /// <summary>The kernel [C, C, 2, 2] of the identity: its last tap reads the pixel itself.</summary>
    private static Tensor CentreIdentity(int channels, DType dtype) =>
        Tensor.Eye(channels, dtype).Reshape([channels, channels, 1, 1]) * Tensor.FromArray([0.0, 0, 0, 1], [2, 2]).To(dtype);

    private Tensor LogDet(Tensor x)
    {
        Tensor diagonal = (_weight.Value[.., .., 1, 1] * Tensor.Eye(_channels, x.DType)).Sum([1]).To(DType.Float64).Abs();
        int zero = Array.IndexOf(diagonal.Detach().ToArray<double>(), 0);
        return zero < 0
            ? (diagonal.Log().Sum() * ((double)x.Shape[2] * x.Shape[3])).To(x.DType)
            : throw new ArithmeticException($"AutoregressiveConv2d: weight[{zero}, {zero}, 1, 1] is zero; the convolution has no inverse");
    }
}
