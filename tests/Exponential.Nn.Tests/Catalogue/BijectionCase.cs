namespace Exponential.Nn.Tests;

/// <summary>One bijection of the catalogue: how a random instance is made, what it takes, and what it should say of itself.</summary>
internal sealed record BijectionCase(string Name, Shape Event, Func<Generator, DType, Bijection> Make)
{
    /// <summary>Draws a batch of inputs of a shape, in float64; standard Gaussian unless the domain is smaller.</summary>
    public Func<Shape, Generator, Tensor> Domain { get; init; } = (shape, generator) => generator.Normal(shape, DType.Float64);

    /// <summary>The event shape that comes out.</summary>
    public Shape Output { get; init; } = Event;

    /// <summary>The channels of the context, 0 for none.</summary>
    public int ContextChannels { get; init; }

    /// <summary>Whether the log-determinant is one number for all inputs.</summary>
    public bool ConstantLogDet { get; init; }

    /// <summary>How the inverse is computed.</summary>
    public InverseKind Kind { get; init; } = InverseKind.Exact;

    /// <summary>Whether all tests run in training mode.</summary>
    public bool Training { get; init; }

    /// <summary>What training and evaluation may differ by where they should agree, relative to the values.</summary>
    public double ModeTolerance { get; init; }

    /// <summary>Whether training and evaluation give different values.</summary>
    public bool ModesDiffer { get; init; }

    /// <summary>Why one row of a batch depends on the others; null where it must not.</summary>
    public string? BatchDependence { get; init; }

    /// <summary>The rounded operations that one output is the end of: the c of c * eps * scale, above a few for any elementwise function.</summary>
    public int Work { get; init; } = 16;

    /// <summary>
    /// For a series cut after fixed terms, its remainder: |exp(M) - its sum| for M and for -M, and a bound rho on |M|. The log-determinant
    /// is that of the whole series.
    /// </summary>
    public Func<Bijection, (double Remainder, double Rho)>? Truncation { get; init; }

    /// <summary>An event shape that is refused, and the error's text; null for a bijection that takes any shape.</summary>
    public (Shape Input, string Error)? Refused { get; init; }

    /// <summary>Brings an instance into a generic state, where every parameter and branch counts.</summary>
    public Action<Bijection, Generator> Randomize { get; init; } = (bijection, generator) => RandomState.Draw(bijection, generator);

    public override string ToString() => Name;

    /// <summary>A random instance.</summary>
    public Bijection Instance(int seed, DType dtype = DType.Float64)
    {
        var generator = new Generator((ulong)seed);
        Bijection bijection = Make(generator, dtype);
        Randomize(bijection, generator);
        if (Training)
        {
            bijection.Train();
        }
        else
        {
            bijection.Eval();
        }

        return bijection;
    }
}
