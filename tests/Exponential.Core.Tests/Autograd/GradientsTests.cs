using Xunit;

namespace Exponential.Core.Tests;

public sealed class GradientsTests
{
    [Fact]
    public void ClipNormScalesAsPyTorchDoes()
    {
        Gradients gradients = Make([3, 0], [4], out Parameter a, out Parameter b, out _);
        Assert.Equal(5, gradients.Norm());
        (Gradients clipped, double norm) = gradients.ClipNorm(2);
        Assert.Equal(5, norm);
        double scale = 2 / (5 + 1e-6);
        Assert.Equal([3 * scale, 0], clipped[a].ToArray<double>());
        Assert.Equal([4 * scale], clipped[b].ToArray<double>());
        Assert.Equal([a, b], clipped.Keys);

        // The gradients that went in keep their values.
        Assert.Equal([3, 0], gradients[a].ToArray<double>());
    }

    [Fact]
    public void ClipNormScalesLeavesToo()
    {
        Gradients gradients = Make([3, 0], [4], out _, out _, out Tensor leaf);
        (Gradients clipped, _) = gradients.ClipNorm(1);
        double scale = 1 / (5 + 1e-6);
        Assert.Equal(7 * scale, clipped.For(leaf)!.ToScalar());
    }

    [Fact]
    public void ClipNormLeavesSmallGradientsAlone()
    {
        Gradients gradients = Make([3, 0], [4], out _, out _, out _);
        (Gradients same, double norm) = gradients.ClipNorm(5.1);
        Assert.Same(gradients, same);
        Assert.Equal(5, norm);

        // At the limit itself 1e-6 in the denominator still scales.
        Assert.NotSame(gradients, gradients.ClipNorm(5).Gradients);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void ClipNormReportsWhatIsNotFinite(double value)
    {
        Gradients gradients = Make([value, 1], [4], out Parameter a, out _, out _);
        (Gradients same, double norm) = gradients.ClipNorm(1);
        Assert.False(double.IsFinite(norm));
        Assert.Same(gradients, same);
        Assert.Equal([value, 1], same[a].ToArray<double>());
    }

    [Fact]
    public void ClipNormOfNothingIsZero()
    {
        Tensor leaf = Tensor.Scalar(1).WithGradient();
        (Gradients gradients, double norm) = (leaf * 100).Backward().ClipNorm(1);
        Assert.Equal(0, norm);
        Assert.Empty(gradients);
        Assert.Equal(100, gradients.For(leaf)!.ToScalar());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    public void ClipNormRefusesALimitThatIsNotPositive(double limit)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>("maxNorm", () => Make([1, 1], [1], out _, out _, out _).ClipNorm(limit));
        Assert.StartsWith(FormattableString.Invariant($"ClipNorm: maxNorm must be above 0; it is {limit}"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NormInFloat32IsSummedInDouble()
    {
        // 2^24 + 1 is no float32.
        var one = new Parameter(Tensor.Scalar(4096));
        var other = new Parameter(Tensor.Scalar(1));
        Gradients gradients = ((one.Value.Square() + other.Value.Square()) / 2).Backward();
        Assert.Equal(Math.Sqrt((1 << 24) + 1), gradients.Norm());
    }

    /// <summary>Gradients of two parameters and, 7, of a leaf that does not count for the norm.</summary>
    private static Gradients Make(double[] first, double[] second, out Parameter a, out Parameter b, out Tensor leaf)
    {
        a = new Parameter(Tensor.Ones([first.Length], DType.Float64));
        b = new Parameter(Tensor.Ones([second.Length], DType.Float64));
        leaf = Tensor.Scalar(1, DType.Float64).WithGradient();
        return ((a * Tensor.FromArray(first, [first.Length])).Sum() + (b * Tensor.FromArray(second, [second.Length])).Sum() + (leaf * 7)).Backward();
    }
}
