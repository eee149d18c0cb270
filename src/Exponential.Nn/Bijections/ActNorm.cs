namespace Exponential.Nn;

/// <summary>
/// z = (x - t) / s by channel, with trained t and s (Kingma and Dhariwal 2018). The first batch that goes forward sets them, in whatever
/// mode, to its mean and deviation, so that it comes out normalised.
/// </summary>
public sealed class ActNorm : Bijection
{
    private const double DeviationOffset = 1e-8;

    private readonly int _channels;
    private readonly Parameter _translation;
    private readonly Parameter _logScale;
    private readonly IntegerBuffer _initialized;

    /// <summary>Makes the map; its state is <c>translation</c> [C], <c>log_scale</c> [C] and the integer <c>initialized</c>.</summary>
    /// <param name="channels">The channels C.</param>
    /// <param name="dtype">The element type.</param>
    public ActNorm(int channels, DType dtype = DType.Float32)
    {
        AtLeast.One(channels, nameof(ActNorm));
        _channels = channels;
        _translation = AddParameter("translation", Tensor.Zeros([channels], dtype));
        _logScale = AddParameter("log_scale", Tensor.Zeros([channels], dtype));
        _initialized = AddInteger("initialized", 0);
    }

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => RequireImage(input, _channels);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => RequireImage(output, _channels);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context)
    {
        if (_initialized.Value == 0)
        {
            Initialize(x);
        }

        return ((x - PerChannel(_translation)) * PerChannel(-_logScale.Value).Exp(), -LogScaleSum(x));
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        if (_initialized.Value == 0)
        {
            throw new InvalidOperationException(
                "ActNorm.Inverse: the layer has no scale yet; run a batch forward first, or load a trained state");
        }

        return (Tensor.MultiplyAdd(z, PerChannel(_logScale).Exp(), PerChannel(_translation)), LogScaleSum(z));
    }

    private void Initialize(Tensor x)
    {
        if (x.ElementCount == _channels)
        {
            throw new ArgumentException($"ActNorm: the first batch sets the deviation of each channel; one value a channel has none: {x.Shape}");
        }

        using (Autograd.NoGrad())
        {
            _translation.Value = x.Mean([0, 2, 3]);
            _logScale.Value = (x.Variance([0, 2, 3]).Sqrt() + DeviationOffset).Log();
        }

        _initialized.Value = 1;
    }

    private Tensor PerChannel(Tensor values) => values.Reshape([1, _channels, 1, 1]);

    private Tensor LogScaleSum(Tensor x) => _logScale.Value.Sum() * ((double)x.Shape[2] * x.Shape[3]);
}
