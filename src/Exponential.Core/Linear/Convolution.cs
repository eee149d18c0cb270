namespace Exponential;

/// <summary>
/// The convolution of images [C, H, W] with a kernel [D, C, kh, kw], stride 1, zero padding so that the size is kept (the
/// cross-correlation of deep learning). An exponential needs C = D.
/// </summary>
public sealed class Convolution : LinearOperator
{
    private readonly Lazy<OperatorNorm> _norm;

    /// <summary>Makes the operator of a kernel on images of one size.</summary>
    /// <param name="kernel">[D, C, kh, kw] with odd kh and kw.</param>
    /// <param name="height">The images' height H.</param>
    /// <param name="width">The images' width W.</param>
    /// <exception cref="ArgumentException">The kernel does not have four axes, or one of its sides is even.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The height or width is not positive.</exception>
    public Convolution(Tensor kernel, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        AtLeast.One(height, nameof(Convolution));
        AtLeast.One(width, nameof(Convolution));
        CheckKernel(kernel);
        Kernel = kernel;
        Domain = [kernel.Shape[1], height, width];
        Range = [kernel.Shape[0], height, width];
        _norm = new Lazy<OperatorNorm>(() => new OperatorNorm(NormOf(kernel, height, width)));
    }

    /// <summary>The kernel [D, C, kh, kw].</summary>
    public Tensor Kernel { get; }

    /// <summary>[C, H, W].</summary>
    public override Shape Domain { get; }

    /// <summary>[D, H, W].</summary>
    public override Shape Range { get; }

    /// <inheritdoc/>
    public override DType? DType => Kernel.DType;

    /// <inheritdoc/>
    public override bool HasTrace => Domain == Range;

    /// <summary>
    /// A bound on the 2-norm, computed once: the least of several, the tightest mostly by Gram iteration on the symbols of the periodic
    /// convolutions that this one is a part of (Delattre et al. 2023).
    /// </summary>
    public override OperatorNorm NormBound() => _norm.Value;

    /// <summary>H W times the sum over channels c of kernel[c, c, centre]: every pixel sees itself through the centre tap.</summary>
    public override Tensor Trace()
    {
        if (!HasTrace)
        {
            throw new NotSupportedException(
                $"Convolution.Trace: the kernel must have as many output as input channels; it is {Kernel.Shape}");
        }

        return TraceOf(Kernel, Domain[1], Domain[2]);
    }

    /// <summary>The trace of the convolution with a kernel [C, C, kh, kw] on images of height H and width W.</summary>
    internal static Tensor TraceOf(Tensor kernel, int height, int width)
    {
        Tensor centre = kernel[.., .., kernel.Shape[2] / 2, kernel.Shape[3] / 2];
        return (centre * Tensor.Eye(kernel.Shape[0], kernel.DType)).Sum() * ((double)height * width);
    }

    /// <summary>A bound on the 2-norm of the convolution with a kernel on images of height H and width W.</summary>
    internal static double NormOf(Tensor kernel, int height, int width, BoundEffort effort = BoundEffort.Tight)
    {
        Shape k = kernel.Shape;
        Tensor values = kernel.Contiguous();
        double bound = values.DType == Exponential.DType.Float32
            ? SpectralNormBound.Convolution(values.Span<float>(), k[0], k[1], k[2], k[3], height, width, effort)
            : SpectralNormBound.Convolution(values.Span<double>(), k[0], k[1], k[2], k[3], height, width, effort);
        GC.KeepAlive(values);
        return bound;
    }

    /// <summary>M - mu I, as a convolution whose norm is bounded afresh.</summary>
    internal override LinearOperator Shifted(double mu)
    {
        int channels = Kernel.Shape[0];
        int taps = Kernel.Shape[2] * Kernel.Shape[3];
        Tensor centre = (Tensor.Arange(taps, Kernel.DType).EqualTo(taps / 2) * mu).Reshape([1, 1, Kernel.Shape[2], Kernel.Shape[3]]);
        Tensor diagonal = Tensor.Eye(channels, Kernel.DType).Reshape([channels, channels, 1, 1]);
        return new Convolution(Kernel - (diagonal * centre), Domain[1], Domain[2]);
    }

    /// <inheritdoc/>
    protected override Tensor ApplyCore(Tensor x) => x.Conv2d(Kernel, null, (1, 1), Padding);

    /// <inheritdoc/>
    protected override Tensor ApplyAdjointCore(Tensor y) =>
        y.Conv2d(Kernel.Transpose(0, 1).Flip(2, 3), null, (1, 1), Padding);

    private (int Height, int Width) Padding => (Kernel.Shape[2] / 2, Kernel.Shape[3] / 2);

    private static void CheckKernel(Tensor kernel)
    {
        if (kernel.Rank != 4)
        {
            throw new ArgumentException(
                $"Convolution: kernel must be [out channels, in channels, height, width]; it is {kernel.Shape}", nameof(kernel));
        }

        if (kernel.Shape[2] % 2 == 0 || kernel.Shape[3] % 2 == 0)
        {
            throw new ArgumentException(
                $"Convolution: kernel must have odd height and width, so that padding keeps the image's size; it is {kernel.Shape}",
                nameof(kernel));
        }
    }
}
