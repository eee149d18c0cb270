namespace Exponential.Nn;

/// <summary>
/// The convolution exponential as a flow layer (Hoogeboom et al. 2020): z = exp(M) A (x + pre) + post, with M the zero-padded
/// 3 x 3 convolution by a spectrally normalised kernel, A a 1 x 1 convolution, and two biases.
/// The log-determinant is that of the exponential before its series is cut, H W (ln |det A| + sum over c of kernel[c, c, centre]).
/// </summary>
/// <remarks>
/// <para>The map applied is the cut series, whose own log-determinant differs: under the certified plan by a few units of rounding a dimension,
/// with the original's 6 terms in training (<see cref="ConvExpPlan.Original"/>) at norm 0.95 by up to 3.2e-4 nats a dimension and layer.</para>
/// <para>A is <see cref="Conv1x1"/> up to 64 channels and <see cref="Conv1x1Householder"/> with 64 reflections above. Its state is
/// <c>pre_transform_bias</c> and <c>post_transform_bias</c> [1, C, H, W], <c>kernel_orig</c> and the other names of
/// <see cref="SpectralNorm"/>, and <c>conv1x1.*</c>: biases and power iteration bind it to one size of image.</para>
/// </remarks>
public sealed class ConvExp : Bijection
{
    private const int MostChannelsOfPlainMatrix = 64;
    private const int Reflections = 64;

    private readonly Shape _eventShape;
    private readonly Parameter _pre;
    private readonly Parameter _post;
    private readonly SpectralNorm _kernel;
    private readonly Bijection _conv1x1;
    private readonly KernelNormBound _norm;

    /// <summary>Makes the layer. The kernel starts Gaussian with deviation 1/(9 C), the biases at zero.</summary>
    /// <param name="eventShape">[C, H, W].</param>
    /// <param name="coefficient">The norm that the kernel is kept near (<c>convexp_coeff</c>).</param>
    /// <param name="plan">How many terms to take; certified if null.</param>
    /// <param name="generator">Draws the initial values; a fresh random one if null.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentException">The event shape does not have three axes.</exception>
    public ConvExp(
        Shape eventShape,
        double coefficient = 0.95,
        ConvExpPlan? plan = null,
        Generator? generator = null,
        DType dtype = DType.Float32)
    {
        RequireImage(eventShape);
        generator = Initialization.OrFresh(generator);
        _eventShape = eventShape;
        Plan = plan ?? ConvExpPlan.Certified;
        (int channels, int height, int width) = (eventShape[0], eventShape[1], eventShape[2]);

        Tensor kernel = Initialization.Normal([channels, channels, 3, 3], 1 / (9.0 * channels), generator, dtype);
        _pre = AddParameter("pre_transform_bias", Initialization.Zeros([1, channels, height, width], dtype));
        _post = AddParameter("post_transform_bias", Initialization.Zeros([1, channels, height, width], dtype));
        _kernel = AddModule(string.Empty, new SpectralNorm("kernel", kernel, height, width, coefficient, generator));
        _conv1x1 = AddModule<Bijection>(
            "conv1x1",
            channels <= MostChannelsOfPlainMatrix
                ? new Conv1x1(channels, generator, dtype)
                : new Conv1x1Householder(channels, Reflections, generator, dtype));
        _norm = new KernelNormBound(_kernel.Original, height, width);
    }

    /// <summary>How many terms of the series are taken.</summary>
    public ConvExpPlan Plan { get; set; }

    /// <inheritdoc/>
    public override Shape? EventShape => _eventShape;

    /// <inheritdoc/>
    public override bool HasConstantLogDet => true;

    /// <inheritdoc/>
    public override InverseKind Kind => InverseKind.Truncated;

    /// <summary>exp(M) by the current kernel and plan; in training the power iteration moves first.</summary>
    /// <exception cref="NonFiniteException">The plan is one to a tolerance, and the kernel is not finite or its exponential overflows.</exception>
    public OperatorExponential Operator()
    {
        Tensor factor = _kernel.Factor();
        Tensor kernel = _kernel.Original.Value * factor.Reciprocal();
        var m = new Convolution(kernel, _eventShape[1], _eventShape[2]);
        return m.Exp(Plan switch
        {
            ConvExpPlan.Fixed terms => ExponentialPlan.Fixed(Training ? terms.TrainingTerms : terms.EvaluationTerms),
            ConvExpPlan.ToTolerance accuracy => ExponentialPlan.ForTolerance(
                NormBound(factor), accuracy.Tolerance ?? ExponentialPlan.LeastTolerance(kernel.DType), kernel.DType),
            _ => throw new InvalidOperationException($"ConvExp: unknown plan {Plan}"),
        });
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context)
    {
        OperatorExponential exponential = Operator();
        (Tensor mixed, Tensor logDet) = _conv1x1.Forward(x + _pre);
        return (exponential.Apply(mixed) + _post, logDet + exponential.LogDet());
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context)
    {
        OperatorExponential exponential = Operator();
        (Tensor x, Tensor logDet) = _conv1x1.Inverse(exponential.Inverse().Apply(z - _post));
        return (x - _pre, logDet - exponential.LogDet());
    }

    /// <summary>A certified bound on the normalised kernel's norm, of which the exponential can be computed.</summary>
    /// <exception cref="NonFiniteException">There is none: the kernel is not finite, or e^norm overflows.</exception>
    private double NormBound(Tensor factor)
    {
        double norm = _norm.Value(Training) / factor.ToScalar();
        double largest = Math.Log(factor.DType == DType.Float32 ? float.MaxValue : double.MaxValue);
        return norm <= largest ? norm : throw new NonFiniteException(this, "the kernel's norm is not finite, or its exponential overflows");
    }
}
