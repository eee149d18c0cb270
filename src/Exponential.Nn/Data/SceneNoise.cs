namespace Exponential.Nn;

/// <summary>Clouds: two octaves of random values on a lattice, joined smoothly, about -1 to 1 (value noise).</summary>
internal sealed class SceneNoise
{
    private const int Size = 16;
    private const double CellPixels = 9;
    private readonly double[] _lattice = new double[Size * Size];

    /// <summary>Draws new clouds.</summary>
    public void Draw(Generator random)
    {
        for (int i = 0; i < _lattice.Length; i += 4)
        {
            // A byte is fine enough for a lattice value.
            uint word = random.NextUInt32();
            for (int j = 0; j < 4; j++)
            {
                _lattice[i + j] = (((word >> (8 * j)) & 0xFF) / 127.5) - 1;
            }
        }
    }

    /// <summary>The clouds at a point, in pixels.</summary>
    public double At(double x, double y) => (0.7 * Octave(x / CellPixels, y / CellPixels)) + (0.3 * Octave(2.1 * x / CellPixels + 5, 2.1 * y / CellPixels + 9));

    private double Octave(double x, double y)
    {
        double left = Math.Floor(x);
        double top = Math.Floor(y);
        double s = SceneMath.SmoothStep(x - left);
        double t = SceneMath.SmoothStep(y - top);
        int column = (int)left;
        int row = (int)top;
        double upper = Mix(Value(column, row), Value(column + 1, row), s);
        double lower = Mix(Value(column, row + 1), Value(column + 1, row + 1), s);
        return Mix(upper, lower, t);
    }

    private static double Mix(double a, double b, double t) => a + ((b - a) * t);

    private double Value(int column, int row) => _lattice[((row & (Size - 1)) * Size) + (column & (Size - 1))];
}
