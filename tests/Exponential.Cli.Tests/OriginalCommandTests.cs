using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using Exponential.Cli;
using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

/// <summary>
/// The commands by which the original's README reproduces its mixing experiment, from the first option on. Running them makes models of 57
/// million parameters, so those tests are explicit: <c>.ci/run</c> asks for them.
/// </summary>
public class OriginalCommandTests(OriginalCommandTests.TinyCifar10 data) : IClassFixture<OriginalCommandTests.TinyCifar10>
{
    private const string Conv1x1 =
        "--n_levels 2 --densenet_depth 8 --n_subflows 10 --densenet_growth 64 --n_intermediate_channels 64 --use_splitprior "
        + "--dequantize_distribution flow --use_gated_conv --epochs 1000 --exp_name 'conv1x1' --mixing '1x1'";

    private const string ConvExp =
        "--n_levels 2 --densenet_depth 8 --n_subflows 10 --densenet_growth 63 --n_intermediate_channels 64 --use_splitprior "
        + "--dequantize_distribution flow --use_gated_conv --epochs 1000 --exp_name 'convexp' --mixing 'convexp'";

    private const string Emerging =
        "--n_levels 2 --densenet_depth 8 --n_subflows 10 --densenet_growth 63 --n_intermediate_channels 64 --use_splitprior "
        + "--dequantize_distribution flow --use_gated_conv --epochs 1000 --exp_name 'emerging' --mixing 'emerging'";

    private const string Woodbury =
        "--n_levels 2 --densenet_depth 8 --n_subflows 10 --densenet_growth 63 --n_intermediate_channels 64 --use_splitprior "
        + "--dequantize_distribution flow --use_gated_conv --epochs 1000 --exp_name 'woodbury' --mixing 'woodbury'";

    [Theory]
    [InlineData(Conv1x1, "conv1x1", Mixing.Conv1x1, 64)]
    [InlineData(ConvExp, "convexp", Mixing.ConvExp, 63)]
    [InlineData(Emerging, "emerging", Mixing.Emerging, 63)]
    [InlineData(Woodbury, "woodbury", Mixing.Woodbury, 63)]
    public void CommandParses(string line, string name, Mixing mixing, int growth)
    {
        var options = new TrainOptions();
        var command = new Command("train");
        options.AddTo(command);
        ParseResult parsed = new RootCommand { command }.Parse(["train", .. Words(line)]);
        Assert.Empty(parsed.Errors);
        TrainingSettings expected = new()
        {
            Levels = 2,
            DenseNetDepth = 8,
            Subflows = 10,
            DenseNetGrowth = growth,
            IntermediateChannels = 64,
            UseSplitPrior = true,
            Dequantization = DequantizationKind.Flow,
            UseGatedConv = true,
            Epochs = 1000,
            ExperimentName = name,
            Mixing = mixing,
        };
        Assert.Equal(expected, options.Settings(parsed));
        Assert.Empty(options.Notices(parsed, expected));
    }

    /// <summary>One step at batch size 2 of each, unchanged but for the options that follow.</summary>
    [Theory(Explicit = true)]
    [Trait("Category", "OriginalCommands")]
    [InlineData(Conv1x1, 57_196_060)]
    [InlineData(ConvExp, 55_908_960)]
    [InlineData(Emerging, 55_772_736)]
    [InlineData(Woodbury, 55_934_688)]
    public void CommandRuns(string line, int parameters)
    {
        using var runs = new TemporaryFolder();
        CliResult result = Cli.Run(
        [
            "train", .. Words(line),
            "--dataset", "cifar10", "--data", data.Folder, "--out_dir", runs.Root, "--no_checkpoints",
            "--batch_size", "2", "--max_steps", "1", "--max_validation_images", "2", "--max_test_images", "2", "--sample_images", "0",
        ]);
        Assert.Equal("", result.Error);
        Assert.Equal(CommandLine.Success, result.Code);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $" {parameters:N0} parameters; cifar10, 40,000 images, 20000 steps an epoch"), result.Output);
        Assert.Contains("step 1/1", result.Output);
        Assert.Matches(@"Test: \d+\.\d{4} bits/dim", result.Output);
        string run = Assert.Single(Directory.GetDirectories(runs.Root));
        MetricsLine test = RunFolder.ReadMetrics(run)[^1];
        Assert.InRange(test.WorstReconstructionError!.Value, 0, 1e-3);
        Assert.Empty(Directory.GetFiles(run, "*.safetensors"));
    }

    /// <summary>The words of a line as a shell makes them, quotes gone.</summary>
    private static string[] Words(string line) => [.. line.Split(' ').Select(word => word.Trim('\''))];

    /// <summary>CIFAR-10's files with five pictures over and over, which take next to no room.</summary>
    public sealed class TinyCifar10 : IDisposable
    {
        private const int Records = 10_000;
        private const int Pictures = 5;
        private const int BytesPerRecord = 3073;
        private readonly Lazy<TemporaryFolder> _folder = new(Write);

        /// <summary>The folder of the files, which are written when it is first asked for.</summary>
        public string Folder => _folder.Value.Root;

        public void Dispose()
        {
            if (_folder.IsValueCreated)
            {
                _folder.Value.Dispose();
            }
        }

        private static TemporaryFolder Write()
        {
            var folder = new TemporaryFolder();
            byte[] records = new byte[Pictures * BytesPerRecord];
            var generator = new Generator(1);
            for (int i = 0; i < records.Length; i++)
            {
                records[i] = i % BytesPerRecord == 0 ? (byte)(i / BytesPerRecord) : (byte)generator.NextInt32(256);
            }

            foreach (string name in (string[])["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"])
            {
                using var packed = new GZipStream(File.Create(folder.File($"{name}.bin.gz")), CompressionLevel.Fastest);
                for (int i = 0; i < Records / Pictures; i++)
                {
                    packed.Write(records);
                }
            }

            return folder;
        }
    }
}
