namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    private static readonly int[][] SmallShapes = [[3, 4], [], [1], [2, 1, 5], [7, 3], [0, 3]];

    // More than two blocks of 16384, and no multiple of a vector.
    private static readonly int[][] LargeShapes = [[5, 8, 1031], [67]];

    private static IEnumerable<OpEntry> Elementwise()
    {
        yield return Unary("Exp", x => x.Exp(), Math.Exp, (s, shape) => s.Uniform(shape, -3, 3));
        yield return Unary("Expm1", x => x.Expm1(), Expm1, (s, shape) => s.Uniform(shape, -2, 2));
        yield return Unary("Log", x => x.Log(), Math.Log, (s, shape) => s.Uniform(shape, 0.4, 4));
        yield return Unary("Log1p", x => x.Log1p(), Log1p, (s, shape) => s.Uniform(shape, -0.5, 3));
        yield return Unary("Sqrt", x => x.Sqrt(), Math.Sqrt, (s, shape) => s.Uniform(shape, 0.4, 4));
        yield return Unary("Reciprocal", x => x.Reciprocal(), x => 1 / x, (s, shape) => Signed(s, s.Uniform(shape, 0.5, 3)));
        yield return Unary("Tanh", x => x.Tanh(), Math.Tanh, (s, shape) => s.Normal(shape));
        yield return Unary("Sigmoid", x => x.Sigmoid(), x => 1 / (1 + Math.Exp(-x)), (s, shape) => s.Normal(shape, 2));
        yield return Unary("Softplus", x => x.Softplus(), Softplus, (s, shape) => s.Normal(shape, 2));
        yield return Unary("LogSigmoid", x => x.LogSigmoid(), x => -Softplus(-x), (s, shape) => s.Normal(shape, 2));
        yield return Unary("Relu", x => x.Relu(), x => Math.Max(x, 0), (s, shape) => s.Distinct(shape));
        yield return Unary("Abs", x => x.Abs(), Math.Abs, (s, shape) => s.Distinct(shape));
        yield return Unary("Square", x => x.Square(), x => x * x, (s, shape) => s.Normal(shape));

        // The reduction of an angle modulo pi is exact to an absolute error, so the scale is 1 and not the value.
        yield return Unary("Sin", x => x.Sin(), Math.Sin, (s, shape) => s.Uniform(shape, -4, 4), magnitude: _ => 1);
        yield return Unary("Cos", x => x.Cos(), Math.Cos, (s, shape) => s.Uniform(shape, -4, 4), magnitude: _ => 1);
        yield return Unary("Sign", x => x.Sign(), x => Math.Sign(x), (s, shape) => s.Distinct(shape));
        yield return Unary("Floor", x => x.Floor(), Math.Floor, (s, shape) => s.BetweenMultiples(shape, 1, -4, 4));
        yield return Unary("Round", x => x.Round(), x => Math.Round(x, MidpointRounding.ToEven), (s, shape) => s.BetweenMultiples(shape, 0.5, -4, 4));
        yield return Unary("Clamp", x => x.Clamp(-0.7, 1.2), x => Math.Clamp(x, -0.7, 1.2), (s, shape) => s.Distinct(shape), "Clamp(Double, Double)");
        yield return Unary("Clamp above only", x => x.Clamp(double.NegativeInfinity, 0.4), x => Math.Min(x, 0.4), (s, shape) => s.Distinct(shape), "Clamp(Double, Double)");

        foreach (double exponent in (double[])[-1.5, -1, 0.5, 1, 2, 3])
        {
            yield return Unary(
                $"Pow {exponent}", x => x.Pow(exponent), x => Math.Pow(x, exponent), (s, shape) => s.Uniform(shape, 0.5, 2), "Pow(Double)");
        }

        yield return Unary("Pow 3 of a negative", x => x.Pow(3), x => x * x * x, (s, shape) => s.Normal(shape), "Pow(Double)");
        yield return Unary("Pow -2 of a negative", x => x.Pow(-2), x => 1 / (x * x), (s, shape) => Signed(s, s.Uniform(shape, 0.5, 2)), "Pow(Double)");
        yield return Unary("Pow 0", x => x.Pow(0), _ => 1, (s, shape) => s.Normal(shape), "Pow(Double)");

        yield return Unary("-x", x => -x, x => -x, (s, shape) => s.Normal(shape), "op_UnaryNegation(Tensor)");
        yield return Unary("x + a", x => x + 0.3, x => x + 0.3, (s, shape) => s.Normal(shape), "op_Addition(Tensor, Double)", x => Math.Abs(x) + 0.3);
        yield return Unary("a + x", x => 0.3 + x, x => x + 0.3, (s, shape) => s.Normal(shape), "op_Addition(Double, Tensor)", x => Math.Abs(x) + 0.3);
        yield return Unary("x - a", x => x - 0.3, x => x - 0.3, (s, shape) => s.Normal(shape), "op_Subtraction(Tensor, Double)", x => Math.Abs(x) + 0.3);
        yield return Unary("a - x", x => 0.3 - x, x => 0.3 - x, (s, shape) => s.Normal(shape), "op_Subtraction(Double, Tensor)", x => Math.Abs(x) + 0.3);
        yield return Unary("x a", x => x * 0.3, x => x * 0.3, (s, shape) => s.Normal(shape), "op_Multiply(Tensor, Double)");
        yield return Unary("a x", x => 0.3 * x, x => x * 0.3, (s, shape) => s.Normal(shape), "op_Multiply(Double, Tensor)");
        yield return Unary("x / a", x => x / 0.3, x => x / 0.3, (s, shape) => s.Normal(shape), "op_Division(Tensor, Double)");
        yield return Unary("a / x", x => 0.3 / x, x => 0.3 / x, (s, shape) => Signed(s, s.Uniform(shape, 0.5, 3)), "op_Division(Double, Tensor)");

        // Compared with a number that some elements equal exactly.
        yield return Comparison("Less", x => x.Less(0.5), x => x < 0.5);
        yield return Comparison("LessOrEqual", x => x.LessOrEqual(0.5), x => x <= 0.5);
        yield return Comparison("Greater", x => x.Greater(0.5), x => x > 0.5);
        yield return Comparison("GreaterOrEqual", x => x.GreaterOrEqual(0.5), x => x >= 0.5);
        yield return Comparison("EqualTo", x => x.EqualTo(0.5), x => x == 0.5);
    }

    /// <summary>e^x - 1 = 2 e^(x/2) sinh(x/2): no cancellation.</summary>
    public static double Expm1(double x) => Math.Abs(x) < 1 ? 2 * Math.Exp(x / 2) * Math.Sinh(x / 2) : Math.Exp(x) - 1;

    /// <summary>ln(1 + x) = 2 artanh(x / (2 + x)): no cancellation near 0.</summary>
    public static double Log1p(double x) => Math.Abs(x) < 0.5 ? 2 * Math.Atanh(x / (2 + x)) : Math.Log(1 + x);

    public static double Softplus(double x) => Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x)));

    private static NaiveArray Signed(Sampler s, NaiveArray positive) => NaiveArray.Zip(positive, s.Choice(positive.Shape, -1, 1), (x, sign) => x * sign);

    private static OpEntry Comparison(string name, Func<Tensor, Tensor> function, Func<double, bool> reference) =>
        Unary($"{name} a", function, x => reference(x) ? 1 : 0, (s, shape) => s.Choice(shape, -1, 0.5, 2), $"{name}(Double)") with { IsDifferentiable = false };

    private static OpEntry Unary(
        string name,
        Func<Tensor, Tensor> function,
        Func<double, double> reference,
        Func<Sampler, int[], NaiveArray> domain,
        string? covers = null,
        Func<double, double>? magnitude = null) => new()
        {
            Name = name,
            Covers = covers ?? $"{name}()",
            Cases = [.. SmallShapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [domain(s, shape)]))],
            LargeCases = [.. LargeShapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [domain(s, shape)]))],
            Function = inputs => [function(inputs[0])],
            Reference = inputs => [inputs[0].Map(reference)],
            Magnitude = magnitude is null ? null : inputs => [inputs[0].Map(magnitude)],
        };
}
