using System.Diagnostics;
using System.Globalization;
using Exponential;
using Exponential.Embedding;
using Exponential.Nn;

// How an application embeds a flow: open it, ask for the density of images, draw new ones. Without a checkpoint it takes a small flow with fixed
// parameters, so that the printed numbers are the same, to rounding, wherever it runs.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
DateTime started = Process.GetCurrentProcess().StartTime;
bool time = args.Contains("--time");
string? checkpoint = args.FirstOrDefault(argument => !argument.StartsWith('-'));
if (args.Any(argument => argument.StartsWith('-') && argument != "--time"))
{
    Console.Error.WriteLine("usage: exponential-embedding [CHECKPOINT] [--time]");
    return 2;
}

Flow flow;
try
{
    flow = checkpoint is null ? SmallFlow.Create() : Checkpoint.LoadFlow(checkpoint);
}
catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

if (flow.EventShape != ScenePictures.Shape)
{
    Console.Error.WriteLine($"the checkpoint is for images {flow.EventShape}; this sample has images {ScenePictures.Shape}");
    return 1;
}

// No gradient is asked for, so no graph is kept.
using Autograd.NoGradScope noGrad = Autograd.NoGrad();
Tensor images = ScenePictures.Draw(16);

float[] density = flow.LogProb(images).ToArray<float>();
TimeSpan untilDensity = DateTime.Now - started;
Console.WriteLine($"log-density of the first image   {density[0]:F1} nats");
Console.WriteLine($"log-density, mean of 16          {density.Average():F1} nats");

Tensor back = flow.Decode(flow.Encode(images));
double reconstruction = (back - images).Abs().Max().ToScalar() / 256;
Console.WriteLine($"decode(encode(x)) within 1e-5    {(reconstruction < 1e-5 ? "yes" : $"no: {reconstruction:E1}")}");

(Tensor samples, Tensor sampleDensity) = flow.Sample(16, new Generator(seed: 1));
Console.WriteLine($"pixels of 16 samples, mean       {samples.Mean().ToScalar():F2}");
Console.WriteLine($"log-density of samples, mean     {sampleDensity.Mean().ToScalar():F1} nats");

if (time)
{
    Speed.Print(flow, images, untilDensity);
}

return 0;
