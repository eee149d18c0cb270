using System.IO.Compression;

namespace Exponential.Nn;

/// <summary>
/// CIFAR-10 (Krizhevsky 2009) from its binary version: six files of 10,000 records, a record one label byte (0..9) and
/// 3,072 pixel bytes, the red plane, the green and the blue, each row by row. Splits of the original experiments:
/// training 0..39,999 and validation 40,000..49,999 of data_batch_1..5 in file order, test the 10,000 of test_batch.
/// The labels are checked and dropped.
/// </summary>
public static class Cifar10
{
    /// <summary>The name under which <see cref="Datasets.Open"/> knows it.</summary>
    public const string Name = "cifar10";

    internal const string Download = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";

    internal const string Subfolder = "cifar-10-batches-bin";
    internal const int BytesPerRecord = 1 + BytesPerImage;

    private const int Channels = 3;
    private const int Side = 32;
    private const int BytesPerImage = Channels * Side * Side;
    private const int RecordsPerRead = 64;
    private const int RecordsPerFile = 10_000;
    private const int TrainFiles = 5;

    /// <summary>Names of the six files without their extension, the test file last.</summary>
    internal static IReadOnlyList<string> Stems { get; } = [.. Enumerable.Range(1, TrainFiles).Select(i => $"data_batch_{i}"), "test_batch"];

    /// <summary>Reads the six files, each plain (<c>.bin</c>) or compressed (<c>.bin.gz</c>); plain wins where both exist.</summary>
    /// <param name="folder">The folder that holds them, or that holds the archive's folder <c>cifar-10-batches-bin</c>.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// A file is shorter or longer than 10,000 records, is not valid gzip, or holds a label above 9.
    /// </exception>
    public static ImageDataset Load(string folder) => Load(folder, RecordsPerFile);

