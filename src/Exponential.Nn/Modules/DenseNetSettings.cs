namespace Exponential.Nn;

/// <summary>The sizes of the networks inside couplings, with the original's defaults.</summary>
public sealed record DenseNetSettings
{
    /// <summary>The width of the residual stream (<c>n_intermediate_channels</c>).</summary>
    public int IntermediateChannels { get; init; } = 64;

    /// <summary>The number of residual <see cref="DenseNet"/>s (<c>n_densenets</c>).</summary>
    public int Count { get; init; } = 1;

    /// <summary>The number of <see cref="DenseLayer"/>s in each (<c>densenet_depth</c>).</summary>
    public int Depth { get; init; } = 8;

    /// <summary>The channels that each layer adds (<c>densenet_growth</c>).</summary>
    public int Growth { get; init; } = 64;

    /// <summary>Whether each ends in a <see cref="GatedConv2d"/> instead of a plain 1 x 1 convolution (<c>use_gated_conv</c>).</summary>
    public bool Gated { get; init; }

    /// <summary>The probability of dropout inside the layers (<c>dropout_p</c>).</summary>
    public double Dropout { get; init; }
}
