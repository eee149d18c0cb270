using Exponential;
using Exponential.Nn;

namespace LibtorchPeer;

/// <summary>The original's mixing flow of 3x32x32 images with each mixing: a training step and drawing 16 images.</summary>
internal static class FlowTable
{
    private const int WarmupSteps = 4;

    /// <param name="mixings">The words of the mixings to measure.</param>
    /// <param name="peer">The other library, or null.</param>
    /// <param name="budget">Milliseconds for the turns of a column pair.</param>
    public static void Print(IReadOnlyList<string> mixings, IPeer? peer, double budget)
    {
        Console.WriteLine();
        Console.WriteLine($"**Mixing flow, batch {MixingTraining.Batch}: training step and sampling {MixingTraining.Batch} images**");
        Console.WriteLine();
        Console.WriteLine(
            "| model | parameters | step ms | libtorch ms | ratio | collections of generation 2 | managed MiB, most | bits/dim | libtorch's | "
            + "sampling ms | libtorch ms | ratio |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach ((string word, Mixing mixing) in SettingWords.Mixings.Where(pair => mixings.Contains(pair.Word)))
        {
            PrintRow(word, mixing, peer, budget);
        }
    }

    private static void PrintRow(string word, Mixing mixing, IPeer? peer, double budget)
    {
        var ours = new MixingTraining(mixing, RecomputeKind.None);
        using IPeerFlow? theirs = peer?.MixingFlow(word, ours.Pixels);
        double theirBits = double.NaN;
        ours.Model.Train();

        // Until memory has grown to what a step takes.
        for (int warmup = 0; warmup < WarmupSteps; warmup++)
        {
            ours.Step();
        }

        BufferPool.ResetPeak();
        int collections = GC.CollectionCount(2);
        (double step, double theirStep) = Turns.Time(
            Plain(ours.Step), theirs is null ? null : Plain(() => theirBits = theirs.Step()), budget);
        collections = GC.CollectionCount(2) - collections;
        double memory = BufferPool.Peak / 1048576.0;
        ours.Model.Eval();
        (double sampling, double theirSampling) = Turns.Time(
            Plain(ours.Sample),
            theirs is null ? null : Plain(() => theirs.Sample(MixingTraining.Batch)),
            budget);
        long parameters = ours.Model.Parameters().Sum(static parameter => (long)parameter.Shape.ElementCount);
        Console.WriteLine(
            $"| {word} | {(theirs is null || theirs.ParameterCount == parameters ? $"{parameters:N0}" : $"{parameters:N0} against {theirs.ParameterCount:N0}")} | "
            + $"{step:F0} | {Number(theirStep, "F0")} | {Number(theirStep / step, "F2")} | {collections} | {memory:F0} | {ours.BitsPerDim:F3} | "
            + $"{Number(theirBits, "F3")} | {sampling:F0} | {Number(theirSampling, "F0")} | {Number(theirSampling / sampling, "F2")} |");
    }

    private static Side Plain(Action run) => new(static () => CpuArithmetic.Accuracy = ArithmeticAccuracy.Fast, run, static () => []);

    private static string Number(double value, string format) => double.IsNaN(value) ? "-" : value.ToString(format);
}
