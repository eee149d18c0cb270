namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    private static readonly int[][] AxisSets = [[], [0], [1], [-1], [0, 2], [1, -1], [0, 1], [0, 1, 2]];

    private static readonly int[][] ReductionShapes = [[3, 4, 5], [2, 1, 3], [1, 1, 1]];

    // Rows longer than a block of columns, runs longer than a fold, and enough for several threads.
    private static readonly int[][] LargeReductionShapes = [[3, 5, 2501], [9, 67, 79], [4100, 3, 5]];

    private static IEnumerable<OpEntry> Reductions()
    {
        IEnumerable<OpEntry> entries =
        [
            .. Reduction("Sum", (x, axes, keep) => x.Sum(axes, keep), run => run.Sum(), run => run.Sum(Math.Abs)),
            .. Reduction("Mean", (x, axes, keep) => x.Mean(axes, keep), run => run.Sum() / run.Length, run => run.Sum(Math.Abs) / run.Length),
            .. Reduction("Max", (x, axes, keep) => x.Max(axes, keep), run => run.Max(), distinct: true),
            .. Reduction("Min", (x, axes, keep) => x.Min(axes, keep), run => run.Min(), distinct: true),

            // The logarithm turns the sum's relative error into an absolute one; the shift's rounding is relative to it.
            .. Reduction("LogSumExp", (x, axes, keep) => x.LogSumExp(axes, keep), LogSumExp, run => 1 + Math.Abs(run.Max())),
            .. Reduction("Variance", (x, axes, keep) => x.Variance(axes, unbiased: false, keep), run => Variance(run, run.Length), VarianceMagnitude, covers: "Variance(ReadOnlySpan<Int32>, Boolean, Boolean)"),
            Whole("Sum", x => x.Sum(), run => run.Sum(), run => run.Sum(Math.Abs)),
            Whole("Mean", x => x.Mean(), run => run.Sum() / run.Length, run => run.Sum(Math.Abs) / run.Length),
            Whole("Max", x => x.Max(), run => run.Max()),
            Whole("Min", x => x.Min(), run => run.Min()),
            Whole("LogSumExp", x => x.LogSumExp(), LogSumExp, run => 1 + Math.Abs(run.Max())),
            Whole("Variance", x => x.Variance(), run => Variance(run, run.Length - 1), VarianceMagnitude) with { Cases = Of([3, 4], [2], [5, 1, 2]) },
            UnbiasedVariance(),
            EmptySum(),
            EmptyResults(),
        ];
        foreach (OpEntry entry in entries)
        {
            yield return entry;
        }

        foreach (int axis in (int[])[0, 1, -1])
        {
            yield return Normalised("Softmax", axis, x => x.Softmax(axis), (value, sum) => Math.Exp(value - sum), (value, sum) => Math.Exp(value - sum) * (1 + Math.Abs(value) + Math.Abs(sum)));
            yield return Normalised("LogSoftmax", axis, x => x.LogSoftmax(axis), (value, sum) => value - sum, (value, sum) => 1 + Math.Abs(value) + Math.Abs(sum));
        }
    }

    private static double LogSumExp(double[] run)
    {
        double largest = run.Max();
        return largest + Math.Log(run.Sum(value => Math.Exp(value - largest)));
    }

    private static double Variance(double[] run, int divisor)
    {
        double mean = run.Sum() / run.Length;
        return run.Sum(value => (value - mean) * (value - mean)) / divisor;
    }

    /// <summary>The squares, and what the rounding of the mean adds to each of them.</summary>
    private static double VarianceMagnitude(double[] run)
    {
        double largest = run.Max(Math.Abs);
        return 4 * largest * largest;
    }

    private static IEnumerable<OpEntry> Reduction(
        string name, Func<Tensor, int[], bool, Tensor> function, Func<double[], double> fold, Func<double[], double>? magnitude = null, bool distinct = false, string? covers = null)
    {
        foreach (int[] axes in AxisSets)
        {
            foreach (bool keep in (bool[])[false, true])
            {
                yield return new OpEntry
                {
                    Name = $"{name} [{string.Join(", ", axes)}]{(keep ? " kept" : string.Empty)}",
                    Covers = covers ?? $"{name}(ReadOnlySpan<Int32>, Boolean)",
                    Cases = [.. ReductionShapes.Select(Draw)],
                    LargeCases = keep ? [] : [.. LargeReductionShapes.Select(Draw)],
                    Function = inputs => [function(inputs[0], axes, keep)],
                    Reference = inputs => [inputs[0].Reduce(axes, keep, fold)],
                    Magnitude = magnitude is null ? null : inputs => [inputs[0].Reduce(axes, keep, magnitude)],
                    Roundings = inputs => 8 + RunLength(inputs[0], axes),
                };
            }
        }

        Func<Sampler, NaiveArray[]> Draw(int[] shape) => s => [distinct ? s.Distinct(shape) : s.Normal(shape)];
    }

    private static int RunLength(NaiveArray x, int[] axes) =>
        axes.Length == 0 ? x.Count : axes.Aggregate(1, (product, axis) => product * x.Shape[axis < 0 ? axis + x.Shape.Length : axis]);

    private static OpEntry Whole(string name, Func<Tensor, Tensor> function, Func<double[], double> fold, Func<double[], double>? magnitude = null) => new()
    {
        Name = $"{name} of all",
        Covers = $"{name}()",
        Cases = Of([3, 4], [], [1], [5, 1, 2]),
        LargeCases = Of([41, 1001], [33_000]),
        Function = inputs => [function(inputs[0])],
        Reference = inputs => [inputs[0].Reduce([], false, fold)],
        Magnitude = magnitude is null ? null : inputs => [inputs[0].Reduce([], false, magnitude)],
        Roundings = inputs => 8 + inputs[0].Count,
    };

    private static IReadOnlyList<Func<Sampler, NaiveArray[]>> Of(params int[][] shapes) =>
        [.. shapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [s.Distinct(shape)]))];

    private static OpEntry UnbiasedVariance() => new()
    {
        Name = "Variance unbiased",
        Covers = "Variance(ReadOnlySpan<Int32>, Boolean, Boolean)",
        Cases = Of([3, 4], [2, 1, 3]),
        Function = inputs => [inputs[0].Variance([0, -1], keepDims: true)],
        Reference = inputs => [inputs[0].Reduce([0, -1], true, run => Variance(run, run.Length - 1))],
        Magnitude = inputs => [inputs[0].Reduce([0, -1], true, VarianceMagnitude)],
        Roundings = inputs => 8 + inputs[0].Count,
    };

    private static OpEntry EmptySum() => new()
    {
        Name = "Sum of nothing",
        Covers = "Sum(ReadOnlySpan<Int32>, Boolean)",
        Cases = Of([0, 3], [2, 0], [0]),
        Function = inputs => [inputs[0].Sum([0]), inputs[0].Sum()],
        Reference = inputs => [inputs[0].Reduce([0], false, run => run.Sum()), new NaiveArray([], [0])],
    };

    /// <summary>Extremes of no runs at all: nothing is asked for, so nothing is missing.</summary>
    private static OpEntry EmptyResults() => new()
    {
        Name = "Extremes of no runs",
        Covers = "Max(ReadOnlySpan<Int32>, Boolean)",
        Cases = Of([0, 3], [2, 0, 4]),
        Function = inputs => [inputs[0].Max([-1]), inputs[0].Min([-1], keepDims: true), inputs[0].LogSumExp([-1]), inputs[0].Softmax(-1), inputs[0].LogSoftmax(-1)],
        Reference = inputs =>
        [
            inputs[0].Reduce([-1], false, run => run.Max()), inputs[0].Reduce([-1], true, run => run.Min()),
            inputs[0].Reduce([-1], false, LogSumExp), inputs[0], inputs[0],
        ],
    };

    private static OpEntry Normalised(string name, int axis, Func<Tensor, Tensor> function, Func<double, double, double> reference, Func<double, double, double> magnitude) => new()
    {
        Name = $"{name} {axis}",
        Covers = $"{name}(Int32)",
        Cases = [s => [s.Normal([3, 4])], s => [s.Normal([2, 1, 3])]],
        LargeCases = [s => [s.Normal([300, 201])]],
        Function = inputs => [function(inputs[0])],
        Reference = inputs => [NaiveArray.Zip(inputs[0], inputs[0].Reduce([axis], true, LogSumExp), reference)],
        Magnitude = inputs => [NaiveArray.Zip(inputs[0], inputs[0].Reduce([axis], true, LogSumExp), magnitude)],
        Roundings = inputs => 8 + RunLength(inputs[0], [axis]),
    };
}
