using System.Diagnostics;
using LibtorchPeer;
using TorchSharp;

torch.set_num_threads(Environment.ProcessorCount);
foreach (bool convexp in new[] { false, true })
{
    using var peer = new TorchMixingFlow(convexp, subflows: 4);
    torch.Tensor images = torch.randint(0, 256, [16, 3, 32, 32]).to(torch.float32);
    var times = new List<double>();
    double bits = 0;
    for (int round = 0; round < 12; round++)
    {
        long start = Stopwatch.GetTimestamp();
        bits = peer.Step(images);
        times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    times.Sort();
    Console.WriteLine($"{(convexp ? "convexp" : "1x1")}: parameters {peer.ParameterCount}, bits/dim {bits:F3}, min {times[0]:F0} median {times[times.Count / 2]:F0} ms");
}
