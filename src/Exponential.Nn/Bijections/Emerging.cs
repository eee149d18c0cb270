namespace Exponential.Nn;

/// <summary>
/// An emerging convolution (Hoogeboom, van den Berg and Welling 2019): a 1 x 1 convolution, then two square autoregressive convolutions that
/// between them see a 3 x 3 neighbourhood, the second one of the image turned by half a turn. ln |det| is H W times the sum of ln |det W| and, over
/// both convolutions and all channels c, ln |weight[c, c, 1, 1]|.
/// </summary>
/// <remarks>
/// Its steps, and the names of its state, are <c>transformations.0</c> <see cref="Conv1x1"/>, <c>1</c> and <c>3</c>
/// <see cref="AutoregressiveConv2d"/>, <c>2</c> and <c>4</c> <see cref="Flip2d"/>. The inverse is exact.
/// </remarks>
public sealed class Emerging : Bijection
{
    private readonly int _channels;
    private readonly Chain _steps;

    /// <summary>Makes the layer.</summary>
    /// <param name="channels">The channels C.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of channels is not positive.</exception>
    public Emerging(int channels, Generator? generator = null, DType dtype = DType.Float32)
    {
        _channels = channels;
        generator = Initialization.OrFresh(generator);
        _steps = AddModule("transformations", new Chain(
            new Conv1x1(channels, generator, dtype),
            new AutoregressiveConv2d(channels, generator, dtype),
            new Flip2d(),
            new AutoregressiveConv2d(channels, generator, dtype),
            new Flip2d()));
    }

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => RequireImage(input, _channels);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => RequireImage(output, _channels);

    /// <inheritdoc/>
    /// <exception cref="ArithmeticException">An autoregressive convolution has a zero on its diagonal.</exception>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) => _steps.Forward(x);

    /// <inheritdoc/>
    /// <exception cref="ArithmeticException">An autoregressive convolution has a zero on its diagonal, or the 1 x 1 convolution is singular.</exception>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) => _steps.Inverse(z);
}
