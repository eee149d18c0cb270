namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    private static readonly int[][] SquareShapes = [[3, 3], [1, 1], [2, 4, 4], [2, 1, 2, 2]];

    private static IEnumerable<OpEntry> LinearAlgebra()
    {
        yield return new OpEntry
        {
            Name = "Inverse",
            Covers = "Inverse()",
            Cases = [.. SquareShapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [s.Matrices(shape)]))],
            LargeCases = [s => [s.Matrices(9, 12, 12).Map(value => value * 0.5)]],
            Function = x => [x[0].Inverse()],
            Reference = x => [NaiveMatrices.Each(x[0], NaiveMatrices.Inverse)],
            Magnitude = x => [Normwise(NaiveMatrices.Each(x[0], NaiveMatrices.Inverse))],
            Roundings = SizeTimesCondition,
            Condition = x => Math.Pow(WorstCondition(x[0]), 2),
            EventRank = 2,
        };
        yield return new OpEntry
        {
            Name = "Solve",
            Covers = "Solve(Tensor)",
            Cases = [.. SquareShapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [s.Matrices(shape), s.Normal([.. shape[..^1], 2])]))],
            Function = x => [x[0].Solve(x[1])],
            Reference = x => [Solved(x)],
            Magnitude = x => [Normwise(Solved(x))],
            Roundings = SizeTimesCondition,
            Condition = x => Math.Pow(WorstCondition(x[0]), 2),
            EventRank = 2,
        };
        yield return new OpEntry
        {
            Name = "SlogDet",
            Covers = "SlogDet()",
            Cases = [.. SquareShapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [s.Matrices(shape)])), s => [s.Normal([5, 3, 3])]],
            Function = x =>
            {
                (Tensor sign, Tensor logarithm) = x[0].SlogDet();
                return [sign, logarithm];
            },
            Reference = x =>
            {
                NaiveArray determinants = NaiveMatrices.Each(x[0], matrix => new double[,] { { NaiveMatrices.Determinant(matrix) } }).Reshape(x[0].Shape[..^2]);
                return [determinants.Map(value => Math.Sign(value)), determinants.Map(value => Math.Log(Math.Abs(value)))];
            },

            // d ln|det A| = tr(A^-1 dA): a relative change of eps in A moves it by at most n eps times the condition.
            Magnitude = x => [NaiveArray.Build(x[0].Shape[..^2], _ => 1), NaiveArray.Build(x[0].Shape[..^2], _ => x[0].Shape[^1])],
            Roundings = SizeTimesCondition,
            Condition = x => Math.Pow(WorstCondition(x[0]), 2),
            EventRank = 2,
        };
        yield return Qr("square", [3, 3], [2, 4, 4], [1, 1]);
        yield return Qr("tall", [5, 3], [2, 4, 2], [3, 1]);
        yield return Qr("wide", [3, 5], [2, 2, 3], [1, 3]);
    }

    private static OpEntry Qr(string name, params int[][] shapes) => new()
    {
        Name = $"Qr {name}",
        Covers = "Qr()",

        // Columns of a shifted matrix: the leading square is well conditioned.
        Cases = [.. shapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [NaiveArray.Zip(s.Normal(shape, 1.0 / 3), NaiveArray.Build(shape[^2..], i => i[0] == i[1] ? 2 : 0), (x, y) => x + y)]))],
        Function = x =>
        {
            (Tensor q, Tensor r) = x[0].Qr();
            return [q, r];
        },
        Reference = x => [NaiveMatrices.Each(x[0], matrix => NaiveMatrices.Qr(matrix).Q), NaiveMatrices.Each(x[0], matrix => NaiveMatrices.Qr(matrix).R)],
        Magnitude = x => [NaiveMatrices.Each(x[0], matrix => NaiveMatrices.Qr(matrix).Q).Map(_ => 1), Normwise(NaiveMatrices.Each(x[0], matrix => NaiveMatrices.Qr(matrix).R))],
        Roundings = x => 8 * x[0].Shape[^2] * x[0].Shape[^1] * LeadingCondition(x[0]),
        Condition = x => Math.Pow(LeadingCondition(x[0]), 2),
        EventRank = 2,
    };

    private static NaiveArray Solved(NaiveArray[] x)
    {
        int item = 0;
        return NaiveMatrices.Each(x[1], right => NaiveMatrices.Solve(x[0].Matrix(item++), right));
    }

    private static NaiveArray Normwise(NaiveArray values) => values.Map(_ => Tolerance.Largest(values));

    private static double SizeTimesCondition(NaiveArray[] x) => 4 * x[0].Shape[^1] * WorstCondition(x[0]);

    private static double WorstCondition(NaiveArray matrices) =>
        NaiveMatrices.Each(matrices, matrix => new double[,] { { NaiveMatrices.Condition(matrix) } }).Values.Max();

    /// <summary>The condition of R's leading square, the same as that of the columns it comes from.</summary>
    private static double LeadingCondition(NaiveArray matrices) => NaiveMatrices.Each(matrices, matrix =>
    {
        double[,] r = NaiveMatrices.Qr(matrix).R;
        double[,] square = new double[r.GetLength(0), r.GetLength(0)];
        for (int i = 0; i < r.GetLength(0); i++)
        {
            for (int j = 0; j < r.GetLength(0); j++)
            {
                square[i, j] = r[i, j];
            }
        }

        return new double[,] { { NaiveMatrices.Condition(square) } };
    }).Values.Max();
}
