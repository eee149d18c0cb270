using Exponential.Cli;
using Xunit;

namespace Exponential.Tests;

public class UsageTests
{
    [Theory]
    [InlineData("", "exponential: which command? train, evaluate, sample, info or report")]
    [InlineData("trian", "exponential: unknown command 'trian'; did you mean train?")]
    [InlineData("train foo", "exponential train: unknown argument 'foo'")]
    [InlineData("train --bogus", "exponential train: unknown option '--bogus'")]
    [InlineData("train --n-level 3", "exponential train: unknown option '--n-level'; did you mean --n_levels?")]
    [InlineData("evaluate --jsn", "exponential evaluate: unknown option '--jsn'; did you mean --json?")]
    [InlineData("evaluate a b", "exponential evaluate: unknown argument 'b'")]
    [InlineData("info", "exponential info: RUN is missing: A run's folder, or a checkpoint file.")]
    [InlineData("train --epochs", "exponential train: --epochs: a value is missing")]
    [InlineData("train --out_dir --epochs 3", "exponential train: --out_dir: a value is missing before '--epochs'")]
    [InlineData("train --n_levels 2 --n-levels 3", "exponential train: --n_levels is given 2 times")]
    [InlineData("train -lr 1 --lr 2", "exponential train: --learning_rate is given 2 times")]
    [InlineData("train --use_gated_conv --use-gated-conv", "exponential train: --use_gated_conv is given 2 times")]
    [InlineData("train --n_levels 99", "exponential train: --n_levels: expected a whole number from 1 to 16; got '99'")]
    [InlineData("train --n_levels two", "exponential train: --n_levels: expected a whole number from 1 to 16; got 'two'")]
    [InlineData("train --epochs 1.5", "exponential train: --epochs: expected a whole number from 1 to 2147483647; got '1.5'")]
    [InlineData("train --lr 0,5", "exponential train: --learning_rate: expected a positive number; got '0,5'")]
    [InlineData("train --lr nan", "exponential train: --learning_rate: expected a positive number; got 'nan'")]
    [InlineData("train --lr 1e999", "exponential train: --learning_rate: expected a positive number; got '1e999'")]
    [InlineData("train --dropout_p 1", "exponential train: --dropout_p: expected a number in [0, 1); got '1'")]
    [InlineData("train --mixing other", "exponential train: --mixing: expected 1x1 or convexp or emerging or woodbury; got 'other'")]
    [InlineData("train --manual_seed -1", "exponential train: --manual_seed: expected a whole number, at least 0; got '-1'")]
    [InlineData("train --dataset mnist", "exponential train: --dataset: expected shapes or cifar10 or folder; got 'mnist'")]
    [InlineData("train --dataset cifar10", "exponential train: --dataset cifar10 needs --data, the folder of its files, or --download, which fetches them (170 MB)")]
    [InlineData("train --dataset folder", "exponential train: --dataset folder needs --data, the folder of its files")]
    [InlineData("train --download", "exponential train: --download: only cifar10 can be downloaded; --dataset is shapes")]
    [InlineData("train --exp_name -x", "exponential train: --exp_name: expected a name that does not begin with '-', without control characters; got '-x'")]
    [InlineData("train --exp_name a\u001bb", "exponential train: --exp_name: expected a name that does not begin with '-', without control characters; got 'a\\u001bb'")]
    [InlineData("train --exp_name a/b", "exponential train: --exp_name: expected a name without separators; got a/b")]
    [InlineData("train --exp_name ..", "exponential train: --exp_name: expected a name, which . and .. are not; got ..")]
    [InlineData(
        "train --n_levels 6 --use_splitprior",
        "exponential train: --n_levels 6 with use_splitprior: expected images [channels, height, width] with height and width divisible by 64; got [3, 32, 32]")]
    [InlineData("train --model_type sylvester", "exponential train: --model_type: expected mixing; got 'sylvester'")]
    [InlineData("train -te -va", "exponential train: --validation and --testing exclude each other")]
    [InlineData("train --attention some", "exponential train: --attention: expected none or sparse or full; got 'some'")]
    [InlineData("train --variable-type real", "exponential train: --variable_type: expected discrete or continuous; got 'real'")]
    [InlineData("train --data_augmentation_level x", "exponential train: --data_augmentation_level: expected a whole number from -2147483648 to 2147483647; got 'x'")]
    [InlineData("train -es -1", "exponential train: --early_stopping_epochs: expected a whole number from 0 to 2147483647; got '-1'")]
    [InlineData("train --break_epochs", "exponential train: unknown option '--break_epochs'; did you mean --break_epoch?")]
    [InlineData(
        "train --no_checkpoints --checkpoint_interval_steps 5",
        "exponential train: --checkpoint_interval_steps: expected none beside no_checkpoints; got 5")]
    [InlineData("evaluate x --iw-samples -2", "exponential evaluate: --iw_samples: expected a whole number from 0 to 2147483647; got '-2'")]
    [InlineData(
        "train --use_splitprior --n_scales 5",
        "exponential train: --n_levels 2 with use_splitprior and n_scales 5: expected images [channels, height, width] with height and width divisible by 64; got [3, 32, 32]")]
    [InlineData(
        "train --n_scales 6",
        "exponential train: --n_scales 6: expected images [channels, height, width] with height and width divisible by 64; got [3, 32, 32]")]
    [InlineData("sample x --count 0", "exponential sample: --count: expected a whole number from 1 to 4096; got '0'")]
    [InlineData("sample x -o grid.jpg", "exponential sample: --output: expected a file name that ends in .png; got 'grid.jpg'")]
    [InlineData("report x -o last.safetensors", "exponential report: --out: expected a file name that ends in .html or .htm; got 'last.safetensors'")]
    [InlineData("sample x --temperature -1", "exponential sample: --temperature: expected a number, at least 0; got '-1'")]
    public void UsageErrorIsOneLineAndAHint(string line, string expected)
    {
        // Should a line turn out to be right after all, it must not train.
        CliResult result = Cli.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), new CancellationToken(canceled: true));
        Assert.Equal(CommandLine.Usage, result.Code);
        Assert.Equal(2, result.ErrorLines.Length);
        Assert.Equal(expected, result.ErrorLines[0]);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("evaluate")]
    [InlineData("sample")]
    [InlineData("info")]
    [InlineData("report")]
    public void ARunWithoutANameIsAUsageError(string command)
    {
        CliResult result = Cli.Run(command, " ");
        Assert.Equal(CommandLine.Usage, result.Code);
        Assert.Equal($"exponential {command}: RUN: expected the name of a folder or a file; got ' '", result.ErrorLines[0]);
    }

    [Theory]
    [InlineData("evaluate no-such-run")]
    [InlineData("sample no-such-run")]
    [InlineData("info no-such-run")]
    public void MissingRunIsAFailure(string line)
    {
        CliResult result = Cli.Run(line.Split(' '));
        Assert.Equal(CommandLine.Failure, result.Code);
        Assert.Equal(["exponential: no-such-run: there is no such folder or file; 'exponential train' prints a run's folder at its end"], result.ErrorLines);
    }

    [Fact]
    public void MissingRunCannotBeResumed()
    {
        CliResult result = Cli.Run("train", "--resume", "no-such-run");
        Assert.Equal(CommandLine.Failure, result.Code);
        Assert.Equal(["exponential: no-such-run: there is no such folder; 'exponential train' prints a run's folder at its end"], result.ErrorLines);
    }

    /// <summary>A full disk behind the error stream: the exit code alone is left to say that something failed.</summary>
    [Theory]
    [InlineData("train --bogus", CommandLine.Usage)]
    [InlineData("info no-such-run", CommandLine.Failure)]
    public void AnErrorThatCannotBeWrittenKeepsItsExitCode(string line, int expected)
    {
        using var output = new StringWriter();
        using var full = new StreamWriter(new FullStream()) { AutoFlush = true };
        Assert.Equal(expected, CommandLine.Run(line.Split(' '), new Terminal(output, full, IsLive: false), CancellationToken.None));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("train --max_steps 1")]
    public void OutputThatCannotBeWrittenIsNamed(string line)
    {
        using var folder = new TemporaryFolder();
        using var full = new StreamWriter(new FullStream()) { AutoFlush = true };
        using var error = new StringWriter();
        string[] args = line.StartsWith("train", StringComparison.Ordinal) ? [.. line.Split(' '), "--out_dir", folder.Root] : [line];
        Assert.Equal(CommandLine.Failure, CommandLine.Run(args, new Terminal(full, error, IsLive: false), CancellationToken.None));
        Assert.Equal("exponential: standard output cannot be written: No space left on device", error.ToString().TrimEnd());
    }

    [Fact]
    public void ANoticeThatCannotBeWrittenEndsNoRun()
    {
        using var folder = new TemporaryFolder();
        using var output = new StringWriter();
        using var full = new StreamWriter(new FullStream()) { AutoFlush = true };
        string[] args = ["train", .. Cli.TinyModel, "--out_dir", folder.Root, "--exp_name", "run", "--max_steps", "1", "--no_cuda"];
        Assert.Equal(CommandLine.Success, CommandLine.Run(args, new Terminal(output, full, IsLive: false), CancellationToken.None));
        Assert.Contains("Test: ", output.ToString());
    }

    [Theory]
    [InlineData("--help", "train")]
    [InlineData("train --help", "--n_intermediate_channels")]
    [InlineData("train --help", "Model; any of these replaces the quick preset by the original's defaults:")]
    [InlineData("train --bogus -h", "  -es, --early_stopping_epochs <n>")]
    [InlineData("evaluate --help", "--json")]
    [InlineData("--version", "0.")]
    public void HelpIsPrinted(string line, string expected)
    {
        CliResult result = Cli.Run(line.Split(' '));
        Assert.Equal(CommandLine.Success, result.Code);
        Assert.Contains(expected, result.Output);
        Assert.Empty(result.Error);
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("No space left on device");
    }
}
