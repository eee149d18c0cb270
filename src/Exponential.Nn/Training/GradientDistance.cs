namespace Exponential.Nn;

/// <summary>How far the gradients g of a batch are from others, h; infinite where one is not finite, or h is 0 and g is not.</summary>
/// <param name="Whole">‖g - h‖ / ‖h‖, the Euclidean norms of all parameters' gradients together.</param>
/// <param name="Element">The worst element's distance over the largest |h| of its parameter.</param>
public sealed record GradientDistance(double Whole, double Element);
