namespace Exponential.Nn;

/// <summary>
/// Noise whose distribution is trained with the model (Ho et al. 2019): q(u | v) is a distribution over (0, 1) conditioned on what a network
/// makes of the image. The closer it comes to p(u | v), the tighter the bound on ln P(v).
/// </summary>
/// <remarks>
/// <para>The noise is reparametrised, so that both it and ln q(u | v), which comes with the draw, carry gradients to all parameters.</para>
/// <para>
/// Noise that rounds to 1, or so near that v + u would round to v + 1, is lowered to one step of rounding below (2^-16 in float32, 2^-45 in
/// float64). ln q stays the log-density of the number drawn: a sigmoid gives it from its argument, which keeps it finite and exact
/// where the noise itself has rounded to 0 or 1.
/// </para>
/// </remarks>
public sealed class VariationalDequantization : Dequantization
{
    // The original's context network has these sizes whatever those of the couplings.
    private const int ContextDepth = 4;
    private const int ContextGrowth = 32;

    private readonly Network _context;
    private readonly Distribution _noise;

    /// <summary>Makes the noise; its state lies under <c>model_qu_x</c> and <c>model_context</c>.</summary>
    /// <param name="noise">q(u | context), over [C, H, W] with values in (0, 1).</param>
    /// <param name="context">Makes the context of a batch of images [B, C, H, W] with values 0 to 255.</param>
    /// <exception cref="ArgumentException">The distribution is not over images, or takes no context.</exception>
    public VariationalDequantization(Distribution noise, Network context)
    {
        ArgumentNullException.ThrowIfNull(noise);
        if (noise.EventShape.Rank != 3 || noise.ContextChannels == 0)
        {
            throw new ArgumentException(
                "VariationalDequantization: the noise must be over [channels, height, width] and conditioned on a context; " +
                $"it is over {noise.EventShape} with {noise.ContextChannels} context channels",
                nameof(noise));
        }

        _noise = AddModule(NoiseName, noise);
        _context = AddModule(ContextName, context);
    }

    /// <summary>
    /// Makes the original's noise: a mixing flow over the line, turned into (0, 1) by a sigmoid, with a context of half the images' height
    /// and width from (v - 128) / 256, a <see cref="DenseNet"/>, a 2 x 2 convolution of stride 2 and another DenseNet.
    /// </summary>
    /// <param name="imageShape">[C, H, W] with even H and W.</param>
    /// <param name="settings">
    /// Levels, subflows, mixing, networks and context channels of the flow; gate and dropout hold for the context's networks too. Split
    /// priors, normalisation and direction are not taken from here: there is none, none, and the mixing layers are parametrised by their inverse.
    /// </param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentException">The images cannot be halved.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; there must be at least one context channel.</exception>
    public static VariationalDequantization Create(
        Shape imageShape, MixingFlowSettings settings, Generator? generator = null, DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(settings);
        AtLeast.One(settings.ContextChannels, nameof(VariationalDequantization));
        generator = Initialization.OrFresh(generator);
        Flow flow = MixingFlow.Create(
            imageShape, settings with { SplitPrior = false, Translation = 0, Scale = 1, ParametrizeInverse = true }, generator, dtype);
        int channels = settings.ContextChannels;
        DenseNetSettings network = settings.Network with { Depth = ContextDepth, Growth = ContextGrowth };
        var context = new Sequential(
            new PixelScaling(),
            new DenseNet(imageShape[0], channels, network, generator, dtype),
            new Conv2d(channels, channels, 2, stride: 2, generator: generator, dtype: dtype),
            new DenseNet(channels, channels, network, generator, dtype));
        return new VariationalDequantization(new TransformedDistribution([new Sigmoid().Invert()], flow), context);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The images or their context do not fit the noise.</exception>
    public override (Tensor Noise, Tensor LogProb) Sample(Tensor images, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Check(images);
        (Tensor noise, Tensor logProb) = _noise.Sample(images.Shape[0], generator, _context.Forward(images));
        return (BelowOne(noise), logProb);
    }

    /// <summary>ln q(u | v) of given noise, by the way from the noise to the base: [B].</summary>
    /// <param name="noise">u in (0, 1), of the images' shape.</param>
    /// <param name="images">[B, C, H, W] of whole numbers 0 to 255.</param>
    /// <exception cref="ArgumentException">The images, the noise or the context do not fit.</exception>
    public Tensor LogProb(Tensor noise, Tensor images)
    {
        Check(images);
        return _noise.LogProb(noise, _context.Forward(images));
    }

    /// <inheritdoc/>
    internal override (Flow Flow, Tensor Context)? FlowOf(Tensor images) =>
        (_noise as Flow ?? (_noise as TransformedDistribution)?.Distribution as Flow) is Flow flow ? (flow, _context.Forward(images)) : null;

    private void Check(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Rank != 4 || images.Shape[1..] != _noise.EventShape || images.Shape[0] == 0)
        {
            throw new ArgumentException(
                $"VariationalDequantization: images must be a batch [n, {string.Join(", ", _noise.EventShape)}] of at least one; they are {images.Shape}",
                nameof(images));
        }
    }
}
