namespace Exponential.Nn;

/// <summary>How a convolution exponential's number of terms is chosen.</summary>
public enum ConvExpTerms
{
    /// <summary>6 in training and 13 in evaluation: <see cref="ConvExpPlan.Original"/>.</summary>
    Original,

    /// <summary>As many as a certified tolerance takes: <see cref="ConvExpPlan.Certified"/>.</summary>
    Tolerance,
}
