using System.Formats.Tar;
using System.IO.Compression;

namespace Exponential.Nn;

/// <summary>CIFAR-10's archive on its home page: where it is, and how its six files come out of it.</summary>
internal static class Cifar10Archive
{
    /// <summary>
    /// The binary version. Its home page publishes the MD5 c32a1d4ab5d03f1284b67883e8d87530; length and SHA-256 are those of the file with it.
    /// </summary>
    public static KnownFile HomePage { get; } = new(
        new Uri(Cifar10.Download), 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd");

    /// <summary>Downloads the archive into a folder, unpacks it there and deletes it; nothing is done where the files are there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="source">The archive.</param>
    /// <param name="recordsPerFile">Images of each file.</param>
    /// <param name="progress">Receives reports, not always on the same thread; null for none.</param>
    /// <param name="cancellationToken">Ends the download; what has come is kept.</param>
    public static async Task FetchAsync(
        string folder, KnownFile source, int recordsPerFile, IProgress<DataProgress>? progress, CancellationToken cancellationToken)
    {
        if (Cifar10.IsIn(folder, recordsPerFile))
        {
            return;
        }

        var download = new FileDownload(source, folder);
        await download.RunAsync(progress, cancellationToken).ConfigureAwait(false);
        Unpack(download.Target, Path.Combine(folder, Cifar10.Subfolder), recordsPerFile, cancellationToken);
        File.Delete(download.Target);
    }

    /// <summary>
    /// Unpacks the six files, each whole or not at all. Of an entry's path only the last part is looked at, and only for
    /// these six names, so that nothing is written anywhere else; links and all other entries are passed over.
    /// </summary>
    /// <exception cref="InvalidDataException">A file is missing, has another length, or the archive unpacks to more than it should.</exception>
    public static void Unpack(string archive, string folder, int recordsPerFile, CancellationToken cancellationToken = default)
    {
        const long OtherFiles = 1 << 20;
        long length = (long)recordsPerFile * Cifar10.BytesPerRecord;
        HashSet<string> missing = [.. Cifar10.Stems.Select(stem => stem + ".bin")];
        long left = (missing.Count * length) + OtherFiles;
        Directory.CreateDirectory(folder);
        using FileStream file = File.OpenRead(archive);
        using GZipStream unpacked = new(file, CompressionMode.Decompress);
        using TarReader reader = new(unpacked);
        while (missing.Count > 0 && reader.GetNextEntry() is TarEntry entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            left -= entry.Length;
            if (left < 0)
            {
                throw new InvalidDataException($"Cifar10: '{archive}' unpacks to more than CIFAR-10 takes; it is another archive");
            }

            string name = entry.Name[(entry.Name.LastIndexOf('/') + 1)..];
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !missing.Remove(name))
            {
                continue;
            }

            if (entry.Length != length)
            {
                throw new InvalidDataException($"Cifar10: '{name}' in '{archive}' must hold {length} bytes; it holds {entry.Length}");
            }

            AtomicFile.Write(Path.Combine(folder, name), stream => entry.DataStream!.CopyTo(stream));
        }

        if (missing.Count > 0)
        {
            throw new InvalidDataException($"Cifar10: '{archive}' lacks {string.Join(", ", missing.Order(StringComparer.Ordinal))}; it is another archive");
        }
    }
}
