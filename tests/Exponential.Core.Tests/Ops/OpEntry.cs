namespace Exponential.Core.Tests;

/// <summary>One line of the catalogue: an operation, inputs for it, and what it is compared with.</summary>
internal sealed record OpEntry
{
    /// <summary>The name of the entry, unique.</summary>
    public required string Name { get; init; }

    /// <summary>The public member of <see cref="Tensor"/> it covers, as <see cref="OpCompletenessTests"/> writes signatures; empty for internal operations.</summary>
    public required string Covers { get; init; }

    /// <summary>Draws small inputs, one set of shapes each; every property is tested on all of them.</summary>
    public required IReadOnlyList<Func<Sampler, NaiveArray[]>> Cases { get; init; }

    /// <summary>Draws inputs long enough for the vector loops, the blocks and several threads; only values are compared.</summary>
    public IReadOnlyList<Func<Sampler, NaiveArray[]>> LargeCases { get; init; } = [];

    public required Func<Tensor[], Tensor[]> Function { get; init; }

    /// <summary>The same in plain float64.</summary>
    public required Func<NaiveArray[], NaiveArray[]> Reference { get; init; }

    /// <summary>The size of what is rounded on the way to each output; the output itself when absent.</summary>
    public Func<NaiveArray[], NaiveArray[]>? Magnitude { get; init; }

    /// <summary>The number of roundings on the way to an output: 4 for a function of the processor's library, the length for a sum.</summary>
    public Func<NaiveArray[], double> Roundings { get; init; } = _ => 4;

    /// <summary>By how much the derivative magnifies the roundings of the values it is made of, a condition number.</summary>
    public Func<NaiveArray[], double> Condition { get; init; } = _ => 1;

    /// <summary>Whether gradients flow; where they do not, the result has no graph.</summary>
    public bool IsDifferentiable { get; init; } = true;

    /// <summary>Inputs that no gradient flows to.</summary>
    public IReadOnlyList<int> Constants { get; init; } = [];

    /// <summary>The trailing axes that belong together (2 for matrices): an input is stretched only in axes before them.</summary>
    public int EventRank { get; init; }

    public override string ToString() => Name;
}
