namespace Exponential;

/// <summary>How much work a bound on a norm is worth.</summary>
internal enum BoundEffort
{
    /// <summary>Within some 5% of the norm where that takes less than about 50 ms: for a bound that is kept.</summary>
    Tight,

    /// <summary>
    /// For a bound that each training step needs anew. On images of 8x8 and more it is within 2% of the tight one; on 4x4 it was up to 16% above it,
    /// which is one more term of an exponential in float32, in a hundredth of the time (24 channels: 0.2 ms instead of 24).
    /// </summary>
    Quick,
}
