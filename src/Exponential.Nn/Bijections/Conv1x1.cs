namespace Exponential.Nn;

/// <summary>
/// An invertible 1 x 1 convolution (Kingma and Dhariwal 2018): z = W x at each pixel, with ln |det| = H W ln |det W|. W starts as a random
/// orthogonal matrix.
/// </summary>
/// <remarks>
/// The determinant and the inverse of W are taken in double precision whatever the element type: a few C³ operations a call, and the
/// log-determinant then keeps its digits when it is multiplied by H W.
/// </remarks>
public sealed class Conv1x1 : Bijection
{
    private readonly int _channels;
    private readonly Parameter _w;

    /// <summary>Makes the map; its state is <c>W</c> [C, C].</summary>
    /// <param name="channels">The channels C.</param>
    /// <param name="generator">Draws the initial value; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    public Conv1x1(int channels, Generator? generator = null, DType dtype = DType.Float32)
    {
        AtLeast.One(channels, nameof(Conv1x1));
        _channels = channels;
        Shape shape = [channels, channels];
        _w = AddParameter("W", Initialization.Value(
            shape, dtype, () => Initialization.OrFresh(generator).Normal(shape, DType.Float64).Qr().Q.To(dtype)));
    }

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => RequireImage(input, _channels);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => RequireImage(output, _channels);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        (x.Conv2d(_w.Value.Reshape([_channels, _channels, 1, 1])), LogDet(x));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        Tensor inverse = _w.Value.To(DType.Float64).Inverse().To(z.DType);
        return (z.Conv2d(inverse.Reshape([_channels, _channels, 1, 1])), -LogDet(z));
    }

    private Tensor LogDet(Tensor x) =>
        (_w.Value.To(DType.Float64).SlogDet().LogAbsDet * ((double)x.Shape[2] * x.Shape[3])).To(x.DType);
}
