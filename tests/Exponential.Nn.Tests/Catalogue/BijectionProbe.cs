namespace Exponential.Nn.Tests;

/// <summary>A random instance of a case in float64 with an input; every call starts from the same state.</summary>
internal sealed class BijectionProbe
{
    private readonly Snapshot _snapshot;

    public BijectionProbe(BijectionCase test, int seed, int batch = 1)
    {
        Test = test;
        Bijection = test.Instance(seed);
        Label = $"{test.Name}, seed {seed}";
        _snapshot = new Snapshot(Bijection);
        Generator = new Generator((ulong)seed, offset: 1 << 20);
        X = test.Domain([batch, .. test.Event], Generator);
        Context = ContextFor(batch);
    }

    public BijectionCase Test { get; }

    public Bijection Bijection { get; }

    public string Label { get; }

    /// <summary>A source of further random numbers.</summary>
    public Generator Generator { get; }

    public Tensor X { get; }

    public Tensor? Context { get; }

    public Tensor? ContextFor(int batch) => Test.ContextChannels == 0
        ? null
        : Generator.Normal([batch, Test.ContextChannels, .. Test.Event[1..]], DType.Float64);

    /// <summary>The scale of an affine map's constant part: the norm of the biases.</summary>
    public double BiasNorm() => Bijection.NamedParameters()
        .Where(item => item.Name.EndsWith("bias", StringComparison.Ordinal))
        .Sum(item => Closeness.Norm(item.Parameter.Value));

    public void Restore() => _snapshot.Restore();

    public (Tensor Value, Tensor LogDet) Forward(Tensor x) => Forward(x, Context);

    public (Tensor Value, Tensor LogDet) Forward(Tensor x, Tensor? context)
    {
        Restore();
        return Bijection.Forward(x, context);
    }

    public (Tensor Value, Tensor LogDet) Inverse(Tensor z)
    {
        Restore();
        return Bijection.Inverse(z, Context);
    }

    /// <summary>The dense Jacobian of the forward map at the input, a batch of one.</summary>
    public DenseJacobian Jacobian() => new(Autograd.Jacobian(x => Forward(x).Value, X));
}
