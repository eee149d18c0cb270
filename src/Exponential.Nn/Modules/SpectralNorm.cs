namespace Exponential.Nn;

/// <summary>
/// The spectral normalisation of a zero-padded convolution's kernel: W / (max(1, sigma / coefficient) + 1e-5), with sigma an estimate of
/// the 2-norm by power iteration (Gouk et al. 2018; Miyato et al. 2018). In training each use first moves the two vectors of the iteration
/// once; the gradient flows through sigma with the vectors held fixed.
/// </summary>
/// <remarks>
/// One iteration per use estimates the norm from below, so the result's norm is near the coefficient but not certified to be below it.
/// For NAME the state is the parameter <c>NAME_orig</c> and the buffers <c>NAME_u</c> [D H W], <c>NAME_v</c> [C H W], <c>NAME_sigma</c> [];
/// u and v bind a kernel to one size of image. Register it under an empty name to get these names in the owner's state.
/// </remarks>
public sealed class SpectralNorm : Module
{
    private const double ShortestNorm = 1e-12;
    private const double FactorOffset = 1e-5;

    private readonly Parameter _kernel;
    private readonly StateBuffer _u;
    private readonly StateBuffer _v;
    private readonly StateBuffer _sigma;
    private readonly Generator _generator;
    private readonly double _coefficient;
    private readonly int _height;
    private readonly int _width;

    /// <summary>Makes the normalisation of a kernel on images of one size.</summary>
    /// <param name="name">The kernel's name in the state.</param>
    /// <param name="kernel">The initial kernel [D, C, kh, kw], with odd kh and kw.</param>
    /// <param name="height">The images' height H.</param>
    /// <param name="width">The images' width W.</param>
    /// <param name="coefficient">The norm to stay near, positive.</param>
    /// <param name="generator">Draws the initial vectors; a fresh random one if null.</param>
    /// <exception cref="ArgumentException">The kernel does not have four axes, or an even height or width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The images' size or the coefficient is not positive.</exception>
    public SpectralNorm(string name, Tensor kernel, int height, int width, double coefficient, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        AtLeast.One(height, nameof(SpectralNorm));
        AtLeast.One(width, nameof(SpectralNorm));
        if (!(coefficient > 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(coefficient), FormattableString.Invariant($"SpectralNorm: coefficient must be positive; it is {coefficient}"));
        }

        if (kernel.Rank != 4 || kernel.Shape[2] % 2 == 0 || kernel.Shape[3] % 2 == 0)
        {
            throw new ArgumentException(
                $"SpectralNorm: kernel must be [out, in, height, width] with odd height and width; it is {kernel.Shape}", nameof(kernel));
        }

        generator = Initialization.OrFresh(generator);
        _generator = AddGenerator($"{name}_generator", new Generator(generator.NextUInt64()));
        _coefficient = coefficient;
        _height = height;
        _width = width;
        _kernel = AddParameter($"{name}_orig", kernel);
        _u = AddBuffer($"{name}_u", InitialUnit(kernel.Shape[0], generator));
        _v = AddBuffer($"{name}_v", InitialUnit(kernel.Shape[1], generator));
        _sigma = AddBuffer($"{name}_sigma", Tensor.Scalar(1, kernel.DType));
    }

    /// <summary>The kernel before normalisation.</summary>
    public Parameter Original => _kernel;

    /// <summary>The normalised kernel; in training the power iteration moves first.</summary>
    public Tensor Weight() => _kernel.Value * Factor().Reciprocal();

    /// <summary>What the kernel is divided by, a scalar; in training the power iteration moves first.</summary>
    internal Tensor Factor()
    {
        Tensor sigma = Sigma();
        _sigma.Value = sigma;
        return (sigma * (1 / _coefficient)).Clamp(1, double.PositiveInfinity) + FactorOffset;
    }

    private Tensor Sigma()
    {
        Tensor kernel = _kernel.Value;
        (int, int) padding = (kernel.Shape[2] / 2, kernel.Shape[3] / 2);
        if (Training)
        {
            using (Autograd.NoGrad())
            {
                // A kernel that was zero leaves both vectors zero, from where an iteration never recovers.
                Tensor u = IsZero(_u.Value) ? RandomUnit(kernel.Shape[0], _generator) : _u.Value;
                Tensor image = u.Reshape([1, kernel.Shape[0], _height, _width]);
                _v.Value = Normalized(image.Conv2d(kernel.Transpose(0, 1).Flip(2, 3), null, (1, 1), padding));
            }
        }

        Tensor product = _v.Value.Reshape([1, kernel.Shape[1], _height, _width]).Conv2d(kernel, null, (1, 1), padding).Flatten();
        if (Training)
        {
            _u.Value = Normalized(product.Detach());
        }

        return (_u.Value * product).Sum();
    }

    private static bool IsZero(Tensor vector) => vector.Abs().Max().ToScalar() == 0;

    private static Tensor Normalized(Tensor vector)
    {
        double length = Math.Sqrt(vector.Square().Sum().ToScalar());
        return vector.Flatten() * (1 / Math.Max(length, ShortestNorm));
    }

    private Tensor InitialUnit(int channels, Generator generator) =>
        Initialization.Value([channels * _height * _width], _kernel.DType, () => RandomUnit(channels, generator));

    private Tensor RandomUnit(int channels, Generator generator) =>
        Normalized(generator.Normal([channels * _height * _width], _kernel.Value.DType));
}
