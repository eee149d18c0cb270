using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Exponential.Nn;

/// <summary>The folder of a run: what lies in it under which name.</summary>
public sealed class RunFolder
{
    /// <summary>The settings, as JSON under the command line's names.</summary>
    public const string SettingsName = "settings.json";

    /// <summary>The metrics, one JSON object a line.</summary>
    public const string MetricsName = "metrics.jsonl";

    /// <summary>The model with the lowest validation bits per dimension.</summary>
    public const string BestName = "best.safetensors";

    /// <summary>The last state, from which the run can be resumed.</summary>
    public const string LastName = "last.safetensors";

    /// <summary>Samples of the model at the last evaluation.</summary>
    public const string SamplesName = "samples.png";

    /// <summary>The folder of the samples at each evaluation, <c>step-00001000.png</c> and so on.</summary>
    public const string SamplesFolderName = "samples";

    /// <summary>Images of the test set, what encoding and decoding made of them, and the difference, amplified.</summary>
    public const string ReconstructionName = "reconstruction.png";

    /// <summary>Bits per dimension by step; drawn by the command line.</summary>
    public const string CurvesName = "curves.png";

    /// <summary>What to do where a run could not begin.</summary>
    internal const string StartAgain = "Nothing of the run is left: make room, then start again";

    /// <summary>There, and held, while a session is at work on the run.</summary>
    private const string LockName = "run.lock";

    /// <summary>Whether the folder itself was made for the run.</summary>
    private bool _isNew;

    /// <summary>Of a new run: keeps others from it since the folder was found empty.</summary>
    private FileStream? _claim;

    private RunFolder(string path) => Path = path;

    /// <summary>The folder, an absolute path.</summary>
    public string Path { get; }

    internal string Settings => At(SettingsName);

    internal string Metrics => At(MetricsName);

    internal string Best => At(BestName);

    internal string Last => At(LastName);

    internal string Samples => At(SamplesName);

    /// <summary>The samples after a number of steps.</summary>
    internal string SamplesAt(long step) =>
        System.IO.Path.Combine(At(SamplesFolderName), string.Create(CultureInfo.InvariantCulture, $"step-{step:D8}.png"));

    internal string Reconstruction => At(ReconstructionName);

    /// <summary>The metrics of a run, in order. A last line that a kill cut short is left out.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <exception cref="InvalidDataException">A line before the last is not a metric.</exception>
    public static IReadOnlyList<MetricsLine> ReadMetrics(string folder)
    {
        string path = System.IO.Path.Combine(folder, MetricsName);
        string[] lines = File.ReadAllText(path).Split('\n');
        var metrics = new List<MetricsLine>(lines.Length);

        // Whole lines end in a line feed, so the last piece is empty or cut short.
        for (int i = 0; i < lines.Length - 1; i++)
        {
            try
            {
                metrics.Add(JsonSerializer.Deserialize(lines[i], MetricsJson.Default.MetricsLine)
                    ?? throw new JsonException("null"));
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"metrics: line {i + 1} of {path} is not a metric ({e.Message})", e);
            }
        }

