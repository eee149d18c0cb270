namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    /// <summary>Equal shapes, missing axes, axes of length 1 on either side and on both, scalars, empty.</summary>
    private static readonly (int[] A, int[] B)[] Pairs =
    [
        ([3, 4], [3, 4]), ([3, 4], [4]), ([4], [3, 4]), ([2, 1, 3], [4, 1]), ([], [2, 3]), ([2, 3], []), ([], []), ([3, 1], [1, 4]),
        ([1], [5]), ([2, 3, 2, 2], [3, 1, 1]), ([2, 1, 1, 1], [2, 3, 1, 2]), ([0, 3], [3]), ([1, 3], [0, 1]),
    ];

    private static readonly (int[] A, int[] B)[] LargePairs =
        [([6, 7, 1001], [7, 1]), ([35, 1], [1, 1003]), ([41_000], []), ([2, 3, 67, 101], [2, 3, 67, 101])];

    private static IEnumerable<OpEntry> Binaries()
    {
        yield return Binary("x + y", "op_Addition(Tensor, Tensor)", (x, y) => x + y, (x, y) => x + y, Normal, Normal, (x, y) => Math.Abs(x) + Math.Abs(y));
        yield return Binary("x - y", "op_Subtraction(Tensor, Tensor)", (x, y) => x - y, (x, y) => x - y, Normal, Normal, (x, y) => Math.Abs(x) + Math.Abs(y));
        yield return Binary("x y", "op_Multiply(Tensor, Tensor)", (x, y) => x * y, (x, y) => x * y, Normal, Normal);
        yield return Binary("x / y", "op_Division(Tensor, Tensor)", (x, y) => x / y, (x, y) => x / y, Normal, (s, shape) => Signed(s, s.Uniform(shape, 0.6, 2)));
        yield return Binary("x^y", "Pow(Tensor)", (x, y) => x.Pow(y), Math.Pow, (s, shape) => s.Uniform(shape, 0.5, 2), Normal);

        // Operands of one value each have gradients without ties; odd and even multiples never meet.
        yield return Binary("Minimum", "Minimum(Tensor, Tensor)", Tensor.Minimum, Math.Min, Odd, Even);
        yield return Binary("Maximum", "Maximum(Tensor, Tensor)", Tensor.Maximum, Math.Max, Odd, Even);

        yield return Comparison("Less", (x, y) => x.Less(y), (x, y) => x < y);
        yield return Comparison("LessOrEqual", (x, y) => x.LessOrEqual(y), (x, y) => x <= y);
        yield return Comparison("Greater", (x, y) => x.Greater(y), (x, y) => x > y);
        yield return Comparison("GreaterOrEqual", (x, y) => x.GreaterOrEqual(y), (x, y) => x >= y);
        yield return Comparison("EqualTo", (x, y) => x.EqualTo(y), (x, y) => x == y);

        // The derivatives that tanh, the sigmoid and relu are differentiated with, operations of their own.
        yield return Binary("TanhGradient", string.Empty, (x, y) => Tensor.Binary(BinaryKind.TanhGradient, x, y), (x, y) => x * (1 - (y * y)), Normal, Unit, (x, _) => x);
        yield return Binary("SigmoidGradient", string.Empty, (x, y) => Tensor.Binary(BinaryKind.SigmoidGradient, x, y), (x, y) => x * y * (1 - y), Normal, Unit, (x, _) => x);
        yield return Binary("ReluGradient", string.Empty, (x, y) => Tensor.Binary(BinaryKind.ReluGradient, x, y), (x, y) => y > 0 ? x : 0, Normal, (s, shape) => s.Distinct(shape));

        (int[] Condition, int[] X, int[] Y)[] triples =
            [([3, 4], [3, 4], [3, 4]), ([4], [3, 1], [1, 4]), ([3, 1], [], [2, 1, 4]), ([], [2, 3], [3]), ([2, 3], [], []), ([0, 2], [2], [1])];
        (int[] Condition, int[] X, int[] Y)[] large = [([7, 1, 300], [7, 20, 300], [20, 1])];
        yield return new OpEntry
        {
            Name = "Where",
            Covers = "Where(Tensor, Tensor, Tensor)",
            Cases = [.. triples.Select(Triple)],
            LargeCases = [.. large.Select(Triple)],
            Function = inputs => [Tensor.Where(inputs[0], inputs[1], inputs[2])],
            Reference = inputs =>
            {
                int[] shape = NaiveArray.BroadcastShape(inputs[0].Shape, NaiveArray.BroadcastShape(inputs[1].Shape, inputs[2].Shape));
                return [NaiveArray.Build(shape, index => inputs[0][index] != 0 ? inputs[1][index] : inputs[2][index])];
            },
            Constants = [0],
        };

        yield return MultiplyAdd("MultiplyAdd", "MultiplyAdd(Tensor, Tensor, Tensor)", Tensor.MultiplyAdd);
        yield return MultiplyAdd("MultiplyAdd, composite", string.Empty, MultiplyAddOperation.Composite);

        static Func<Sampler, NaiveArray[]> Triple((int[] Condition, int[] X, int[] Y) shapes) =>
            s => [s.Choice(shapes.Condition, 0, 1, -0.5), s.Normal(shapes.X), s.Normal(shapes.Y)];

        static NaiveArray Normal(Sampler s, int[] shape) => s.Normal(shape);

        static NaiveArray Unit(Sampler s, int[] shape) => s.Uniform(shape, 0, 1);

        static NaiveArray Odd(Sampler s, int[] shape) => s.Choice(shape, -0.75, -0.25, 0.25, 0.75);

        static NaiveArray Even(Sampler s, int[] shape) => s.Choice(shape, -1, -0.5, 0, 0.5, 1);
    }

    private static OpEntry MultiplyAdd(string name, string covers, Func<Tensor, Tensor, Tensor, Tensor> function)
    {
        (int[] X, int[] Y, int[] Addend)[] triples =
            [([3, 4], [3, 4], [3, 4]), ([4], [3, 1], [1, 4]), ([3, 1], [], [2, 1, 4]), ([], [2, 3], [3]), ([2, 3], [], []), ([], [], [5]), ([], [], []), ([0, 2], [2], [1])];

        // Every choice of what is one value along the innermost run, rows of all three, and long runs.
        (int[] X, int[] Y, int[] Addend)[] large =
        [
            ([7, 20, 301], [7, 1, 301], [20, 1]), ([7, 20, 1], [20, 301], [7, 1, 301]), ([7, 1, 301], [20, 1], [1]), ([20, 1], [7, 1, 301], [20, 301]),
            ([20, 1], [7, 20, 301], [1]), ([41, 1], [], [1003]), ([50_003], [50_003], [50_003]),
        ];
        return new OpEntry
        {
            Name = name,
            Covers = covers,
            Cases = [.. triples.Select(Triple)],
            LargeCases = [.. large.Select(Triple)],
            Function = inputs => [function(inputs[0], inputs[1], inputs[2])],
            Reference = inputs => [Sum(inputs, value => value)],
            Magnitude = inputs => [Sum(inputs, Math.Abs)],
        };

        static Func<Sampler, NaiveArray[]> Triple((int[] X, int[] Y, int[] Addend) shapes) =>
            s => [s.Normal(shapes.X), s.Normal(shapes.Y), s.Normal(shapes.Addend)];

        static NaiveArray Sum(NaiveArray[] inputs, Func<double, double> term)
        {
            int[] shape = NaiveArray.BroadcastShape(inputs[2].Shape, NaiveArray.BroadcastShape(inputs[0].Shape, inputs[1].Shape));
            return NaiveArray.Build(shape, index => term(inputs[0][index] * inputs[1][index]) + term(inputs[2][index]));
        }
    }

    private static OpEntry Comparison(string name, Func<Tensor, Tensor, Tensor> function, Func<double, double, bool> reference) =>
        Binary(name, $"{name}(Tensor)", function, (x, y) => reference(x, y) ? 1 : 0, (s, shape) => s.Choice(shape, -1, 0.5, 2), (s, shape) => s.Choice(shape, -1, 0.5, 2))
            with
        { IsDifferentiable = false };

    private static OpEntry Binary(
        string name,
        string covers,
        Func<Tensor, Tensor, Tensor> function,
        Func<double, double, double> reference,
        Func<Sampler, int[], NaiveArray> first,
        Func<Sampler, int[], NaiveArray> second,
        Func<double, double, double>? magnitude = null) => new()
        {
            Name = name,
            Covers = covers,
            Cases = [.. Pairs.Select(pair => (Func<Sampler, NaiveArray[]>)(s => [first(s, pair.A), second(s, pair.B)]))],
            LargeCases = [.. LargePairs.Select(pair => (Func<Sampler, NaiveArray[]>)(s => [first(s, pair.A), second(s, pair.B)]))],
            Function = inputs => [function(inputs[0], inputs[1])],
            Reference = inputs => [NaiveArray.Zip(inputs[0], inputs[1], reference)],
            Magnitude = magnitude is null ? null : inputs => [NaiveArray.Zip(inputs[0], inputs[1], magnitude)],
        };
}
