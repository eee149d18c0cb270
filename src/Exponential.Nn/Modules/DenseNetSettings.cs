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

    /// <summary>Refuses sizes that no network has, before one is built of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range; the message names it.</exception>
    internal void Check(string operation)
    {
        AtLeast(1, IntermediateChannels, nameof(IntermediateChannels));
        AtLeast(0, Count, nameof(Count));
        AtLeast(0, Depth, nameof(Depth));
        AtLeast(1, Growth, nameof(Growth));
        if (!(Dropout >= 0 && Dropout < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(Dropout), FormattableString.Invariant($"{operation}: settings.Dropout must lie in [0, 1); it is {Dropout}"));
        }

        void AtLeast(int least, int value, string name)
        {
            if (value < least)
            {
                throw new ArgumentOutOfRangeException(name, $"{operation}: settings.{name} must be at least {least}; it is {value}");
            }
        }
    }
}
