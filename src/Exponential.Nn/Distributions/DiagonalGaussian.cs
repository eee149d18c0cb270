namespace Exponential.Nn;

/// <summary>Independent Gaussians over images with a trained mean and deviation for each channel.</summary>
public sealed class DiagonalGaussian : Distribution
{
    private readonly Parameter _mu;
    private readonly Parameter _logSigma;

    /// <summary>Makes the distribution, at first the standard one; its state is <c>mu</c> and <c>log_sigma</c>, [1, C, 1, 1].</summary>
    /// <param name="eventShape">[C, H, W].</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="ArgumentException">The event shape does not have three axes.</exception>
    public DiagonalGaussian(Shape eventShape, DType dtype = DType.Float32)
    {
        if (eventShape.Rank != 3)
        {
            throw new ArgumentException($"DiagonalGaussian: the event shape must be [channels, height, width]; it is {eventShape}");
        }

        EventShape = eventShape;
        _mu = AddParameter("mu", Tensor.Zeros([1, eventShape[0], 1, 1], dtype));
        _logSigma = AddParameter("log_sigma", Tensor.Zeros([1, eventShape[0], 1, 1], dtype));
    }

    /// <inheritdoc/>
    public override Shape EventShape { get; }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor x, Tensor? context) =>
        Gaussian.LogDensity((x - _mu) * (-_logSigma.Value).Exp()) - LogVolume();

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogProb) SampleCore(int count, Generator generator, Tensor? context, double temperature)
    {
        Tensor noise = generator.Normal([count, .. EventShape], _mu.DType) * temperature;
        return (Tensor.MultiplyAdd(noise, _logSigma.Value.Exp(), _mu), Gaussian.LogDensity(noise) - LogVolume());
    }

    private Tensor LogVolume() => _logSigma.Value.Sum() * ((double)EventShape[1] * EventShape[2]);
}
