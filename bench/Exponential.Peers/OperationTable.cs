namespace LibtorchPeer;

/// <summary>The table of single operations: speed, ratio, memory and error of each.</summary>
/// <param name="peak">The multiply-add peak of all cores in GF/s.</param>
/// <param name="budget">Milliseconds for the turns of one row.</param>
internal sealed class OperationTable(double peak, double budget)
{
    private const int CallsForAllocation = 8;

    public void Print(string title, IEnumerable<Case> cases)
    {
        Console.WriteLine();
        Console.WriteLine($"**{title}**");
        Console.WriteLine();
        Console.WriteLine("| work | ours ms | GF/s | of peak | libtorch ms | ratio | managed bytes a call | error | libtorch's error |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (Case row in cases)
        {
            Print(row);
        }
    }

    private void Print(Case row)
    {
        (double ours, double theirs) = Turns.Time(row.Ours, row.Theirs, budget);
        double speed = row.Operations / ours / 1e6;
        long allocation = Allocation(row.Ours);
        double[][] exact = row.Exact();
        row.Ours.Prepare();
        string error = Error(row.Ours.Results(), exact).ToString("0e+0");
        string theirError = row.Theirs is null ? "-" : Error(row.Theirs.Results(), exact).ToString("0e+0");
        Console.WriteLine(
            $"| {row.Name} | {Milliseconds(ours)} | {(speed > 0 ? $"{speed:F0} | {speed / peak:F2}" : "- | -")} | {Milliseconds(theirs)} | "
            + $"{(double.IsNaN(theirs) ? "-" : $"{theirs / ours:F2}")} | {allocation:N0} | {error} | {theirError} |");
    }

    private static string Milliseconds(double value) => double.IsNaN(value) ? "-" : value < 1 ? $"{value:F4}" : $"{value:F2}";

    /// <summary>Bytes that the managed heap gives to a call, on every thread.</summary>
    private static long Allocation(Side side)
    {
        side.Prepare();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int call = 0; call < CallsForAllocation; call++)
        {
            side.Run();
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / CallsForAllocation;
    }

    /// <summary>The largest difference over the largest value, of the worst result.</summary>
    private static double Error(float[][] results, double[][] exact)
    {
        double worst = 0;
        for (int result = 0; result < exact.Length; result++)
        {
            double scale = exact[result].Max(Math.Abs);
            double difference = exact[result].Zip(results[result], static (expected, value) => Math.Abs(expected - value)).Max();
            worst = Math.Max(worst, difference / scale);
        }

        return worst;
    }
}
