namespace Exponential.Nn;

/// <summary>The optimizer of a run.</summary>
public enum OptimizerKind
{
    /// <summary><see cref="Nn.Adamax"/> with betas (0.9, 0.999), epsilon 1e-7: the original's choice for mixing flows.</summary>
    Adamax,

    /// <summary><see cref="Nn.Adam"/> with betas (0.9, 0.99), epsilon 1e-7: the original's choice for its other models.</summary>
    Adam,
}
