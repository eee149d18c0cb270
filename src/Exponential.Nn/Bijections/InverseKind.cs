namespace Exponential.Nn;

/// <summary>How a bijection's inverse is computed.</summary>
public enum InverseKind
{
    /// <summary>By a formula: exact up to rounding.</summary>
    Exact,

    /// <summary>By a series cut off with a known remainder.</summary>
    Truncated,

    /// <summary>By iteration to a tolerance.</summary>
    Iterative,
}
