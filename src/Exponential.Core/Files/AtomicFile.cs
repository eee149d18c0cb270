using System.Formats.Tar;

namespace Exponential;

/// <summary>Writes files that are always whole: the old one or the new one, never a part.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes a file through a temporary one beside it, named <c>path + ".tmp"</c>: once its content is on the disk, it is renamed over
    /// <paramref name="path"/>. A process killed at any moment leaves the old file or the new one; a temporary file left by such a kill
    /// is overwritten next time. If <paramref name="write"/> throws, the temporary file is removed and the old file stays as it was.
    /// A symbolic link stays: the file behind it is written so.
    /// </summary>
    /// <param name="path">The file to create or replace. Its folder must exist.</param>
    /// <param name="write">Writes the content to the stream, which can seek.</param>
    /// <exception cref="DirectoryNotFoundException">Its folder does not exist.</exception>
    /// <exception cref="IOException">
    /// The path is that of a folder, a device or a pipe, which is left alone; the disk is full; or another writer is at work on the same file.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Its folder may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string target = Path.GetFullPath(new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName);
        RequireReplaceable(path, target);
        string temporary = target + ".tmp";
        try
        {
            // Opened outside the next try: if another writer holds it, it is not ours to delete.
            FileStream stream = new(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
            try
            {
                using (stream)
                {
                    write(stream);
                    stream.Flush(flushToDisk: true);
                }

                File.Move(temporary, target, overwrite: true);
            }
            catch
            {
                TryDelete(temporary);
                throw;
            }
        }
        catch (UnauthorizedAccessException e) when (e.Message.Contains(temporary, StringComparison.Ordinal))
        {
            throw new UnauthorizedAccessException(e.Message.Replace(temporary, path, StringComparison.Ordinal), e);
        }
        catch (IOException e) when (e.Message.Contains(temporary, StringComparison.Ordinal))
        {
            // The caller knows nothing of the temporary file.
            throw new IOException(e.Message.Replace(temporary, path, StringComparison.Ordinal), e);
        }
    }

    /// <summary>Renaming a file over a device or a pipe would replace it.</summary>
    private static void RequireReplaceable(string path, string target)
    {
        if (Directory.Exists(target))
        {
            throw new IOException($"'{path}' is a folder; the name of a file expected");
        }

        string folder = Path.GetDirectoryName(target) ?? target;
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"there is no folder '{folder}' in which to write '{path}'");
        }

        // Devices and pipes have no length.
        if (!OperatingSystem.IsWindows() && new FileInfo(target) is { Exists: true, Length: 0 } && !IsRegular(target))
        {
            throw new IOException($"'{path}' is a device or a pipe; the name of a file expected");
        }
    }

    /// <summary>The kind of a file, which .NET tells without opening it only where it describes the file for a tar archive.</summary>
    private static bool IsRegular(string path)
    {
        using MemoryStream archive = new();
        using (TarWriter writer = new(archive, leaveOpen: true))
        {
            try
            {
                writer.WriteEntry(path, "file");
            }
            catch (IOException)
            {
                // A socket, which no archive holds.
                return false;
            }
        }

        archive.Position = 0;
        using TarReader reader = new(archive);
        return reader.GetNextEntry()?.EntryType == TarEntryType.RegularFile;
    }

    // The failure that led here is the one to report.
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
