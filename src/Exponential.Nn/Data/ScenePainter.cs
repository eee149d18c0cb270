namespace Exponential.Nn;

/// <summary>
/// Draws one picture of <see cref="BuiltInImages"/>: a background, one to three lit shapes with soft shadows, a vignette and grain. It uses
/// only <see cref="SceneMath"/> and a <see cref="Generator"/>, so the bytes are the same everywhere.
/// </summary>
internal sealed class ScenePainter
{
    public const int Channels = 3;
    public const int Side = 32;
    public const int ByteCount = Channels * PixelCount;
    private const int PixelCount = Side * Side;

    // Pixels over which a shadow fades.
    private const double ShadowBlur = 4;

    private readonly SceneColor[] _canvas = new SceneColor[PixelCount];
    private readonly SceneNoise _noise = new();
    private Generator _random = new(0);

    // The light comes from here, in pixels a unit of height.
    private double _lightX;
    private double _lightY;

    private enum Backdrop
    {
        Gradient,
        Glow,
        Hills,
        Stripes,
        Clouds,
    }

    private enum Skin
    {
        Plain,
        Gradient,
        Stripes,
        Clouds,
    }

    /// <summary>Draws the picture that the generator's stream gives, as bytes [3, 32, 32].</summary>
    public void Paint(Generator random, Span<byte> destination)
    {
        _random = random;
        _noise.Draw(random);
        double lightTurns = Between(0.55, 0.95);
        (_lightX, _lightY) = SceneMath.UnitCircle(lightTurns);

        double hue = random.NextDouble();
        double lightness = Between(0.35, 0.88);
        PaintBackground(hue, lightness);

        double draw = random.NextDouble();
        int shapes = draw < 0.35 ? 1 : draw < 0.75 ? 2 : 3;
        for (int i = 0; i < shapes; i++)
        {
            PaintShape(hue, lightness, i, shapes);
        }

        PaintLens();
        Develop(destination);
    }

    private double Between(double low, double high) => low + ((high - low) * _random.NextDouble());

    private void PaintBackground(double hue, double lightness)
    {
        double chroma = Between(0.02, 0.11);
        SceneColor first = SceneColor.FromHue(lightness, chroma, hue);
        SceneColor second = SceneColor.FromHue(
            lightness + Between(-0.2, 0.1), chroma * Between(0.6, 1.4), hue + Between(-0.12, 0.12));
        Backdrop kind = (Backdrop)_random.NextInt32(5);
        (double cos, double sin) = SceneMath.UnitCircle(_random.NextDouble());
        double size = Between(0.6, 1.2);
        double shift = Between(-6, 6);
        double cloud = Between(0.01, 0.05);
        for (int i = 0; i < PixelCount; i++)
        {
            double x = (i % Side) + 0.5 - (Side / 2);
            double y = (i / Side) + 0.5 - (Side / 2);
            double along = (cos * x) + (sin * y);
            double noise = _noise.At(x, y);
            double t = kind switch
            {
                Backdrop.Gradient => 0.5 + (along / Side),
                Backdrop.Glow => SceneMath.Length(x - (_lightX * 8), y - (_lightY * 8)) / (Side * size),
                Backdrop.Hills => SceneMath.SmoothStep(0.5 + ((y + shift + (x * cos * 0.2) + (2.5 * SceneMath.Sine((x / 40) + sin))) / 3)),
                Backdrop.Stripes => SceneMath.SmoothStep(0.5 + (1.2 * SceneMath.Sine(along / (12 * size)))),
                _ => SceneMath.SmoothStep(0.5 + (0.9 * noise)),
            };
            _canvas[i] = first.Mix(second, t).Lighten(cloud * noise);
        }
    }