        return metrics;
    }

    /// <summary>Makes the folder of a new run, which is the run's from the moment that its settings are there.</summary>
    /// <exception cref="IOException">A folder of the given name exists and is not empty, or another session has it, or the settings cannot be written.</exception>
    internal static RunFolder Create(TrainingSettings settings, DateTime now)
    {
        string parent = System.IO.Path.GetFullPath(settings.OutputDirectory);
        if (settings.ExperimentName is string given)
        {
            var folder = new RunFolder(System.IO.Path.Combine(parent, given));
            return TryClaim(folder, settings, out bool isHeld)
                ? folder
                : throw new IOException(isHeld
                    ? $"train: exp_name {given}: another session is at work on {folder.Path} ({LockName} is held). Choose another name"
                    : $"train: exp_name {given}: {folder.Path} exists and is not empty. Choose another name, or "
                    + (File.Exists(folder.Last) ? $"continue that run with --resume {folder.Path}" : "delete it: it has no checkpoint to go on from"));
        }

        string stem = $"{settings.Dataset}_{SettingWords.Mixings.Of(settings.Mixing)}_{now.ToString("yyyy-MM-dd_HH-mm-ss", CultureInfo.InvariantCulture)}";
        for (int i = 1; ; i++)
        {
            var folder = new RunFolder(System.IO.Path.Combine(parent, i == 1 ? stem : $"{stem}_{i}"));
            if (TryClaim(folder, settings, out _))
            {
                return folder;
            }
        }
    }

    /// <summary>Opens the folder of a run that has a checkpoint to go on from.</summary>
    /// <exception cref="IOException">It is not there, or has none.</exception>
    internal static RunFolder Open(string folder)
    {
        string path = System.IO.Path.GetFullPath(folder);
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"resume: there is no folder {path}");
        }

        var run = new RunFolder(path);
        return File.Exists(run.Last)
            ? run
            : throw new FileNotFoundException(File.Exists(run.Settings)
                ? $"resume: the run in {path} has saved no checkpoint ({LastName}) to go on from; start it again under another name"
                : $"resume: {path} has no {LastName}; is it the folder of a run?");
    }

    /// <summary>Keeps other sessions from the run, in this process or another, until the result is disposed. A new run's claim is handed on, once.</summary>
    /// <exception cref="IOException">Another session is at work on the run.</exception>
    internal IDisposable Lock() => Interlocked.Exchange(ref _claim, null) ?? Hold();

    private FileStream Hold()
    {
        try
        {
            return new FileStream(
                At(LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(At(LockName)))
        {
            throw new IOException($"train: another session is at work on {Path} ({LockName} is held). Wait for its end, or stop it", e);
        }
    }

    /// <summary>Writes the settings with which a run goes on from its checkpoint of a step.</summary>
    /// <exception cref="IOException">They cannot be written; nothing has changed.</exception>
    internal void Rewrite(TrainingSettings settings, long step)
    {
        try
        {
            AtomicFile.Write(Settings, stream => stream.Write(Bytes(settings)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"resume: {Settings} could not be written ({e.Message.TrimEnd('.')}). The run is as it was, and its last checkpoint, of step {step}, "
                + $"is whole: make room, then go on with --resume {Path}",
                e);
        }
    }

    /// <summary>Adds a line to the metrics. A kill can cut only this line short.</summary>
    internal void Append(MetricsLine line)
    {
        using var stream = new FileStream(Metrics, FileMode.Append, FileAccess.Write, FileShare.Read);
        stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line, MetricsJson.Default.MetricsLine) + "\n"));
    }

    /// <summary>Puts the metrics on the disk, so that no checkpoint counts lines that a power failure takes.</summary>
    internal void FlushMetrics()
    {
        using var stream = new FileStream(Metrics, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Removes what a run has made that could not save its first checkpoint, so that it can be started again.</summary>
    internal void Discard()
    {
        try
        {
            File.Delete(Settings);
            File.Delete(Metrics);
            if (_isNew)
            {
                Directory.Delete(Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }

    /// <summary>
    /// Writes the settings into a folder that is new or empty. Of two that try at once, one holds the lock, and the other finds it held: an
    /// empty folder may be looked into only with the lock.
    /// </summary>
    private static bool TryClaim(RunFolder folder, TrainingSettings settings, out bool isHeld)
    {
        isHeld = false;
        if (folder.HasContent() && !File.Exists(folder.At(LockName)))
        {
            return false;
        }

        folder._isNew = !Directory.Exists(folder.Path);
        Directory.CreateDirectory(folder.Path);
        try
        {
            folder._claim = folder.Hold();
        }
        catch (IOException) when (File.Exists(folder.At(LockName)))
        {
            isHeld = true;
            return false;
        }

        if (folder.HasContent())
        {
            folder._claim.Dispose();
            return false;
        }

        FileStream stream;
        try
        {
            stream = new FileStream(folder.Settings, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (IOException) when (File.Exists(folder.Settings))
        {
            folder._claim.Dispose();
            return false;
        }
        catch
        {
            folder._claim.Dispose();
            throw;
        }

        try
        {
            using (stream)
            {
                stream.Write(Bytes(settings));
            }

            return true;
        }
        catch (IOException e)
        {
            folder._claim.Dispose();
            folder.Discard();
            throw new IOException($"train: {folder.Settings} could not be written ({e.Message.TrimEnd('.')}). {StartAgain}", e);
        }
    }

    /// <summary>Whether anything but the lock is in the folder.</summary>
    private bool HasContent() =>
        Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any(entry => System.IO.Path.GetFileName(entry) != LockName);

    private static byte[] Bytes(TrainingSettings settings) => Encoding.UTF8.GetBytes(settings.ToJson() + "\n");

    private string At(string name) => System.IO.Path.Combine(Path, name);
}
