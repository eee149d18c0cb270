namespace Exponential.Nn;

/// <summary>The sizes of the networks inside couplings, with the original's defaults.</summary>
public sealed record DenseNetSettings
{
    /// <summary>The width of the residual stream (<c>n_intermediate_channels</c>).</summary>
    public int IntermediateChannels { get; init; } = 64;

    /// <summary>
    /// The number of scales (<c>n_scales</c>): 1 for a <see cref="DenseInResidualNet"/>, more for a <see cref="MultiscaleDenseNet"/> of them.
    /// </summary>
    public int Scales { get; init; } = 1;

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

    /// <summary>The network of a coupling, of one scale or several, which starts at zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels or a setting is out of its range.</exception>
    internal Network CreateNetwork(int inChannels, int outChannels, Generator generator, DType dtype) => Scales > 1
        ? new MultiscaleDenseNet(inChannels, outChannels, this, generator, zeroLast: true, dtype)
        : new DenseInResidualNet(inChannels, outChannels, this, generator, zeroLast: true, dtype);

    /// <summary>Refuses sizes that no network has, before one is built of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range; the message names it.</exception>
    internal void Check(string operation)
    {
        AtLeast(1, IntermediateChannels, nameof(IntermediateChannels));
        AtLeast(1, Scales, nameof(Scales));
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
