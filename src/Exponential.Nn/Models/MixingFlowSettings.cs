namespace Exponential.Nn;

/// <summary>The settings of a <see cref="MixingFlow"/>, with the original's defaults.</summary>
public sealed record MixingFlowSettings
{
    /// <summary>The number of levels; each after the first works on half the height and width (<c>n_levels</c>).</summary>
    public int Levels { get; init; } = 2;

    /// <summary>The pairs of coupling and mixing layer in each level (<c>n_subflows</c>).</summary>
    public int Subflows { get; init; } = 4;

    /// <summary>The mixing layer (<c>mixing</c>).</summary>
    public Mixing Mixing { get; init; } = Mixing.Conv1x1;

    /// <summary>
    /// Whether half of the channels leave between levels (<c>use_splitprior</c>). Without it there is no squeeze between levels either, as
    /// in the original: all levels have one size.
    /// </summary>
    public bool SplitPrior { get; init; }

    /// <summary>
    /// The channels of a context [B, c, H/2, W/2] of images [B, C, H, W] that all couplings are conditioned on (<c>n_context</c>); 0 for none.
    /// </summary>
    public int ContextChannels { get; init; }

    /// <summary>
    /// Whether the mixing layers are turned around, so that sampling runs them in their own direction: for a flow that is sampled in
    /// training, whose mixing layers have a costly inverse (<c>parametrize_inverse</c>). Couplings stay, for both of their ways cost the same.
    /// </summary>
    public bool ParametrizeInverse { get; init; }

    /// <summary>The networks inside couplings.</summary>
    public DenseNetSettings Network { get; init; } = new();

    /// <summary>The norm that the kernels of <see cref="ConvExp"/> are kept near (<c>convexp_coeff</c>).</summary>
    public double ConvExpCoefficient { get; init; } = 0.95;

    /// <summary>How many terms <see cref="ConvExp"/> takes.</summary>
    public ConvExpPlan ConvExpPlan { get; init; } = ConvExpPlan.Certified;

    /// <summary>What pixel values are shifted by.</summary>
    public double Translation { get; init; } = 128;

    /// <summary>What shifted pixel values are divided by.</summary>
    public double Scale { get; init; } = 256;
}
