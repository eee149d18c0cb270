using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Functions in float32 against float64 over their whole range, and what they make of infinities, NaN and extremes.</summary>
public sealed class ElementwiseAccuracyTests
{
    private const double Inf = double.PositiveInfinity;

    /// <summary>The function, its reference, and the error in units of eps |f(x)|: 4 where a library function is the last step.</summary>
    private static readonly Dictionary<string, (Func<Tensor, Tensor> Function, Func<double, double> Reference, double C)> Functions = new()
    {
        ["Exp"] = (x => x.Exp(), Math.Exp, 4),
        ["Expm1"] = (x => x.Expm1(), OpCatalogue.Expm1, 4),
        ["Log"] = (x => x.Log(), Math.Log, 4),
        ["Log1p"] = (x => x.Log1p(), OpCatalogue.Log1p, 4),
        ["Sqrt"] = (x => x.Sqrt(), Math.Sqrt, 1),
        ["Reciprocal"] = (x => x.Reciprocal(), x => 1 / x, 1),
        ["Tanh"] = (x => x.Tanh(), Math.Tanh, 4),
        ["Sigmoid"] = (x => x.Sigmoid(), x => 1 / (1 + Math.Exp(-x)), 4),
        ["Softplus"] = (x => x.Softplus(), OpCatalogue.Softplus, 4),
        ["LogSigmoid"] = (x => x.LogSigmoid(), x => -OpCatalogue.Softplus(-x), 4),
        ["Relu"] = (x => x.Relu(), x => x > 0 ? x : double.IsNaN(x) ? x : 0, 0),
        ["Abs"] = (x => x.Abs(), Math.Abs, 0),
        ["Square"] = (x => x.Square(), x => x * x, 1),
        ["Sign"] = (x => x.Sign(), x => double.IsNaN(x) ? x : Math.Sign(x), 0),
        ["Floor"] = (x => x.Floor(), Math.Floor, 0),
        ["Round"] = (x => x.Round(), x => Math.Round(x, MidpointRounding.ToEven), 0),
        ["Pow -1.5"] = (x => x.Pow(-1.5), x => Math.Pow(x, -1.5), 4),
        ["Pow 3"] = (x => x.Pow(3), x => Math.Pow(x, 3), 4),
        ["Clamp"] = (x => x.Clamp(-2, 1e10), x => double.IsNaN(x) ? x : Math.Clamp(x, -2, 1e10), 0),
    };

