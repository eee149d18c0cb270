using Exponential.Nn;

namespace Exponential.Tests;

/// <summary>Runs that take a fraction of a second, in a folder that goes with the test.</summary>
internal sealed class TinyRun : IDisposable
{
    public TinyRun()
    {
        Directory.CreateDirectory(Root);
        Settings = new TrainingSettings
        {
            Dataset = "tiny",
            OutputDirectory = Root,
            ExperimentName = "run",
            Epochs = 3,
            BatchSize = 8,
            Warmup = 1,
            Levels = 2,
            Subflows = 1,
            IntermediateChannels = 4,
            DenseNetDepth = 1,
            DenseNetGrowth = 4,
            UseGatedConv = true,
            UseSplitPrior = true,
            Dropout = 0.1,
            Mixing = Mixing.ConvExp,
            LogInterval = 1,
        };
    }

    /// <summary>20 images an epoch: 3 steps, the last of 4 images.</summary>
    public static ImageDataset Data { get; } = new(
        "tiny", Images("train", 20, 1), Images("validation", 5, 2), Images("test", 6, 3), Augmentation.FlipAndShift);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"exponential-test-{Guid.NewGuid():N}");

    public TrainingSettings Settings { get; set; }

    public string Folder => Path.Combine(Root, "run");

    public string Last => Path.Combine(Folder, RunFolder.LastName);

    public string Best => Path.Combine(Folder, RunFolder.BestName);

    /// <summary>Images of smooth slopes, so that there is something to learn.</summary>
    public static ImageSet Images(string name, int count, ulong seed)
    {
        var generator = new Generator(seed);
        byte[] pixels = new byte[count * 3 * 8 * 8];
        for (int plane = 0; plane < count * 3; plane++)
        {
            int start = 60 + generator.NextInt32(100);
            int slope = generator.NextInt32(12);
            for (int i = 0; i < 64; i++)
            {
                pixels[(plane * 64) + i] = (byte)(start + (slope * (i % 8)) + generator.NextInt32(4));
            }
        }

        return new ImageSet($"tiny/{name}", 3, 8, 8, pixels);
    }

    public TrainingResult Run(IProgress<TrainingProgress>? progress = null, CancellationToken stop = default) =>
        Trainer.Run(Settings, Data, progress, stop);

    public TrainingResult Resume(TrainingSettings? settings = null, CancellationToken stop = default, IProgress<TrainingProgress>? progress = null) =>
        Trainer.Resume(Folder, Data, settings, progress, stop);

    /// <summary>The metrics without what depends on the machine.</summary>
    public IEnumerable<MetricsLine> Metrics() =>
        RunFolder.ReadMetrics(Folder).Select(line => line with { Seconds = null, ImagesPerSecond = null, PeakMemoryMiB = null, Gen2Collections = null });

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
