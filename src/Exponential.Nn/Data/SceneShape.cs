namespace Exponential.Nn;

/// <summary>What <see cref="SceneShape"/> draws.</summary>
internal enum SceneShapeKind
{
    Disc,
    Ring,
    Crescent,
    Rectangle,
    Bar,
    Polygon,
}

/// <summary>
/// A shape as a signed distance in pixels, negative inside: its edge is smoothed by taking the distance for coverage, its shadow by taking
/// it more slowly (Quilez, "2D distance functions").
/// </summary>
internal readonly struct SceneShape
{
    private readonly SceneShapeKind _kind;
    private readonly double _cos;
    private readonly double _sin;
    private readonly double _detail;
    private readonly int _sides;
    private readonly double _stepCos;
    private readonly double _stepSin;

    /// <summary>Places a shape.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="x">Centre, pixels.</param>
    /// <param name="y">Centre, pixels.</param>
    /// <param name="radius">Distance from the centre to the farthest point, about, in pixels.</param>
    /// <param name="turns">Rotation.</param>
    /// <param name="detail">0..1: thickness of a ring or crescent, proportions of a rectangle or bar.</param>
    /// <param name="sides">Sides of a polygon.</param>
    public SceneShape(SceneShapeKind kind, double x, double y, double radius, double turns, double detail, int sides)
    {
        _kind = kind;
        X = x;
        Y = y;
        Radius = radius;
        (_cos, _sin) = SceneMath.UnitCircle(turns);
        _detail = detail;
        _sides = sides;
        (_stepCos, _stepSin) = SceneMath.UnitCircle(1.0 / sides);
    }

    /// <summary>Centre, pixels.</summary>
    public double X { get; }

    /// <summary>Centre, pixels.</summary>
    public double Y { get; }

    /// <summary>Distance from the centre to the farthest point, about, in pixels.</summary>
    public double Radius { get; }

    /// <summary>No point of the shape lies farther from the centre along an axis; a triangle's corners do, at twice its inscribed circle.</summary>
    public double Reach => 1.25 * Radius;

    /// <summary>The distance of a point from the edge, in pixels; negative inside.</summary>
    public double Distance(double x, double y)
    {
        double u = (_cos * (x - X)) + (_sin * (y - Y));
        double v = (_cos * (y - Y)) - (_sin * (x - X));
        switch (_kind)
        {
            case SceneShapeKind.Ring:
                double half = Radius * (0.14 + (0.14 * _detail));
                return Math.Abs(SceneMath.Length(u, v) - (Radius - half)) - half;
            case SceneShapeKind.Crescent:
                double cut = Radius * (0.72 + (0.2 * _detail)) - SceneMath.Length(u - (Radius * 0.55), v);
                return Math.Max(SceneMath.Length(u, v) - Radius, cut);
            case SceneShapeKind.Rectangle:
                return Box(u, v, Radius * 0.85, Radius * (0.5 + (0.35 * _detail)), 1.5);
            case SceneShapeKind.Bar:
                double thin = Radius * (0.16 + (0.12 * _detail));
                return Box(u, v, Radius * 1.15, thin, thin);
            case SceneShapeKind.Polygon:
                return Polygon(u, v);
            default:
                return SceneMath.Length(u, v) - Radius;
        }
    }

    private static double Box(double u, double v, double halfWidth, double halfHeight, double corner)
    {
        double du = Math.Abs(u) - halfWidth + corner;
        double dv = Math.Abs(v) - halfHeight + corner;
        return SceneMath.Length(Math.Max(du, 0), Math.Max(dv, 0)) + Math.Min(Math.Max(du, dv), 0) - corner;
    }

    /// <summary>The largest of the distances from its sides' lines: exact inside, and outside except beyond a corner.</summary>
    private double Polygon(double u, double v)
    {
        (double normalU, double normalV) = (1, 0);
        double farthest = double.NegativeInfinity;
        for (int side = 0; side < _sides; side++)
        {
            farthest = Math.Max(farthest, (normalU * u) + (normalV * v));
            (normalU, normalV) = ((normalU * _stepCos) - (normalV * _stepSin), (normalU * _stepSin) + (normalV * _stepCos));
        }

        // A triangle's inscribed circle is half its radius: drawn at 0.62 it looks as large as the others.
        return farthest - (Radius * (_sides == 3 ? 0.62 : 0.88));
    }
}
