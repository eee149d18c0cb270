using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Infinities and NaN in operations of several numbers.</summary>
public sealed class SpecialValueTests
{
    private const double Inf = double.PositiveInfinity;
    private const double NaN = double.NaN;

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Binary(DType dtype)
    {
        // Long enough for vectors and a tail; every pair of the special values.
        double[] values = [NaN, Inf, -Inf, 0, 1, -2];
        double[] first = [.. Enumerable.Range(0, 75).Select(i => values[i % 6])];
        double[] second = [.. Enumerable.Range(0, 75).Select(i => values[i / 6 % 6])];
        (Func<Tensor, Tensor, Tensor> Function, Func<double, double, double> Reference)[] pairs =
        [
            ((a, b) => a + b, (a, b) => a + b), ((a, b) => a - b, (a, b) => a - b), ((a, b) => a * b, (a, b) => a * b), ((a, b) => a / b, (a, b) => a / b),
            (Tensor.Minimum, Math.Min), (Tensor.Maximum, Math.Max), ((a, b) => a.Pow(b), Math.Pow),
            ((a, b) => a.Less(b), (a, b) => a < b ? 1 : 0), ((a, b) => a.LessOrEqual(b), (a, b) => a <= b ? 1 : 0),
            ((a, b) => a.Greater(b), (a, b) => a > b ? 1 : 0), ((a, b) => a.GreaterOrEqual(b), (a, b) => a >= b ? 1 : 0),
            ((a, b) => a.EqualTo(b), (a, b) => a == b ? 1 : 0), ((a, b) => Tensor.Where(a, b, a), (a, b) => a != 0 ? b : a),
        ];
        NaiveArray x = new([75], first);
        NaiveArray y = new([75], second);
        foreach ((Func<Tensor, Tensor, Tensor> function, Func<double, double, double> reference) in pairs)
        {
            NaiveArray expected = NaiveArray.Zip(x, y, reference);
            Tolerance.AssertClose(expected, NaiveArray.Of(function(x.ToTensor(dtype), y.ToTensor(dtype))), expected, 4, dtype, "special values");
        }
    }

    /// <summary>The reciprocal of a tiny divisor is infinite, the quotient need not be.</summary>
    [Fact]
    public void DivisionByATinyNumber()
    {
        // Vectors and a tail.
        float[] small = [.. Enumerable.Range(0, 35).Select(i => i % 2 * 1e-40f)];
        double[] tiny = [.. Enumerable.Range(0, 35).Select(i => i % 2 * 1e-310)];
        double[] expected = [.. Enumerable.Range(0, 35).Select(i => i % 2.0)];
        Assert.Equal(expected, (Tensor.FromArray(small, [35]) / 1e-40f).To(DType.Float64).ToArray<double>());
        Assert.Equal(expected, (Tensor.FromArray(tiny, [35]) / 1e-310).ToArray<double>());
        Assert.Equal(1e-30f / 1e-39f, (float)(1e-30f / Tensor.FromArray<float>([1e-39f], [1])).ToScalar());
        Assert.Equal(1e-300 / 1e-310, (1e-300 / Tensor.FromArray<double>([1e-310], [1])).ToScalar());
        Assert.Equal([NaN, Inf, -Inf], (Tensor.FromArray<double>([0, 1, -1], [3]) / 0.0).ToArray<double>());
    }

    /// <summary>Rounded once, as the quotient of two numbers is.</summary>
    [Fact]
    public void DivisionIsRoundedOnce()
    {
        double[] values = [.. Enumerable.Range(1, 101).Select(i => (double)i)];
        float[] singles = Array.ConvertAll(values, value => (float)value);
        foreach (int divisor in (int[])[3, 7, 49, 101])
        {
            Assert.Equal(Array.ConvertAll(values, value => value / divisor), (Tensor.FromArray(values, [101]) / divisor).ToArray<double>());
            Assert.Equal(Array.ConvertAll(singles, value => value / divisor), (Tensor.FromArray(singles, [101]) / divisor).ToArray<float>());
            Assert.Equal(Array.ConvertAll(singles, value => divisor / value), ((double)divisor / Tensor.FromArray(singles, [101])).ToArray<float>());
        }
    }

