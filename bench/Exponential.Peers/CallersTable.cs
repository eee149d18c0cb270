using System.Diagnostics;
using Exponential;

namespace LibtorchPeer;

/// <summary>Several callers at once, each with images of its own: what each gets of the speed that one thread has alone.</summary>
internal static class CallersTable
{
    private const int Terms = 6;
    private const int Rounds = 11;
    private const double TurnMilliseconds = 100;
    private static readonly int[] Images = [16, 24, 16, 16];

    /// <param name="threads">The number of cores.</param>
    public static void Print(int threads)
    {
        CpuArithmetic.Accuracy = ArithmeticAccuracy.Fast;

        // The first is what the others are measured by.
        (int Callers, int Threads)[] kinds = [(1, 1), .. Enumerable.Range(1, threads + 1).Select(callers => (callers, threads))];

        // Each in its turn, so that all see the same machine; the first round warms up.
        double[][][] rounds = [.. Enumerable.Range(0, Rounds + 1).Select(_ => Array.ConvertAll(kinds, Turn)).Skip(1)];
        CpuThreads.Count = threads;
        Console.WriteLine();
        Console.WriteLine($"**Callers at once, convolution exponential {Images[0]} x {Images[1]}, {Images[2]}x{Images[3]}, forward**");
        Console.WriteLine();
        Console.WriteLine("| callers | threads | calls a second, together | a caller's share of one thread's speed alone: the least | the mean | the most |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        for (int kind = 0; kind < kinds.Length; kind++)
        {
            double together = Median(round => round[kind].Sum());
            double least = Median(round => round[kind].Min() / round[0][0]);
            double mean = Median(round => round[kind].Average() / round[0][0]);
            double most = Median(round => round[kind].Max() / round[0][0]);
            Console.WriteLine($"| {kinds[kind].Callers} | {kinds[kind].Threads} | {together:N0} | {least:F2} | {mean:F2} | {most:F2} |");
        }

        double Median(Func<double[][], double> figure) => Turns.Median(Array.ConvertAll(rounds, round => figure(round)));
    }

    /// <summary>Calls a second of each caller.</summary>
    private static double[] Turn((int Callers, int Threads) kind)
    {
        CpuThreads.Count = kind.Threads;
        double[] speeds = new double[kind.Callers];
        using var start = new Barrier(kind.Callers);
        Thread[] running = [.. Enumerable.Range(0, kind.Callers).Select(caller => new Thread(() => speeds[caller] = Call(start)))];
        Array.ForEach(running, static thread => thread.Start());
        Array.ForEach(running, static thread => thread.Join());
        return speeds;
    }

    private static double Call(Barrier start)
    {
        Tensor x = Tensor.FromArray(Numbers.Signed(Images.Aggregate(static (a, b) => a * b)), Images);
        Tensor kernel = Tensor.FromArray(Numbers.Signed(Images[1] * Images[1] * 9, 0.5 / Images[1]), [Images[1], Images[1], 3, 3]);
        using Autograd.NoGradScope noGrad = Autograd.NoGrad();
        int calls = 0;
        double elapsed;
        start.SignalAndWait();
        long begin = Stopwatch.GetTimestamp();
        do
        {
            using TemporaryScope scope = TemporaryScope.Begin();
            ConvolutionExponential.Apply(x, kernel, Terms);
            calls++;
            elapsed = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        }
        while (elapsed < TurnMilliseconds);
        return calls / elapsed * 1000;
    }
}
