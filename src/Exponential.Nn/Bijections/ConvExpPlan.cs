namespace Exponential.Nn;

/// <summary>How many terms of its series a <see cref="ConvExp"/> takes.</summary>
public abstract record ConvExpPlan
{
    private ConvExpPlan()
    {
    }

    /// <summary>The original's fixed terms: 6 in training and 13 in evaluation.</summary>
    public static ConvExpPlan Original { get; } = new Fixed(6, 13);

    /// <summary>As many terms as a certified error of a few units of rounding takes.</summary>
    public static ConvExpPlan Certified { get; } = new ToTolerance();

    /// <summary>Fixed numbers of terms, without an error bound.</summary>
    /// <param name="TrainingTerms">The terms in training.</param>
    /// <param name="EvaluationTerms">The terms in evaluation.</param>
    public sealed record Fixed(int TrainingTerms, int EvaluationTerms) : ConvExpPlan;

    /// <summary>
    /// As many terms as it takes to come within a tolerance of the exact exponential, certified by a bound on the kernel's norm that is
    /// computed whenever the kernel changes. In training that bound is a quicker and, on small images, a looser one, which may take
    /// a few more products.
    /// </summary>
    /// <param name="Tolerance">The error allowed, relative to |x|; null for what the element type can give.</param>
    public sealed record ToTolerance(double? Tolerance = null) : ConvExpPlan;
}
