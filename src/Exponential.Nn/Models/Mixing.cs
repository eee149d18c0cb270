namespace Exponential.Nn;

/// <summary>The linear layer of a <see cref="MixingFlow"/> that mixes what couplings keep apart (the option <c>mixing</c>).</summary>
public enum Mixing
{
    /// <summary><see cref="Exponential.Nn.Conv1x1"/>: mixes channels (<c>1x1</c>).</summary>
    Conv1x1,

    /// <summary><see cref="Exponential.Nn.ConvExp"/>: mixes channels and neighbouring pixels (<c>convexp</c>).</summary>
    ConvExp,

    /// <summary><see cref="Exponential.Nn.Emerging"/>: mixes channels and neighbouring pixels (<c>emerging</c>).</summary>
    Emerging,

    /// <summary><see cref="Exponential.Nn.Woodbury"/>: mixes channels, and all pixels of a channel (<c>woodbury</c>).</summary>
    Woodbury,
}
