using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>
/// Reads a run's folder for the report. It takes the files as they come, by names and not by what this version would write: runs of earlier
/// versions, runs that go on meanwhile and runs that were killed are shown as far as they go.
/// </summary>
internal static class RunReader
{
    /// <summary>Sample grids shown of a run, spread evenly over those it has.</summary>
    private const int MostSamples = 8;

    /// <summary>What is larger is no bits/dim and no number of steps, and the arithmetic of a chart overflows with it.</summary>
    private const double MostDrawn = 1e12;

    /// <summary>Version 0.1 called it so.</summary>
    private static readonly Dictionary<string, string> OldNames = new() { ["dequantization"] = "dequantize_distribution" };

    /// <summary>Reads a run.</summary>
    /// <param name="folder">Its folder.</param>
    /// <exception cref="IOException">It is not there, or is no run's.</exception>
    public static RunRecord Read(string folder)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"{folder}: there is no such folder; 'exponential train' prints a run's folder at its end");
        }

        string settingsPath = Path.Combine(path, RunFolder.SettingsName);
        string metricsPath = Path.Combine(path, RunFolder.MetricsName);
        if (!File.Exists(settingsPath) && !File.Exists(metricsPath))
        {
            throw new FileNotFoundException(
                $"{folder}: the folder has neither {RunFolder.SettingsName} nor {RunFolder.MetricsName}; is it the folder of a run?", settingsPath);
        }

        var notes = new List<string>();
        JsonObject settings = ReadSettings(settingsPath, notes);
        List<JsonObject> metrics = ReadMetrics(metricsPath, notes);
        string name = Path.GetFileName(path);
        return new RunRecord(
            name.Length > 0 ? name : path,
            path,
            [.. settings.Select(item => KeyValuePair.Create(OldNames.GetValueOrDefault(item.Key, item.Key), Text(item.Value)))],
            Points(metrics, "mean_bits_per_dim", MetricsLine.StepEvent),
            Points(metrics, "validation_bits_per_dim", MetricsLine.EvaluationEvent),
            [.. RunFigures.Of(path, settings, metrics)],
            [.. ReadSamples(path)],
            ReadPicture(Path.Combine(path, RunFolder.ReconstructionName), "images, reconstructions, difference amplified", "drawn at the end of a run"),
            notes);
    }

    /// <summary>A number of a line of metrics, where it has one.</summary>
    public static double? Number(JsonObject line, string name) =>
        line[name] is JsonValue value && value.TryGetValue(out double number) && double.IsFinite(number) ? number : null;

    private static JsonObject ReadSettings(string path, List<string> notes)
    {
        try
        {
            return Parse(ReadText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException or InvalidOperationException)
        {
            notes.Add($"{RunFolder.SettingsName} is missing or cannot be read ({e.Message})");
            return [];
        }
    }

    private static List<JsonObject> ReadMetrics(string path, List<string> notes)
    {
        var metrics = new List<JsonObject>();
        try
        {
            int damaged = 0;

            // Whole lines end in a line feed: what follows the last one is being written, or was when the run was killed.
            foreach (string line in ReadText(path).Split('\n')[..^1])
            {
                if (TryParse(line) is JsonObject metric)
                {
                    metrics.Add(metric);
                }
                else
                {
                    damaged++;
                }
            }

            if (damaged > 0)
            {
                notes.Add($"{RunFolder.MetricsName}: {damaged} {(damaged == 1 ? "line cannot be read and is" : "lines cannot be read and are")} left out");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            notes.Add($"{RunFolder.MetricsName} is missing or cannot be read ({e.Message})");
        }

        return metrics;
    }

    /// <summary>
    /// An object that can be used: a name that stands twice, and text with half a character, show only when they are first looked at.
    /// </summary>
    private static JsonObject Parse(string json)
    {
        JsonObject whole = JsonNode.Parse(json) is JsonObject { Count: > 0 } found ? found : throw new JsonException("it is no JSON object with content");
        whole.ToJsonString();
        foreach ((string _, JsonNode? value) in whole)
        {
            Text(value);
        }

        return whole;
    }

    private static JsonObject? TryParse(string line)
    {
        try
        {
            return Parse(line);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static List<CurvePoint> Points(List<JsonObject> metrics, string name, string kind) =>
    [
        .. from line in metrics
           where Text(line["event"]) == kind && Number(line, name) is <= MostDrawn and >= -MostDrawn && Number(line, "step") is <= MostDrawn and >= 0
           select new CurvePoint(Number(line, "step")!.Value, Number(line, "seconds") / 60 ?? double.NaN, Number(line, name)!.Value),
    ];

    private static IEnumerable<RunPicture> ReadSamples(string run)
    {
        string folder = Path.Combine(run, RunFolder.SamplesFolderName);
        (long Step, string Path)[] all = Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "step-*.png").Select(path => (StepOf(path), path)).Where(file => file.Item1 >= 0).Order()]
            : [];
        if (all.Length == 0)
        {
            yield return ReadPicture(Path.Combine(run, RunFolder.SamplesName), "last evaluation", "drawn at each evaluation");
            yield break;
        }

        int shown = Math.Min(MostSamples, all.Length);
        for (int i = 0; i < shown; i++)
        {
            (long step, string path) = all[shown == 1 ? 0 : (int)Math.Round(i * (all.Length - 1.0) / (shown - 1))];
            yield return ReadPicture(path, string.Create(CultureInfo.InvariantCulture, $"step {step:N0}"), "");
        }
    }

    private static long StepOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path)["step-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;

    private static RunPicture ReadPicture(string path, string caption, string when)
    {
        string name = Path.GetFileName(path);
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            return bytes.AsSpan().StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G'])
                ? new RunPicture(caption, bytes)
                : new RunPicture(caption, null, $"{name} is no PNG file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new RunPicture(caption, null, File.Exists(path) ? $"{name} cannot be read" : $"{name} is missing{(when.Length > 0 ? $"; it is {when}" : "")}");
        }
    }

    private static string ReadText(string path)
    {
        // The run may be at work on the file.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    /// <summary>A field in words.</summary>
    public static string Text(JsonNode? value) => value switch
    {
        null => "none",
        JsonValue text when text.TryGetValue(out string? content) => content,
        _ => value.ToJsonString(),
    };
}
