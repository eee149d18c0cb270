namespace Exponential.Nn;

/// <summary>The linear layer of a <see cref="MixingFlow"/> that mixes what couplings keep apart (the option <c>mixing</c>).</summary>
public enum Mixing
{
    /// <summary><see cref="Exponential.Nn.Conv1x1"/>: mixes channels (<c>1x1</c>).</summary>
    Conv1x1,

    /// <summary><see cref="Exponential.Nn.ConvExp"/>: mixes channels and neighbouring pixels (<c>convexp</c>).</summary>
    ConvExp,
}
