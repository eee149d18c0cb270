using System.Runtime.CompilerServices;

namespace Exponential.Nn;

/// <summary>
/// A colour in Oklab (Ottosson, "A perceptual color space for image processing", 2020): lightness 0..1 and two opponent axes. Mixtures
/// of two colours there look like what lies between them, which is not so of mixtures of their bytes.
/// </summary>
internal readonly record struct SceneColor(double L, double A, double B)
{
    /// <summary>From lightness, chroma (0 is grey, 0.2 vivid) and hue in turns.</summary>
    public static SceneColor FromHue(double lightness, double chroma, double hue)
    {
        (double cos, double sin) = SceneMath.UnitCircle(hue);
        return new SceneColor(lightness, chroma * cos, chroma * sin);
    }

    /// <summary>This colour where t = 0, the other where t = 1.</summary>
    public SceneColor Mix(SceneColor other, double t) =>
        new(L + ((other.L - L) * t), A + ((other.A - A) * t), B + ((other.B - B) * t));

    /// <summary>The same hue, lighter or darker.</summary>
    public SceneColor Lighten(double amount) => this with { L = L + amount };

    /// <summary>The sRGB bytes. Ottosson's matrices, then the transfer function.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (byte Red, byte Green, byte Blue) ToBytes()
    {
        double l = Cube(L + (0.3963377774 * A) + (0.2158037573 * B));
        double m = Cube(L - (0.1055613458 * A) - (0.0638541728 * B));
        double s = Cube(L - (0.0894841775 * A) - (1.2914855480 * B));
        return (
            Encode((4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s)),
            Encode((-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s)),
            Encode((-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s)));
    }

    private static double Cube(double x) => x * x * x;

    /// <summary>sRGB's transfer function to within half a level, from square roots alone (Taylor, "Fast sRGB approximations", 2012).</summary>
    private static byte Encode(double linear)
    {
        double s0 = linear > 0 ? (linear < 1 ? linear : 1) : 0;
        double s1 = Math.Sqrt(s0);
        double s2 = Math.Sqrt(s1);
        double s3 = Math.Sqrt(s2);
        double encoded = (0.662002687 * s1) + (0.684122060 * s2) - (0.323583601 * s3) - (0.0225411470 * s0);
        return (byte)(encoded <= 0 ? 0 : encoded >= 1 ? 255 : (encoded * 255) + 0.5);
    }
}
