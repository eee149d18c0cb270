namespace Exponential.Nn;

/// <summary>Independent Gaussians of mean 0 and deviation 1.</summary>
/// <remarks>Its state is the original's placeholder <c>buffer</c>, ones [1]; its element type is that of the samples.</remarks>
public sealed class StandardGaussian : Distribution
{
    private readonly StateBuffer _buffer;

    /// <summary>Makes the distribution.</summary>
    /// <param name="eventShape">The shape of one event.</param>
    /// <param name="dtype">The element type.</param>
    public StandardGaussian(Shape eventShape, DType dtype = DType.Float32)
    {
        EventShape = eventShape;
        _buffer = AddBuffer("buffer", Tensor.Ones([1], dtype));
    }

    /// <inheritdoc/>
    public override Shape EventShape { get; }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor x, Tensor? context) => Gaussian.LogDensity(x);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogProb) SampleCore(int count, Generator generator, Tensor? context, double temperature)
    {
        Tensor value = generator.Normal([count, .. EventShape], _buffer.Value.DType) * temperature;
        return (value, Gaussian.LogDensity(value));
    }
}