    /// <summary>
    /// Downloads the binary archive (170 MB) from the data set's home page, checks its SHA-256, unpacks the six files and deletes it. Nothing
    /// is downloaded where they are there already; a download that broke off goes on where it was.
    /// </summary>
    /// <param name="folder">Where to; the user's cache folder when null.</param>
    /// <param name="progress">Receives reports, not always on the same thread; null for none.</param>
    /// <param name="cancellationToken">Ends the download; what has come is kept for the next one.</param>
    /// <returns>The folder, to be given to <see cref="Load(string)"/>.</returns>
    /// <exception cref="DirectoryNotFoundException">No folder is given, and the user has no cache folder.</exception>
    /// <exception cref="IOException">The home page cannot be reached or breaks off, or a file cannot be written.</exception>
    /// <exception cref="InvalidDataException">What came is not the archive; it is deleted.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<string> DownloadAsync(
        string? folder = null, IProgress<DataProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        string target = Path.GetFullPath(folder ?? CacheFolder.Find(Name) ?? throw new DirectoryNotFoundException(
            $"Cifar10: no folder is given to download into, and {CacheFolder.Missing}, or name a folder (--data DIR on the command line)"));
        await Cifar10Archive.FetchAsync(target, Cifar10Archive.HomePage, RecordsPerFile, progress, cancellationToken).ConfigureAwait(false);
        return target;
    }

    /// <summary>The user's cache folder, where <see cref="DownloadAsync"/> has put the files there; else null.</summary>
    public static string? FindDownloaded() => CacheFolder.Find(Name) is string folder && IsIn(folder, RecordsPerFile) ? folder : null;

    /// <summary>Whether a folder holds the six files, those that are not compressed of the right length.</summary>
    internal static bool IsIn(string folder, int recordsPerFile) => Stems.All(stem => TryFind(folder, stem, recordsPerFile) is not null);

    /// <summary>The same for files of another number of records, of which the last file's are the validation split.</summary>
    internal static ImageDataset Load(string folder, int recordsPerFile)
    {
        ArgumentNullException.ThrowIfNull(folder);

        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException(File.Exists(folder)
                ? $"Cifar10: '{folder}' is a file; name the folder of the files"
                : $"Cifar10: folder '{folder}' does not exist; download {Download}, unpack it and name the folder, or let --download on the command line do so");
        }

        // All files are found before anything is allocated or read.
        string[] files = [.. Stems.Select(stem => Find(folder, stem, recordsPerFile))];

        int bytesPerFile = recordsPerFile * BytesPerImage;
        byte[] learning = GC.AllocateUninitializedArray<byte>(TrainFiles * bytesPerFile);
        byte[] test = GC.AllocateUninitializedArray<byte>(bytesPerFile);
        for (int i = 0; i < TrainFiles; i++)
        {
            ReadFile(files[i], recordsPerFile, learning.AsSpan(i * bytesPerFile, bytesPerFile));
        }

        ReadFile(files[TrainFiles], recordsPerFile, test);

        ImageSet all = new($"{Name}/train", Channels, Side, Side, learning);
        int trainCount = (TrainFiles - 1) * recordsPerFile;
        return new ImageDataset(
            Name,
            all.Take(trainCount),
            all.Slice(trainCount, recordsPerFile, $"{Name}/validation"),
            new ImageSet($"{Name}/test", Channels, Side, Side, test),
            Augmentation.FlipAndShift);
    }

    /// <summary>A file of the right length; without one, another, which reading it will refuse.</summary>
    private static string Find(string folder, string stem, int recordsPerFile) =>
        TryFind(folder, stem, recordsPerFile) ?? TryFind(folder, stem, null) ?? throw new FileNotFoundException(
            $"Cifar10: '{stem}.bin' or '{stem}.bin.gz' expected in '{folder}', neither is there; "
            + $"download {Download} (the binary version) and unpack it there, or let --download on the command line do so",
            Path.Combine(folder, stem + ".bin"));

    /// <summary>A file, where it is not compressed and a number of records is given, of their length; null where there is none.</summary>
    private static string? TryFind(string folder, string stem, int? records)
    {
        foreach (string place in new[] { folder, Path.Combine(folder, Subfolder) })
        {
            foreach (string extension in new[] { ".bin", ".bin.gz" })
            {
                string path = Path.Combine(place, stem + extension);
                if (File.Exists(path) && (extension != ".bin" || records is null || new FileInfo(path).Length == (long)records * BytesPerRecord))
                {
                    return path;
                }
            }
        }

        return null;
    }

    private static void ReadFile(string path, int records, Span<byte> pixels)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        if (path.EndsWith(".gz", StringComparison.Ordinal))
        {
            using GZipStream unpacked = new(file, CompressionMode.Decompress);
            ReadRecords(unpacked, path, records, pixels);
        }
        else
        {
            ReadRecords(file, path, records, pixels);
        }
    }

    /// <summary>Reads exactly the expected records and one byte more, so that a file that unpacks to more costs nothing.</summary>
    internal static void ReadRecords(Stream stream, string path, int records, Span<byte> pixels)
    {
        long expected = (long)records * BytesPerRecord;
        byte[] buffer = new byte[RecordsPerRead * BytesPerRecord];
        for (int start = 0; start < records; start += RecordsPerRead)
        {
            int count = Math.Min(RecordsPerRead, records - start);
            Span<byte> chunk = buffer.AsSpan(0, count * BytesPerRecord);
            int length = Fill(stream, path, chunk);
            if (length < chunk.Length)
            {
                throw new InvalidDataException(
                    $"Cifar10: '{path}' must hold {expected} bytes ({records} records of {BytesPerRecord}); "
                    + $"it ends after {((long)start * BytesPerRecord) + length}; delete it and download it again");
            }

            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> record = chunk.Slice(i * BytesPerRecord, BytesPerRecord);
                if (record[0] > 9)
                {
                    throw new InvalidDataException(
                        $"Cifar10: '{path}' record {start + i} has label {record[0]}, expected 0..9; "
                        + "this is not the binary version of CIFAR-10");
                }

                record[1..].CopyTo(pixels.Slice((start + i) * BytesPerImage, BytesPerImage));
            }
        }

        if (Fill(stream, path, buffer.AsSpan(0, 1)) != 0)
        {
            throw new InvalidDataException(
                $"Cifar10: '{path}' must hold {expected} bytes ({records} records of {BytesPerRecord}); it goes on after them; "
                + "this is not the binary version of CIFAR-10");
        }
    }

    /// <summary>Fills the buffer, or as much of it as the stream still gives.</summary>
    private static int Fill(Stream stream, string path, Span<byte> buffer)
    {
        try
        {
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException corrupted)
        {
            throw new InvalidDataException(
                $"Cifar10: '{path}' is not a whole gzip file ({corrupted.Message}); delete it and download it again", corrupted);
        }
    }
}
