using System.Globalization;
using System.Runtime.Intrinsics;
using Exponential;
using Exponential.Bench;
using Exponential.Nn;
using LibtorchPeer;

// Our operations and models beside libtorch's, in turns in one process. Run through bench/run.sh, which makes the native library load.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string[] options = ["--quick", "--flows", "--operations", "--callers", "--profile", "--recompute"];
string[] mixings = [.. SettingWords.Mixings.Select(static pair => pair.Word)];
if (args.Except(options).Except(mixings).Any())
{
    Console.Error.WriteLine($"usage: Exponential.Peers [{string.Join("] [", options)}] [{string.Join("|", mixings)}]...");
    return 2;
}

string[] wanted = [.. args.Intersect(mixings)];
bool quick = args.Contains("--quick");
double budget = quick ? 300 : 1000;
int threads = Environment.ProcessorCount;
CpuThreads.Count = threads;
if (args.Contains("--profile"))
{
    ProfileTable.Print(wanted.Length > 0 ? wanted : mixings, args.Contains("--recompute"));
    return 0;
}

IPeer? peer = null;
#if LIBTORCH
try
{
    peer = new TorchPeer(threads);
}
catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException)
{
    Console.Error.WriteLine("No peer: libtorch does not load; bench/run.sh prepares it. Our own figures only.");
}
#endif
double single = FmaPeak.Measure<float>(1);
double peak = FmaPeak.Measure<float>(threads);
string vectors = Vector512.IsHardwareAccelerated ? "Vector512" : Vector256.IsHardwareAccelerated ? "Vector256" : "Vector128";
Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {threads} threads, {vectors}, float32; multiply-add peak {single:F0} GF/s on one core, {peak:F0} on {threads}; peer: {peer?.Name ?? "none"}.");
Console.WriteLine("Medians. Ratio: libtorch's time over ours. GF/s count the direct algorithm's operations. Error: the largest difference from float64 over the largest value.");
bool isWhole = !args.Intersect(["--operations", "--callers", "--flows"]).Any();
if (isWhole || args.Contains("--operations"))
{
    var table = new OperationTable(peak, budget);
    table.Print("Convolution exponential, 6 terms, 3x3, forward", ExponentialCases.Default(gradients: false, peer));
    table.Print("The same by the direct algorithm", ExponentialCases.Direct());
    table.Print("Convolution exponential, forward and backward", ExponentialCases.Default(gradients: true, peer));
    table.Print("Convolution exponential of one image, forward (libtorch on one thread)", ExponentialCases.Single(peer));
    table.Print("Convolution, forward", ConvolutionCases.Default(gradients: false, peer));
    table.Print("Convolution, forward and backward", ConvolutionCases.Default(gradients: true, peer));
    table.Print("Matrix product", ArrayCases.Products(peer));
    table.Print("Functions of 4 Mi numbers", ArrayCases.Functions(peer));
}

if (isWhole || args.Contains("--callers"))
{
    CallersTable.Print(threads);
}

if ((isWhole && !quick) || args.Contains("--flows"))
{
    FlowTable.Print(wanted.Length > 0 ? wanted : mixings, peer, budget: 3000);
}

return 0;
