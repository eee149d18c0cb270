using System.Diagnostics;
using Exponential.Cli;
using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public sealed class DataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TrainsOnAFolderOfPictures()
    {
        string pictures = Pictures(40);
        string broken = Path.Combine(pictures, "broken.png");
        File.WriteAllText(broken, "words");
        CliResult trained = Cli.Run(
            ["train", .. Cli.TinyModel, "--dataset", "folder", "--data", pictures, "--image_size", "16", "--out_dir", _folder.Root, "--exp_name", "run", "--max_steps", "2"]);
        string notice = $"exponential train: notice: 1 of 41 images cannot be read and are left out; the first: ImageFile: '{broken}' is not a picture "
            + "of a known format; PNG, JPEG, BMP, TGA, GIF or PSD expected";
        Assert.Equal([notice], trained.ErrorLines);
        Assert.Equal(CommandLine.Success, trained.Code);
        TrainingSettings settings = Checkpoint.ReadSettings(_folder.File("run", RunFolder.BestName));
        Assert.Equal(("folder", pictures, 16), (settings.Dataset, settings.DataDirectory, settings.ImageSize));
        CliResult evaluated = Cli.Run("evaluate", _folder.File("run"));
        Assert.Contains("4 images of folder/test", evaluated.Output);
        Assert.Equal([notice.Replace("exponential train", "exponential evaluate")], evaluated.ErrorLines);

        CliResult resumed = Cli.Run("train", "--resume", _folder.File("run"), "--max_steps", "3");
        Assert.Equal([notice], resumed.ErrorLines);
        Assert.Contains("step 3/3", resumed.Output);
        Assert.Contains(
            "--image_size cannot change when a run is resumed", Cli.Run("train", "--resume", _folder.File("run"), "--image_size", "8").Error);
    }

    [Fact]
    public void AFolderWithoutPicturesIsOneLine()
    {
        CliResult result = Cli.Run("train", "--dataset", "folder", "--data", _folder.Root);
        Assert.Equal(CommandLine.Failure, result.Code);
        Assert.Equal(
            [$"exponential: ImageFolder: '{_folder.Root}' and its sub-folders hold no image (.png, .jpg, .jpeg expected); name the folder of the pictures"],
            result.ErrorLines);
    }

    /// <summary>What is there is not downloaded: it is opened, and found to be nothing.</summary>
    [Fact]
    public void DownloadsNothingThatIsThere()
    {
        foreach (string name in new[] { "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch" })
        {
            File.WriteAllText(_folder.File(name + ".bin.gz"), "");
        }

        CliResult result = Cli.Run("train", "--dataset", "cifar10", "--data", _folder.Root, "--download");
        Assert.Equal(CommandLine.Failure, result.Code);
        Assert.StartsWith($"exponential: Cifar10: '{_folder.File("data_batch_1.bin.gz")}' must hold 30730000 bytes", Assert.Single(result.ErrorLines));
    }

    /// <summary>Neither is a home folder needed, nor one that may be written: each command says what it does without.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ACacheIsNotNeeded(bool hasHome)
    {
        string pictures = Pictures(10);
        string file = _folder.File("file");
        File.WriteAllText(file, "no folder");
        string notice = hasHome
            ? $"notice: the scaled images were not kept in {Path.Combine(file, "exponential", "pictures")}"
            : "notice: the scaled images were not kept: the user has no home folder, and so no cache; set XDG_CACHE_HOME to a folder that may be written";
        foreach (string[] line in new string[][]
        {
            ["train", .. Cli.TinyModel, "--dataset", "folder", "--data", pictures, "--image_size", "8", "--out_dir", _folder.Root, "--exp_name", "run", "--max_steps", "1"],
            ["evaluate", _folder.File("run")],
        })
        {
            var start = new ProcessStartInfo("dotnet", [typeof(CommandLine).Assembly.Location, .. line])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["XDG_CACHE_HOME"] = hasHome ? file : "";
            start.Environment["HOME"] = "nowhere";
            using Process process = Process.Start(start)!;
            process.StandardOutput.ReadToEnd();
            Assert.StartsWith($"exponential {line[0]}: {notice}", process.StandardError.ReadToEnd());
            process.WaitForExit();
            Assert.Equal(CommandLine.Success, process.ExitCode);
        }
    }

    private string Pictures(int count)
    {
        string folder = _folder.File("pictures");
        Directory.CreateDirectory(folder);
        ImageSet set = BuiltInImages.Create(1, count, 0, 0).Train;
        for (int i = 0; i < count; i++)
        {
            ImageFile.WritePng(Path.Combine(folder, $"{i}.png"), ImageGrid.FromSet(set.Slice(i, 1), 1, padding: i % 3));
        }

        return folder;
    }
}
