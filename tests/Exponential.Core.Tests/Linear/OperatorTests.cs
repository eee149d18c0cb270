using Xunit;

namespace Exponential.Core.Tests;

public sealed class OperatorTests
{
    private const DType D = DType.Float64;

    public static TheoryData<string> Names => [.. Instances(new Generator(0)).Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void AdjointTraceAndNorm_AreThoseOfTheDenseMatrix(string name)
    {
        LinearOperator m = Make(name);
        Tensor dense = m.ToDense();
        Close(dense.Transpose(0, 1), m.Adjoint().ToDense(), 1e-13);
        Close(dense, m.Adjoint().Adjoint().ToDense(), 1e-13);
        Close(Diagonal(dense), m.Trace(), 1e-13);
        Assert.InRange(m.NormBound().Value, TwoNorm(dense) * (1 - 1e-9), double.PositiveInfinity);
        Assert.Equal("2-norm", m.NormBound().Norm);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Exponential_MatchesItsSeries_ItsInverseAndItsDeterminant(string name)
    {
        LinearOperator m = Make(name);
        OperatorExponential e = m.Exp(tolerance: 1e-14);
        Tensor expected = Series(m.ToDense());
        Close(expected, e.ToDense(), 1e-12);
        Close(expected.Transpose(0, 1), e.Adjoint().ToDense(), 1e-12);
        Close(expected.Transpose(0, 1), new AdjointOperator(e).ToDense(), 1e-12);
        Close(Tensor.Eye(m.Domain.ElementCount, D), expected.MatMul(e.Inverse().ToDense()), 1e-12);
        Close(expected.SlogDet().LogAbsDet, e.LogDet(), 1e-11);
        Assert.InRange(TwoNorm(expected), 0, e.NormBound().Value);
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(-1, false, false)]
    [InlineData(1, true, false)]
    [InlineData(-0.5, true, true)]
    public void Gradients_AreThoseOfTheDenseExponential(double factor, bool adjoint, bool severalSteps)
    {
        var generator = new Generator(2);
        Tensor kernel = (generator.Normal([2, 2, 3, 3], D) * 0.3).WithGradient();
        Tensor x = generator.Normal([3, 2, 3, 4], D).WithGradient();
        Tensor weights = generator.Normal([3, 2, 3, 4], D);
        ExponentialPlan plan = severalSteps ? ExponentialPlan.ForTolerance(80, 1e-2, D) : ExponentialPlan.Fixed(4);
        Assert.Equal(severalSteps, plan.Steps > 1);

        LinearOperator convolution = Make(new Convolution(kernel, 3, 4));
        LinearOperator dense = Make(new DenseMatrix(new Convolution(kernel, 3, 4).ToDense()));
        Tensor fused = convolution.Exp(plan).Apply(x);
        Tensor generic = dense.Exp(plan).Apply(x.Flatten(1)).Reshape(fused.Shape);
        Close(generic, fused, 1e-13);
        Tensor[] expected = Autograd.Gradient((generic * weights).Sum(), [kernel, x]);
        Tensor[] actual = Autograd.Gradient((fused * weights).Sum(), [kernel, x]);
        Close(expected[0], actual[0], 1e-12);
        Close(expected[1], actual[1], 1e-12);

        LinearOperator Make(LinearOperator m) => (adjoint ? m.Adjoint() : m) * factor;
    }

    [Fact]
    public void AShift_IsTakenWhereItIsCheaper_AndChangesNothing()
    {
        Tensor random = new Generator(1).Normal([5, 5], D) * 0.1;
        LinearOperator m = new DenseMatrix(random - (Tensor.Eye(5, D) * 8));
        OperatorExponential e = m.Exp(1e-10);
        Assert.InRange(e.Shift, -9, -7);
        Assert.True(e.Plan.Terms * e.Plan.Steps <= 8);
        Assert.InRange(e.ErrorBound, 0, 1e-10);
        Assert.InRange(TwoNorm(Series(m.ToDense()) - e.ToDense()), 0, e.ErrorBound * (1 + 1e-6));
        Close(Series(-m.ToDense()), e.Inverse().ToDense(), 1e-10);
    }

    [Fact]
    public void AShift_ReachesExponentialsThatWouldOverflow()
    {
        LinearOperator m = new DenseMatrix(Tensor.FromArray([-200f, 1, 0, -201], [2, 2]));
        Assert.InRange(m.Exp(1e-6).ToDense().Abs().Max().ToScalar(), 0, 1e-6);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => (-m).Exp(1e-6));
        Assert.Contains("overflows Float32", error.Message);
    }

    [Fact]
    public void OperatorsOfOtherShapes_AreRefused()
    {
        var wide = new Convolution(Tensor.Zeros([3, 2, 3, 3]), 4, 4);
        Assert.Equal(
            "Exp: the operator must map a space to itself; it maps [2, 4, 4] to [3, 4, 4] (Parameter 'exponent')",
            Assert.Throws<ArgumentException>(() => wide.Exp(1e-6)).Message);
        Assert.Equal(
            "Convolution.Apply: input must be [batch, 2, 4, 4]; it is [1, 2, 4, 5]",
            Assert.Throws<ArgumentException>(() => wide.Apply(Tensor.Zeros([1, 2, 4, 5]))).Message);
        Assert.Equal(
            "Convolution: kernel must have odd height and width, so that padding keeps the image's size; it is [2, 2, 2, 3] (Parameter 'kernel')",
            Assert.Throws<ArgumentException>(() => new Convolution(Tensor.Zeros([2, 2, 2, 3]), 4, 4)).Message);
        Assert.Equal(
            "SumOperator: the operators must have the same spaces; the left maps [2, 4, 4] to [3, 4, 4], the right [4] to [4]",
            Assert.Throws<ArgumentException>(() => wide + new DenseMatrix(Tensor.Zeros([4, 4]))).Message);
    }

    private static LinearOperator Make(string name) => Instances(new Generator(11)).Single(item => item.Name == name).Make();

    private static IEnumerable<(string Name, Func<LinearOperator> Make)> Instances(Generator g)
    {
        Convolution Conv(int h = 3, int w = 3) => new(g.Normal([2, 2, h, w], D) * 0.2, 3, 4);
        yield return ("convolution", () => Conv());
        yield return ("one row of taps", () => Conv(1, 5));
        yield return ("matrix", () => new DenseMatrix(g.Normal([5, 5], D) * 0.4));
        yield return ("negation", () => -Conv());
        yield return ("scaling", () => 3 * -Conv());
        yield return ("adjoint", () => Conv().Adjoint());
        yield return ("scaled adjoint", () => (Conv() * 2).Adjoint() * -0.5);
        yield return ("sum", () => Conv() + Conv(1, 3));
        yield return ("difference with an adjoint", () => Conv() - Conv().Adjoint());
    }

    private static Tensor Series(Tensor m)
    {
        Tensor sum = Tensor.Eye(m.Shape[0], D);
        Tensor power = sum;
        for (int i = 1; i <= 80; i++)
        {
            power = power.MatMul(m) / i;
            sum += power;
        }

        return sum;
    }

    private static Tensor Diagonal(Tensor matrix) => (matrix * Tensor.Eye(matrix.Shape[0], D)).Sum();

    private static double TwoNorm(Tensor matrix)
    {
        Tensor vector = Tensor.Ones([matrix.Shape[1], 1], D) + (Tensor.Arange(matrix.Shape[1], D).Reshape([matrix.Shape[1], 1]) * 0.1);
        double length = 0;
        for (int i = 0; i < 2000; i++)
        {
            Tensor next = matrix.Transpose(0, 1).MatMul(matrix.MatMul(vector));
            length = Math.Sqrt(next.Square().Sum().ToScalar());
            vector = next / length;
        }

        return Math.Sqrt(length);
    }

    private static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double scale = Math.Max(1, expected.Abs().Max().ToScalar());
        Assert.InRange((expected - actual).Abs().Max().ToScalar() / scale, 0, tolerance);
    }
}
