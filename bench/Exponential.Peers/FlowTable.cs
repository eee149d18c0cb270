using Exponential;
using Exponential.Nn;

namespace LibtorchPeer;

/// <summary>The original's mixing flow of 3x32x32 images with each mixing: a training step and drawing 16 images.</summary>
internal static class FlowTable
{
    private const int Batch = 16;

    /// <param name="mixings">The words of the mixings to measure.</param>
    /// <param name="peer">The other library, or null.</param>
    /// <param name="budget">Milliseconds for the turns of a column pair.</param>
    public static void Print(IReadOnlyList<string> mixings, IPeer? peer, double budget)
    {
        Console.WriteLine();
        Console.WriteLine($"**Mixing flow, batch {Batch}: training step and sampling {Batch} images**");
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
        var generator = new Generator(seed: 1);
        var settings = new MixingFlowSettings
        {
            Mixing = mixing,
            SplitPrior = true,
            ConvExpPlan = ConvExpPlan.Original,
            Network = new DenseNetSettings { IntermediateChannels = 64, Depth = 4, Growth = 32, Gated = true },
        };
        var model = new ImageModel(MixingFlow.Create([3, 32, 32], settings, generator), new UniformDequantization());
        var optimizer = new Adamax(model.Parameters());
        byte[] pixels = new byte[Batch * 3 * 32 * 32];
        new Random(1).NextBytes(pixels);
        float[] values = Array.ConvertAll(pixels, static pixel => (float)pixel);
        Tensor images = Tensor.FromArray(values, [Batch, 3, 32, 32]);
        using IPeerFlow? theirs = peer?.MixingFlow(word, values);

        double ourBits = 0;
        double theirBits = double.NaN;
        void Step()
        {
            Tensor loss = model.BitsPerDim(images, generator);
            ourBits = loss.ToScalar();
            optimizer.Step(loss.Backward());
        }

        model.Train();
        Step();
        BufferPool.ResetPeak();
        int collections = GC.CollectionCount(2);
        (double step, double theirStep) = Turns.Time(
            Plain(Step), theirs is null ? null : Plain(() => theirBits = theirs.Step()), budget);
        collections = GC.CollectionCount(2) - collections;
        double memory = BufferPool.Peak / 1048576.0;
        model.Eval();
        (double sampling, double theirSampling) = Turns.Time(
            Plain(() => model.Sample(Batch, generator).Mean().ToScalar()),
            theirs is null ? null : Plain(() => theirs.Sample(Batch)),
            budget);
        long parameters = model.Parameters().Sum(static parameter => (long)parameter.Shape.ElementCount);
        Console.WriteLine(
            $"| {word} | {(theirs is null || theirs.ParameterCount == parameters ? $"{parameters:N0}" : $"{parameters:N0} against {theirs.ParameterCount:N0}")} | "
            + $"{step:F0} | {Number(theirStep, "F0")} | {Number(theirStep / step, "F2")} | {collections} | {memory:F0} | {ourBits:F3} | "
            + $"{Number(theirBits, "F3")} | {sampling:F0} | {Number(theirSampling, "F0")} | {Number(theirSampling / sampling, "F2")} |");
    }

    private static Side Plain(Action run) => new(static () => CpuArithmetic.Accuracy = ArithmeticAccuracy.Fast, run, static () => []);

    private static string Number(double value, string format) => double.IsNaN(value) ? "-" : value.ToString(format);
}
