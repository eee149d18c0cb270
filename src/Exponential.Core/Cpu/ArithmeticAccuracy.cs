namespace Exponential;

/// <summary>How accurately float32 contractions are computed. Not how accurately a series is truncated: that is a plan's tolerance.</summary>
public enum ArithmeticAccuracy
{
    /// <summary>
    /// Algorithms with fewer products are allowed: convolutions by Winograd's F(4x4, 3x3) where that is faster. Errors stay below
    /// 5e-6 of the largest value and of the sum of the absolute products; 1e-6 to 3e-6 is usual, two to three times that of
    /// <see cref="Tight"/>. The default.
    /// </summary>
    Fast,

    /// <summary>Every product is computed and added: errors of a few units in the last place times the root of the number of products.</summary>
    Tight,
}