    private void PaintShape(double hue, double backgroundLightness, int index, int count)
    {
        SceneShapeKind kind = (SceneShapeKind)_random.NextInt32(6);
        int sides = 3 + _random.NextInt32(4);
        double radius = count == 1 ? Between(7, 12) : Between(4.5, 9.5);
        double room = (Side / 2.0) - (radius * 0.6);
        SceneShape shape = new(
            kind,
            (Side / 2.0) + (Between(-1, 1) * room),
            (Side / 2.0) + (Between(-1, 1) * room),
            radius,
            _random.NextDouble(),
            _random.NextDouble(),
            sides);

        // Lighter than a dark background and darker than a light one, in a hue from across the circle.
        double away = Between(0.2, 0.36);
        double lightness = backgroundLightness > 0.62 ? backgroundLightness - away : backgroundLightness + away;
        double ownHue = hue + 0.5 + (index * 0.31) + Between(-0.2, 0.2);
        double chroma = Between(0.09, 0.2);
        SceneColor color = SceneColor.FromHue(lightness, chroma, ownHue);
        SceneColor other = SceneColor.FromHue(lightness + Between(-0.16, 0.16), chroma * 0.9, ownHue + Between(-0.15, 0.15));
        Surface surface = new(color, other, (Skin)_random.NextInt32(4), Between(3.5, 6.5), SceneMath.UnitCircle(_random.NextDouble()));
        double shadow = Between(0.25, 0.5);
        double height = Between(1.2, 2.8);

        double reach = shape.Reach + ShadowBlur + height;
        (int left, int right) = Span(shape.X, reach);
        (int top, int bottom) = Span(shape.Y, reach);
        for (int row = top; row < bottom; row++)
        {
            for (int column = left; column < right; column++)
            {
                double x = column + 0.5;
                double y = row + 0.5;
                ref SceneColor pixel = ref _canvas[(row * Side) + column];
                double fromShadow = shape.Distance(x + (_lightX * height), y + (_lightY * height));
                double dark = shadow * SceneMath.SmoothStep(0.5 - (fromShadow / ShadowBlur));
                pixel = new SceneColor(pixel.L * (1 - (0.55 * dark)), pixel.A * (1 - (0.3 * dark)), pixel.B * (1 - (0.3 * dark)));

                double distance = shape.Distance(x, y);
                double coverage = SceneMath.Saturate(0.5 - distance);
                if (coverage > 0)
                {
                    pixel = pixel.Mix(Shade(shape, surface, x, y, distance), coverage);
                }
            }
        }
    }

    /// <summary>A shape's colour at a point: its skin, rounded like a pebble: brighter towards the light, a highlight, a darker rim.</summary>
    private SceneColor Shade(in SceneShape shape, in Surface surface, double x, double y, double distance)
    {
        double u = (x - shape.X) / shape.Radius;
        double v = (y - shape.Y) / shape.Radius;
        double along = (surface.Direction.Cos * u) + (surface.Direction.Sin * v);
        double t = surface.Skin switch
        {
            Skin.Gradient => 0.5 + (0.5 * along),
            Skin.Stripes => SceneMath.Saturate(0.5 + (2.2 * SceneMath.Sine(shape.Radius * along / surface.Period))),
            Skin.Clouds => SceneMath.SmoothStep(0.5 + _noise.At(x * 1.7, y * 1.7)),
            _ => 0,
        };
        double slope = 0.11 * ((u * _lightX) + (v * _lightY));
        double glint = SceneMath.Saturate(1 - (2.2 * SceneMath.Length(u - (0.4 * _lightX), v - (0.4 * _lightY))));
        double rim = SceneMath.Saturate(1 + (distance / 1.6));
        return surface.Color.Mix(surface.Other, t).Lighten(slope + (0.16 * glint * glint) - (0.07 * rim));
    }

    /// <summary>The pixels of a row or column that lie within reach of a centre.</summary>
    private static (int Start, int End) Span(double centre, double reach) =>
        (Math.Max(0, (int)Math.Floor(centre - reach)), Math.Min(Side, (int)Math.Ceiling(centre + reach)));

    /// <summary>A vignette and grain, mostly of lightness as in film.</summary>
    private void PaintLens()
    {
        double vignette = Between(0, 0.16);
        double grain = Between(0.002, 0.010);
        for (int i = 0; i < PixelCount; i++)
        {
            double x = ((i % Side) + 0.5 - (Side / 2)) / Side;
            double y = ((i / Side) + 0.5 - (Side / 2)) / Side;
            SceneColor color = _canvas[i];
            uint word = _random.NextUInt32();
            uint tint = _random.NextUInt32();
            _canvas[i] = new SceneColor(
                (color.L * (1 - (vignette * 2 * ((x * x) + (y * y))))) + (grain * BellCurve(word)),
                color.A + (grain * 0.3 * Triangle(tint & 0xFFFF)),
                color.B + (grain * 0.3 * Triangle(tint >> 16)));
        }
    }

    private void Develop(Span<byte> destination)
    {
        for (int i = 0; i < PixelCount; i++)
        {
            (destination[i], destination[i + PixelCount], destination[i + (2 * PixelCount)]) = _canvas[i].ToBytes();
        }
    }

    /// <summary>The sum of a word's four bytes, standardised: near a normal variable, between -3.5 and 3.5.</summary>
    private static double BellCurve(uint word)
    {
        int sum = (int)((word & 0xFF) + ((word >> 8) & 0xFF) + ((word >> 16) & 0xFF) + (word >> 24));
        return (sum - 510) / 147.8;
    }

    /// <summary>The sum of two bytes, standardised, between -2.5 and 2.5.</summary>
    private static double Triangle(uint word) => ((int)((word & 0xFF) + (word >> 8)) - 255) / 104.5;

    /// <summary>How a shape is coloured: two colours, and what mixes them, with its direction and, of stripes, its period in pixels.</summary>
    private readonly record struct Surface(
        SceneColor Color, SceneColor Other, Skin Skin, double Period, (double Cos, double Sin) Direction);
}