    public static TheoryData<string> Names() => [.. Functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Float32OverTheWholeRange(string name)
    {
        (Func<Tensor, Tensor> function, Func<double, double> reference, double c) = Functions[name];

        // Both signs, 40 points an octave from the smallest denormal to the largest number, and every sixteenth from -110 to 110.
        float[] points =
        [
            .. Enumerable.Range(-149 * 40, 277 * 40).Select(step => (float)Math.Pow(2, step / 40.0)).SelectMany(value => (float[])[value, -value]),
            .. Enumerable.Range(-1760, 3521).Select(step => step / 16f),
        ];
        float[] actual = function(Tensor.FromArray(points, [points.Length])).ToArray<float>();
        for (int i = 0; i < points.Length; i++)
        {
            double expected = reference(points[i]);
            if (Math.Abs(expected) > float.MaxValue)
            {
                expected = (float)expected;
            }

            double tolerance = (c * Tolerance.Epsilon(DType.Float32) * Math.Abs(expected)) + (c == 0 ? 0 : Tolerance.Smallest(DType.Float32));
            Tolerance.AssertClose(expected, actual[i], tolerance, $"{name}({points[i]:R})");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SpecialValuesInBothTypes(string name)
    {
        (Func<Tensor, Tensor> function, Func<double, double> reference, double c) = Functions[name];
        foreach (double special in (double[])[double.NaN, Inf, -Inf, 0, -0.0, 1, -1, 0.5, -0.5, 1e4, -1e4])
        {
            // Alone, and in every lane of vectors and tail.
            foreach (int count in (int[])[1, 37])
            {
                double[] values = [.. Enumerable.Repeat(special, count)];
                foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
                {
                    NaiveArray x = new([count], values);
                    NaiveArray expected = x.Map(reference);
                    if (dtype == DType.Float32)
                    {
                        expected = expected.Map(value => (float)value);
                    }

                    Tolerance.AssertClose(expected, NaiveArray.Of(function(x.ToTensor(dtype))), expected, c, dtype, $"{name}({special}), {dtype}");
                }
            }
        }
    }

    [Fact]
    public void SineAndCosineToAnAbsoluteError()
    {
        float[] points = [.. Enumerable.Range(-4000, 8001).Select(step => step / 40f), 1e4f, -1e4f, 1e7f, 3e38f];
        Tensor x = Tensor.FromArray(points, [points.Length]);
        NaiveArray angles = NaiveArray.Of(x);
        Tolerance.AssertClose(angles.Map(Math.Sin), NaiveArray.Of(x.Sin()), 1, 4, DType.Float32, "Sin");
        Tolerance.AssertClose(angles.Map(Math.Cos), NaiveArray.Of(x.Cos()), 1, 4, DType.Float32, "Cos");
        Assert.All(Tensor.FromArray([Inf, -Inf, double.NaN], [3]).Sin().ToArray<double>(), value => Assert.Equal(double.NaN, value));
    }

    [Fact]
    public void Float64NearZero()
    {
        // Three terms of the series leave less than x^7.
        double[] points = [.. Enumerable.Range(1, 600).Select(step => Math.Pow(10, -step / 100.0 - 3)).SelectMany(value => (double[])[value, -value])];
        Tensor x = Tensor.FromArray(points, [points.Length]);
        NaiveArray small = NaiveArray.Of(x);
        AssertSeries(x.Tanh(), value => value - (Cube(value) / 3) + (2 * Cube(value) * value * value / 15));
        AssertSeries(x.Expm1(), value => value + (value * value / 2) + (Cube(value) / 6) + (Cube(value) * value / 24) + (Cube(value) * value * value / 120));
        AssertSeries(x.Log1p(), value => value - (value * value / 2) + (Cube(value) / 3) - (Cube(value) * value / 4) + (Cube(value) * value * value / 5));

        static double Cube(double value) => value * value * value;

        void AssertSeries(Tensor actual, Func<double, double> series) => Tolerance.AssertClose(small.Map(series), NaiveArray.Of(actual), small, 4, DType.Float64, "near 0");
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void GradientsStayFiniteAtExtremes(DType dtype)
    {
        double[] values = [-1e4, -800, -90, -1e-30, 0, 1e-30, 90, 800, 1e4];
        foreach ((Func<Tensor, Tensor> function, Func<double, double> derivative) in ((Func<Tensor, Tensor>, Func<double, double>)[])
            [
                (x => x.Tanh(), x => 1 / Math.Pow(Math.Cosh(x), 2)),
                (x => x.Sigmoid(), x => x > 0 ? Math.Exp(-x) / Math.Pow(1 + Math.Exp(-x), 2) : Math.Exp(x) / Math.Pow(1 + Math.Exp(x), 2)),
                (x => x.Softplus(), x => 1 / (1 + Math.Exp(-x))),
                (x => x.LogSigmoid(), x => 1 / (1 + Math.Exp(x))),
                (x => x.Relu(), x => x > 0 ? 1 : 0),
                (x => x.Abs(), x => Math.Sign(x)),
            ])
        {
            Tensor leaf = new NaiveArray([values.Length], values).ToTensor(dtype).WithGradient();
            NaiveArray expected = NaiveArray.Of(leaf).Map(derivative);

            // 1 - y^2 of a saturated y: absolute errors of the size of eps.
            Tolerance.AssertClose(expected, NaiveArray.Of(function(leaf).Sum().Backward().For(leaf)!), 1, 4, dtype, "derivative");
        }
    }

    [Fact]
    public void DerivativesAtKinks()
    {
        Assert.Equal(0, Derivative(x => x.Relu(), 0));
        Assert.Equal(0, Derivative(x => x.Abs(), 0));
        Assert.Equal(0, Derivative(x => x.Sign(), 0));
        Assert.Equal(1, Derivative(x => x.Clamp(0, 1), 0));
        Assert.Equal(1, Derivative(x => x.Clamp(0, 1), 1));
        Assert.Equal(0, Derivative(x => x.Clamp(0, 1), 1.5));
        Assert.Equal(0.5, Derivative(x => Tensor.Maximum(x, Tensor.Scalar(2, DType.Float64)), 2));
        Assert.Equal(0.5, Derivative(x => Tensor.Minimum(x, Tensor.Scalar(2, DType.Float64)), 2));
        Assert.Equal(Inf, Derivative(x => x.Sqrt(), 0));
        Assert.Equal(0, Derivative(x => x.Pow(2), 0));
        Assert.Equal(0, Derivative(x => x.Pow(Tensor.Scalar(0, DType.Float64)), 0));
        Assert.Equal(2, Derivative(x => x.Pow(Tensor.Scalar(1, DType.Float64)) * 2, 0));
        Assert.Equal(0, Derivative(x => Tensor.Scalar(0, DType.Float64).Pow(x), 2));

        static double Derivative(Func<Tensor, Tensor> f, double at)
        {
            Tensor x = Tensor.Scalar(at, DType.Float64).WithGradient();
            return f(x).Backward().For(x)!.ToScalar();
        }
    }
}
