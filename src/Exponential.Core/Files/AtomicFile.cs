namespace Exponential;

/// <summary>Writes files that are always whole: the old one or the new one, never a part.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes a file through a temporary one beside it, named <c>path + ".tmp"</c>: once its content is on the disk, it is renamed over
    /// <paramref name="path"/>. A process killed at any moment leaves the old file or the new one; a temporary file left by such a kill
    /// is overwritten next time. If <paramref name="write"/> throws, the temporary file is removed and the old file stays as it was.
    /// </summary>
    /// <param name="path">The file to create or replace. Its folder must exist.</param>
    /// <param name="write">Writes the content to the stream, which can seek.</param>
    /// <exception cref="IOException">The disk is full, the folder is missing, or another writer is at work on the same file.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string temporary = path + ".tmp";

        // Opened outside the try: if another writer holds it, it is not ours to delete.
        FileStream stream = new(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
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