    /// <summary>1 whatever x is, and a derivative of 0 where x^-1 is infinite too.</summary>
    [Fact]
    public void PowerZeroIsOneWithGradientZero()
    {
        double[] values = [.. Enumerable.Range(0, 30).Select(i => ((double[])[0, -0.0, 1, -2, Inf, -Inf, NaN, 1e-310])[i % 8])];
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            Tensor x = Tensor.FromArray(values, [30]).To(dtype).WithGradient();
            Tensor y = x.Pow(0.0);
            Assert.All(y.To(DType.Float64).ToArray<double>(), value => Assert.Equal(1, value));
            Assert.All(y.Sum().Backward().For(x)!.To(DType.Float64).ToArray<double>(), value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void Reductions()
    {
        Assert.Equal([NaN, Inf, 1, -Inf], Rows(x => x.Max([1]), [1, NaN, 2], [0, Inf, -1], [1, -Inf, 0], [-Inf, -Inf, -Inf]));
        Assert.Equal([NaN, -1, -Inf, Inf], Rows(x => x.Min([1]), [1, NaN, 2], [0, Inf, -1], [1, -Inf, 0], [Inf, Inf, Inf]));
        Assert.Equal([NaN, Inf, -Inf, NaN], Rows(x => x.Sum([1]), [1, NaN, 2], [0, Inf, -1], [1, -Inf, 0], [Inf, -Inf, 0]));
        Assert.Equal([NaN, Inf, Math.Log(2), -Inf], Rows(x => x.LogSumExp([1]), [1, NaN, 2], [0, Inf, -Inf], [0, -Inf, 0], [-Inf, -Inf, -Inf]));

        // Down the columns too, where rows are added to rows.
        Assert.Equal([Inf, NaN, 2, -Inf], Rows(x => x.Transpose().Contiguous().Max([0]), [0, Inf, -1], [1, NaN, 2], [1, 2, 0], [-Inf, -Inf, -Inf]));
    }

    [Fact]
    public void LogSumExpDoesNotOverflow()
    {
        Assert.Equal([1000 + Math.Log(2)], Rows(x => x.LogSumExp([1]), [1000, 1000]));
        Assert.Equal([-1000 + Math.Log(2)], Rows(x => x.LogSumExp([1]), [-1000, -1000]));
    }

    [Fact]
    public void LogSumExpGivesNoGradientToMinusInfinity()
    {
        Tensor x = Tensor.FromArray<double>([0, -Inf, 0], [3]).WithGradient();
        Assert.Equal([0.5, 0, 0.5], x.LogSumExp().Backward().For(x)!.ToArray<double>());
    }

    [Fact]
    public void LogSumExpOfMinusInfinitiesHasGradientZero()
    {
        Tensor x = Tensor.FromArray<double>([-Inf, -Inf, 0, 0, -Inf, 1], [3, 2]).WithGradient();
        Tensor y = x.LogSumExp([1]);
        Assert.Equal([-Inf, Math.Log(2), 1], y.ToArray<double>());
        Assert.Equal([0, 0, 0.5, 0.5, 0, 1], Autograd.Gradient(y, [x])[0].ToArray<double>());

        // A masked row beside others does not spoil a second derivative either.
        Tensor first = Autograd.Gradient(x.LogSumExp([1]), [x], createGraph: true)[0];
        Assert.Equal([0, 0, 0, 0, 0, 0], Autograd.Gradient(first.Sum(), [x])[0].ToArray<double>());
    }

    [Fact]
    public void SoftmaxOfMinusInfinityIsZero()
    {
        Tensor x = Tensor.FromArray<double>([3, -Inf, 3, 1e300], [2, 2]).WithGradient();
        Assert.Equal([1, 0, 0, 1], x.Softmax(1).ToArray<double>());
        Assert.Equal([1, 0, 0, 1], x.Softmax(-1).ToArray<double>());
    }

    [Fact]
    public void EqualExtremesShareTheGradient()
    {
        Tensor x = Tensor.FromArray<double>([2, 5, 5, 1, 5, 5], [2, 3]).WithGradient();
        Assert.Equal([0, 0.5, 0.5, 0, 0.5, 0.5], x.Max([1]).Sum().Backward().For(x)!.ToArray<double>());
        Assert.Equal([0, 0.25, 0.25, 0, 0.25, 0.25], x.Max().Backward().For(x)!.ToArray<double>());
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void IsFinite(DType dtype)
    {
        double largest = dtype == DType.Float32 ? float.MaxValue : double.MaxValue;
        Assert.True(Tensor.Full([40_000], largest, dtype).IsFinite());
        Assert.True(Tensor.Zeros([0], dtype).IsFinite());
        foreach (double bad in (double[])[NaN, Inf, -Inf])
        {
            foreach (int at in (int[])[0, 20_000, 39_999])
            {
                double[] values = new double[40_000];
                values[at] = bad;
                Assert.False(new NaiveArray([40_000], values).ToTensor(dtype).IsFinite());
            }
        }
    }

    private static double[] Rows(Func<Tensor, Tensor> f, params double[][] rows) =>
        f(Tensor.FromArray(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length])).ToArray<double>();
}
