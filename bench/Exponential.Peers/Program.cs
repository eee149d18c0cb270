using System.Diagnostics;
using System.Runtime.Intrinsics;
using Exponential;
using Exponential.Nn;
using LibtorchPeer;
using TorchSharp;

// The mixing flow of 3x32x32 images with each mixing layer, ours and libtorch's in turns in one process: median ms of a training step and of
// drawing 16 images, and their ratios. Run through bench/peers.sh, which makes the native library load.
const int Batch = 16;
const int WarmUps = 3;
int rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 15;
int threads = Environment.ProcessorCount;
torch.set_num_threads(threads);
CpuThreads.Count = threads;
string vectors = Vector512.IsHardwareAccelerated ? "AVX-512" : Vector256.IsHardwareAccelerated ? "AVX2" : "128-bit vectors";
Console.WriteLine($"{threads} threads, {vectors}, batch {Batch}, {rounds} rounds, float32");
Console.WriteLine("| model | parameters | step ms, ours | libtorch | ratio | gen-2 | bits/dim, ours | libtorch | sampling 16 ms, ours | libtorch | ratio |");
Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
foreach ((string word, Mixing mixing) in SettingWords.Mixings)
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
    using var peer = new TorchMixingFlow(word, subflows: 4);

    byte[] pixels = new byte[Batch * 3 * 32 * 32];
    new Random(1).NextBytes(pixels);
    float[] values = Array.ConvertAll(pixels, static pixel => (float)pixel);
    Tensor images = Tensor.FromArray(values, [Batch, 3, 32, 32]);
    torch.Tensor torchImages = torch.tensor(values, [Batch, 3, 32, 32]);

    double ourBits = 0;
    double torchBits = 0;
    model.Train();
    Pair step = InTurns(
        rounds,
        () =>
        {
            Tensor loss = model.BitsPerDim(images, generator);
            ourBits = loss.ToScalar();
            optimizer.Step(loss.Backward());
        },
        () => torchBits = peer.Step(torchImages));
    model.Eval();
    Pair sampling = InTurns(rounds, () => model.Sample(Batch, generator).Mean().ToScalar(), () => peer.Sample(Batch));
    Console.WriteLine(FormattableString.Invariant(
        $"| {word} | {model.Parameters().Sum(parameter => (long)parameter.Shape.ElementCount)} / {peer.ParameterCount} | {step.Ours:F0} | {step.Theirs:F0} | {step.Theirs / step.Ours:F2} | {step.Collections} | {ourBits:F3} | {torchBits:F3} | {sampling.Ours:F0} | {sampling.Theirs:F0} | {sampling.Theirs / sampling.Ours:F2} |"));
}

static Pair InTurns(int rounds, Action our, Action their)
{
    var ours = new List<double>();
    var theirs = new List<double>();
    int collections = 0;
    for (int round = -WarmUps; round < rounds; round++)
    {
        collections = round == 0 ? GC.CollectionCount(2) : collections;
        double first = Time(our);
        double second = Time(their);
        if (round >= 0)
        {
            ours.Add(first);
            theirs.Add(second);
        }
    }

    ours.Sort();
    theirs.Sort();
    return new Pair(ours[rounds / 2], theirs[rounds / 2], GC.CollectionCount(2) - collections);
}

static double Time(Action action)
{
    long start = Stopwatch.GetTimestamp();
    action();
    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}

/// <summary>Median ms of both, and our collections of generation 2 meanwhile.</summary>
internal sealed record Pair(double Ours, double Theirs, int Collections);
