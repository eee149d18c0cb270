using System.Diagnostics;
using System.Runtime.Intrinsics;
using Exponential.Nn;

namespace Exponential.Embedding;

/// <summary>What `--time` prints: the time until the first result, and the speed once warm.</summary>
internal static class Speed
{
    private const int Rounds = 21;

    public static void Print(Flow flow, Tensor images, TimeSpan untilDensity)
    {
        int count = images.Shape[0];
        Console.WriteLine($"vectors of 256 / 512 bits        {Vector256.IsHardwareAccelerated} / {Vector512.IsHardwareAccelerated}");
        Console.WriteLine($"process start to first density   {untilDensity.TotalMilliseconds:F0} ms");
        var generator = new Generator(seed: 2);
        Console.WriteLine($"log-density                      {count / Seconds(() => flow.LogProb(images).ToArray<float>()):F0} images/s");
        Console.WriteLine($"sampling                         {count / Seconds(() => flow.Sample(count, generator).Value.ToArray<float>()):F0} images/s");

        // The operator alone, six terms: 2 * 64 * 24 * 24 * 9 * 8 * 8 operations a term.
        Tensor x = generator.Normal([64, 24, 8, 8]);
        Tensor kernel = generator.Normal([24, 24, 3, 3]) * 0.02;
        double operations = 2.0 * 64 * 24 * 24 * 9 * 8 * 8 * 6;
        double speed = operations / Seconds(() => ConvolutionExponential.Apply(x, kernel, terms: 6).ToArray<float>()) / 1e9;
        Console.WriteLine($"convolution exponential          {speed:F0} GF/s");
    }

    private static double Seconds(Action action)
    {
        double[] seconds = new double[Rounds];
        for (int round = -Rounds; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            seconds[Math.Max(round, 0)] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[Rounds / 2];
    }
}
