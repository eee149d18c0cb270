using System.Diagnostics;
using Exponential;
using Exponential.Nn;

namespace LibtorchPeer;

/// <summary>
/// Where the time of a training step and of sampling goes: by entry of the backend, and outside: graph, dispatch, allocation, garbage collection,
/// and the inverses and determinants of small matrices, which are no entries.
/// </summary>
internal static class ProfileTable
{
    private const int Warmup = 15;
    private const int Rounds = 15;

    /// <param name="mixings">The words of the mixings to profile.</param>
    /// <param name="recompute">Whether activations are rebuilt by the inverse.</param>
    public static void Print(IReadOnlyList<string> mixings, bool recompute)
    {
        var metered = new MeteredBackend(Device.Cpu.Backend);
        using IDisposable exchanged = Device.Cpu.Exchange(metered);
        foreach ((string word, Mixing mixing) in SettingWords.Mixings.Where(pair => mixings.Contains(pair.Word)))
        {
            BufferPool.CollectUnreachable(2);
            BufferPool.Trim();
            BufferPool.ResetPeak();
            long start = GC.GetTotalMemory(forceFullCollection: true);
            var flow = new MixingTraining(mixing, recompute ? RecomputeKind.Inverse : RecomputeKind.None);
            flow.Model.Train();
            PrintWork($"{word}, training step", metered, flow, flow.Step);
            Console.WriteLine();
            Console.WriteLine(
                $"Memory: {Mebibytes(BufferPool.Peak)} MiB in use at once at most; now {Mebibytes(BufferPool.InUse)} in use and {Mebibytes(BufferPool.Pooled)} free in the pool; "
                + $"{Mebibytes(GC.GetTotalMemory(forceFullCollection: false) - start)} managed in all over the start.");
            flow.Model.Eval();
            PrintWork($"{word}, sampling {MixingTraining.Batch} images", metered, flow, flow.Sample);
        }
    }

    private static void PrintWork(string title, MeteredBackend metered, MixingTraining flow, Action work)
    {
        for (int round = 0; round < Warmup; round++)
        {
            work();
        }

        metered.Reset();
        TimeSpan optimizing = flow.OptimizerTime;
        TimeSpan paused = GC.GetTotalPauseDuration();
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds; round++)
        {
            work();
        }

        double total = Stopwatch.GetElapsedTime(start).TotalMilliseconds / Rounds;
        double collecting = (GC.GetTotalPauseDuration() - paused).TotalMilliseconds / Rounds;
        double updating = Math.Max(0, (flow.OptimizerTime - optimizing).TotalMilliseconds / Rounds - collecting);
        double inside = updating;
        Console.WriteLine();
        Console.WriteLine($"**{title}: {total:F1} ms**");
        Console.WriteLine();
        Console.WriteLine("| entry | calls | ms | of the whole |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach ((string name, double milliseconds, int calls) in metered.Entries)
        {
            inside += milliseconds / Rounds;
            Row(name, $"{(double)calls / Rounds:F0}", milliseconds / Rounds, total);
        }

        Row("optimizer's update", "1", updating, total);
        Row("outside", "", total - inside, total);
        Row("of which allocation", "", metered.AllocationMilliseconds / Rounds, total);
        Row("of which garbage collection", "", collecting, total);
    }

    private static void Row(string name, string calls, double milliseconds, double total) =>
        Console.WriteLine($"| {name} | {calls} | {milliseconds:F2} | {milliseconds / total:P1} |");

    private static string Mebibytes(long bytes) => $"{bytes / 1048576.0:F0}";
}
