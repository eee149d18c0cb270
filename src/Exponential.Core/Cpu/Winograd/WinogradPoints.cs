namespace Exponential;

/// <summary>
/// The points of Winograd's minimal filtering F(4x4, 3x3): four outputs of a correlation with three taps, from six inputs by
/// six products instead of twelve, and along two axes sixteen outputs from 36 products instead of 144.
/// </summary>
/// <remarks>
/// A correlation of length 4 is the transpose of a product of polynomials of degree 2 and 3, which is known from its values at
/// five points and its leading coefficient (Winograd 1980; Lavin and Gray 2016, equation 8). The points are 0, A, -A, B, -B and
/// infinity, so that y = Aᵀ ((G g) * (Bᵀ d)) with
/// <code>
/// Aᵀ = 1  1   1   1   1   0     G rows: 1/(A²B²) (1, 0, 0)
///      0  A  -A   B  -B   0             (1, ±A, A²) / (2A²(A² - B²))
///      0  A²  A²  B²  B²  0             (1, ±B, B²) / (2B²(B² - A²))
///      0  A³ -A³  B³ -B³  1             (0, 0, 1)
/// Bᵀ rows: (A²B², 0, -A²-B², 0, 1, 0), (0, ∓AB², -B², ±A, 1, 0), (0, ∓BA², -A², ±B, 1, 0), (0, A²B², 0, -A²-B², 0, 1)
/// </code>
/// </remarks>
internal static class WinogradPoints
{
    /// <summary>The first pair of points.</summary>
    public const double A = 0.625;

    /// <summary>The second pair of points. All coefficients of the transforms of images are exact in float32.</summary>
    public const double B = 1.25;

    /// <summary>Outputs of a tile along an axis.</summary>
    public const int Outputs = 4;

    /// <summary>Values of a tile.</summary>
    public const int Positions = 16;

    /// <summary>Products of a tile.</summary>
    public const int Planes = 36;
}
