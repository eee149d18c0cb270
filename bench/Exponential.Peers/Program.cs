using System.Diagnostics;
using System.Runtime.Intrinsics;
using Exponential;
using Exponential.Nn;
using LibtorchPeer;
using TorchSharp;

// The training step of the mixing flow of 3x32x32 images, ours and libtorch's in turns in one process: median ms of each and their ratio.
// Run through bench/peers.sh, which makes the native library load.
const int Batch = 16;
int rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 15;
int threads = Environment.ProcessorCount;
torch.set_num_threads(threads);
CpuThreads.Count = threads;
string vectors = Vector512.IsHardwareAccelerated ? "AVX-512" : Vector256.IsHardwareAccelerated ? "AVX2" : "128-bit vectors";
Console.WriteLine($"{threads} threads, {vectors}, batch {Batch}, {rounds} rounds, float32");
Console.WriteLine("| model | parameters | ours ms | libtorch ms | libtorch / ours | our gen-2 collections | our bits/dim | libtorch bits/dim |");
Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
foreach (Mixing mixing in new[] { Mixing.Conv1x1, Mixing.ConvExp })
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
    model.Train();
    var optimizer = new Adamax(model.Parameters());
    using var peer = new TorchMixingFlow(mixing == Mixing.ConvExp, subflows: 4);

    byte[] pixels = new byte[Batch * 3 * 32 * 32];
    new Random(1).NextBytes(pixels);
    float[] values = Array.ConvertAll(pixels, static pixel => (float)pixel);
    Tensor images = Tensor.FromArray(values, [Batch, 3, 32, 32]);
    torch.Tensor torchImages = torch.tensor(values, [Batch, 3, 32, 32]);

    var ours = new List<double>();
    var theirs = new List<double>();
    double ourBits = 0;
    double torchBits = 0;
    int collections = 0;
    for (int round = -3; round < rounds; round++)
    {
        if (round == 0)
        {
            collections = GC.CollectionCount(2);
        }

        double our = Time(() =>
        {
            Tensor loss = model.BitsPerDim(images, generator);
            ourBits = loss.ToScalar();
            optimizer.Step(loss.Backward());
        });
        double their = Time(() => torchBits = peer.Step(torchImages));
        if (round >= 0)
        {
            ours.Add(our);
            theirs.Add(their);
        }
    }

    collections = GC.CollectionCount(2) - collections;
    ours.Sort();
    theirs.Sort();
    (double ourMedian, double torchMedian) = (ours[rounds / 2], theirs[rounds / 2]);
    Console.WriteLine(FormattableString.Invariant(
        $"| {mixing} | {model.Parameters().Sum(parameter => (long)parameter.Shape.ElementCount)} / {peer.ParameterCount} | {ourMedian:F0} | {torchMedian:F0} | {torchMedian / ourMedian:F2} | {collections} | {ourBits:F3} | {torchBits:F3} |"));
}

static double Time(Action action)
{
    long start = Stopwatch.GetTimestamp();
    action();
    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}
