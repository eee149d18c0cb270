namespace Exponential;

/// <summary>How much work a bound on a norm is worth.</summary>
internal enum BoundEffort
{
    /// <summary>Within some 5% of the norm where that takes less than about 50 ms: for a bound that is kept.</summary>
    Tight,

    /// <summary>For a bound that each training step needs anew: several times quicker, and looser on images hardly larger than the kernel.</summary>
    Quick,
}
