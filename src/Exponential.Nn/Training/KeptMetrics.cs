namespace Exponential.Nn;

/// <summary>
/// The metrics of a run that is about to be resumed: the lines that its checkpoint knows of stay; those after them the run will write again.
/// </summary>
internal sealed class KeptMetrics : IDisposable
{
    private readonly FileStream? _file;
    private readonly long _end;

    private KeptMetrics(FileStream? file, long end)
    {
        _file = file;
        _end = end;
    }

    /// <summary>Whether the file has been deleted.</summary>
    public bool IsLost => _file is null;

    /// <summary>Opens the file and finds where the lines to be kept end. It changes nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="count">The lines to be kept.</param>
    /// <exception cref="IOException">It is no file, or cannot be written.</exception>
    /// <exception cref="InvalidDataException">It has fewer lines.</exception>
    public static KeptMetrics Open(string path, int count)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"resume: {path} is a folder; the file of the run's metrics expected. Move it away to go on without them");
        }

        if (!File.Exists(path))
        {
            return new KeptMetrics(null, 0);
        }

        FileStream file = OpenFile(path);
        try
        {
            return new KeptMetrics(file, EndOf(file, path, count));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Drops the other lines, which takes no room on the disk.</summary>
    public void DropTheRest()
    {
        if (_file is not null && _end < _file.Length)
        {
            _file.SetLength(_end);
            _file.Flush(flushToDisk: true);
        }
    }

    public void Dispose() => _file?.Dispose();

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(
                $"resume: {path} cannot be written ({e.Message.TrimEnd('.')}). Make it writable, or move it away to go on without the run's metrics", e);
        }
    }

    private static long EndOf(FileStream file, string path, int count)
    {
        if (!file.CanSeek)
        {
            throw new IOException($"resume: {path} is a device or a pipe; the file of the run's metrics expected. Move it away to go on without them");
        }

        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        int end = 0;
        for (int i = 0; i < count; i++)
        {
            int length = bytes.AsSpan(end).IndexOf((byte)'\n');
            if (length < 0)
            {
                throw new InvalidDataException($"resume: {path} has {i} lines; the checkpoint was saved after {count}. Restore the file, or delete it to go on without them");
            }

            end += length + 1;
        }

        return end;
    }
}
