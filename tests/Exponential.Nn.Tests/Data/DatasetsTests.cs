using Xunit;

namespace Exponential.Nn.Tests;

public sealed class DatasetsTests
{
    [Fact]
    public void OpensTheBuiltInSet()
    {
        Assert.Equal(["shapes", "cifar10", "folder"], Datasets.Names);
        ImageDataset shapes = Datasets.Open("shapes", seed: 5);
        Assert.Equal("shapes", shapes.Name);
        Assert.Equal((5000, 1000, 1000), (shapes.Train.Count, shapes.Validation.Count, shapes.Test.Count));
        Assert.True(shapes.Test.Take(2).Pixels.SequenceEqual(BuiltInImages.Create(5, 0, 0, 2).Test.Pixels));
    }

    [Fact]
    public void ListsTheKnownNames()
    {
        Assert.StartsWith(
            "Datasets: name must be one of shapes, cifar10, folder; got 'cifar100'",
            Assert.Throws<ArgumentException>(() => Datasets.Open("cifar100")).Message);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void SaysWhatToDoWithoutData(string? folder)
    {
        Assert.StartsWith(
            "Datasets: cifar10 needs the folder with its files (data_batch_1.bin to data_batch_5.bin and test_batch.bin, each plain or .gz); "
            + "none was given, and nothing has been downloaded; name it (--data DIR on the command line), or download it first "
            + "(--download, 170 MB from https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz)",
            Assert.Throws<ArgumentException>(() => Datasets.Open("cifar10", folder)).Message);
    }

    [Fact]
    public void PassesTheFolderOn()
    {
        using TemporaryFolder folder = new();
        Assert.StartsWith(
            "Cifar10: 'data_batch_1.bin'", Assert.Throws<FileNotFoundException>(() => Datasets.Open("cifar10", folder.Root)).Message);
    }
}
