using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>The parts that the built-in images are drawn from.</summary>
public sealed class SceneTests
{
    [Fact]
    public void SineIsWithinItsFirstOmittedTerm()
    {
        double bound = Math.Pow(Math.PI / 2, 11) / 39_916_800;
        for (int i = -3000; i <= 3000; i++)
        {
            double turns = i / 700.0;
            Assert.InRange(SceneMath.Sine(turns) - Math.Sin(2 * Math.PI * turns), -bound, bound);
            (double cos, double sin) = SceneMath.UnitCircle(turns);
            Assert.InRange(cos - Math.Cos(2 * Math.PI * turns), -bound, bound);
            Assert.Equal(SceneMath.Sine(turns), sin);
        }
    }

    [Theory]
    [InlineData(1, 0, 0, 255, 255, 255)]
    [InlineData(0, 0, 0, 0, 0, 0)]
    [InlineData(0.627955, 0.224863, 0.125846, 255, 0, 0)]
    [InlineData(0.866440, -0.233888, 0.179498, 0, 255, 0)]
    [InlineData(0.452014, -0.032457, -0.311528, 0, 0, 255)]
    [InlineData(0.599871, 0, 0, 128, 128, 128)]
    public void ColorsAreOklab(double l, double a, double b, int red, int green, int blue)
    {
        (byte r, byte g, byte bl) = new SceneColor(l, a, b).ToBytes();
        Assert.InRange(r - red, -1, 1);
        Assert.InRange(g - green, -1, 1);
        Assert.InRange(bl - blue, -1, 1);
    }

    /// <summary>
    /// A signed distance changes by no more than the way gone, and it is positive beyond the shape's reach: that is what anti-aliasing
    /// and drawing within bounds rest on.
    /// </summary>
    [Property(MaxTest = 500)]
    public Property DistancesAreDistances()
    {
        Gen<double> unit = Gen.Choose(0, 10_000).Select(n => n / 10_000.0);
        Gen<(int Kind, double Turns, double Detail, int Sides)> shapes =
            from kind in Gen.Choose(0, 5)
            from turns in unit
            from detail in unit
            from sides in Gen.Choose(3, 6)
            select (kind, turns, detail, sides);
        Gen<(double X, double Y)> points = from x in unit from y in unit select (32 * x, 32 * y);
        return Prop.ForAll(
            (from shape in shapes from p in points from q in points select (shape, p, q)).ToArbitrary(),
            test =>
            {
                SceneShape shape = new((SceneShapeKind)test.shape.Kind, 15, 17, 8, test.shape.Turns, test.shape.Detail, test.shape.Sides);
                double way = SceneMath.Length(test.p.X - test.q.X, test.p.Y - test.q.Y);
                double change = Math.Abs(shape.Distance(test.p.X, test.p.Y) - shape.Distance(test.q.X, test.q.Y));

                // The unit circle is good to 4e-6, so a rotation stretches by no more than 1e-5.
                Assert.True(change <= way * (1 + 1e-5), $"{change} over {way}");
                bool beyond = Math.Abs(test.p.X - 15) > shape.Reach || Math.Abs(test.p.Y - 17) > shape.Reach;
                Assert.True(!beyond || shape.Distance(test.p.X, test.p.Y) > 0);
            });
    }

    [Fact]
    public void NoiseIsSmoothAndBounded()
    {
        SceneNoise noise = new();
        noise.Draw(new Generator(5));
        double before = noise.At(-20, 3);
        double least = before;
        double most = before;
        for (double x = -20; x < 60; x += 0.01)
        {
            double value = noise.At(x, 3);

            // A lattice step is at most 2 over 9 pixels, smoothstep's slope 1.5; two octaves of 0.7 and 0.3 at 2.1 times the frequency.
            Assert.True(Math.Abs(value - before) <= 0.01001 * 2 / 9 * 1.5 * (0.7 + (0.3 * 2.1)));
            (before, least, most) = (value, Math.Min(least, value), Math.Max(most, value));
        }

        Assert.InRange(least, -1, -0.2);
        Assert.InRange(most, 0.2, 1);
    }
}
