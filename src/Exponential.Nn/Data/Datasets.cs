namespace Exponential.Nn;

/// <summary>The data sets the library knows by name.</summary>
public static class Datasets
{
    private const string FolderContents = "data_batch_1.bin to data_batch_5.bin and test_batch.bin, each plain or .gz";

    /// <summary>The known names, the built-in set first.</summary>
    public static IReadOnlyList<string> Names { get; } = [BuiltInImages.Name, Cifar10.Name, ImageFolder.Name];

    /// <summary>Draws or reads a data set into memory.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dataFolder">
    /// The folder that holds its files; the built-in set has none and ignores it. Without it, CIFAR-10 is looked for where
    /// <see cref="Cifar10.DownloadAsync"/> puts it.
    /// </param>
    /// <param name="seed">Fixes the built-in images; files do not depend on it.</param>
    /// <param name="imageSize">The side to which a folder's pictures are scaled; other sets ignore it.</param>
    /// <param name="progress">Receives reports on the calling thread; null for none.</param>
    /// <param name="cancellationToken">Ends the reading of a folder.</param>
    /// <exception cref="ArgumentException">The name is not known, the set needs a folder and none is given, or the side is out of range.</exception>
    /// <exception cref="IOException">The folder or a file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ImageDataset Open(
        string name,
        string? dataFolder = null,
        ulong seed = 0,
        int imageSize = ImageFolder.DefaultSide,
        IProgress<DataProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        switch (name)
        {
            case BuiltInImages.Name:
                return BuiltInImages.Create(seed);
            case Cifar10.Name when !string.IsNullOrEmpty(dataFolder):
                return Cifar10.Load(dataFolder);
            case Cifar10.Name:
                return Cifar10.Load(Cifar10.FindDownloaded() ?? throw new ArgumentException(
                    $"Datasets: {Cifar10.Name} needs the folder with its files ({FolderContents}); none was given, and nothing has been downloaded; "
                    + $"name it (--data DIR on the command line), or download it first (--download, 170 MB from {Cifar10.Download})",
                    nameof(dataFolder)));
            case ImageFolder.Name when !string.IsNullOrEmpty(dataFolder):
                return ImageFolder.Load(dataFolder, imageSize, progress: progress, cancellationToken: cancellationToken);
            case ImageFolder.Name:
                throw new ArgumentException(
                    $"Datasets: {ImageFolder.Name} needs a folder of PNG or JPEG images; none was given; name it (--data DIR on the command line)",
                    nameof(dataFolder));
            default:
                throw new ArgumentException(
                    $"Datasets: name must be one of {string.Join(", ", Names)}; got '{name}'", nameof(name));
        }
    }
}
