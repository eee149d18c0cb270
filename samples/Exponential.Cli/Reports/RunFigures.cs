using System.Globalization;
using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>The figures of a run: its result, whatever that holds, and what its metrics and its checkpoint tell.</summary>
internal static class RunFigures
{
    /// <summary>What each line of metrics has: no result of its own.</summary>
    private static readonly HashSet<string> Everywhere = ["event", "step", "epoch", "seconds", "images_per_second", "peak_memory_mib", "gen2_collections"];

    private static readonly Dictionary<string, string> Labels = new()
    {
        ["test_bits_per_dim"] = "Test bits/dim",
        ["test_negative_elbo"] = "Test negative ELBO, nats an image",
        ["test_importance_weighted_bits_per_dim"] = "Test bits/dim, importance-weighted",
        ["worst_reconstruction_error"] = "Worst reconstruction error, max |decode(encode(v)) - v| / 256",
    };

    /// <summary>Labels and values, in the order in which they are shown.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="metrics">Its metrics.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(string folder, JsonObject settings, List<JsonObject> metrics)
    {
        JsonObject? result = metrics.LastOrDefault(line => Is(line, MetricsLine.ResultEvent));
        double? last = Greatest(metrics, "step");
        yield return new("State", result is not null ? "finished" : last is not null ? "not finished" : "not started");
        foreach ((string name, JsonNode? _) in result ?? [])
        {
            if (!Everywhere.Contains(name))
            {
                yield return new(Labels.GetValueOrDefault(name) ?? Readable(name), Value(result![name]));
            }
        }

        if (Best(metrics) is (double bits, double at))
        {
            yield return new("Best validation bits/dim", Invariant($"{bits:F4} (step {at:N0})"));
        }

        if (metrics.LastOrDefault(line => RunReader.Number(line, "mean_bits_per_dim") is not null) is JsonObject mean)
        {
            yield return new("Training bits/dim, mean of the last epoch", Value(RunReader.Number(mean, "mean_bits_per_dim")));
        }

        if (last is double steps)
        {
            yield return new("Steps", Invariant($"{steps:N0}"));
        }

        if (StepTime(settings, metrics) is double seconds)
        {
            yield return new("Step time, median", Invariant($"{1000 * seconds:F0} ms"));
        }

        if (Greatest(metrics, "seconds") is double all)
        {
            yield return new("Training time", ProgressText.Short(TimeSpan.FromSeconds(Math.Clamp(all, 0, 1e9))));
        }

        if (Greatest(metrics, "peak_memory_mib") is double memory)
        {
            yield return new("Most memory", Invariant($"{memory:N0} MiB"));
        }

        if (Parameters(folder) is long count)
        {
            yield return new("Parameters", Invariant($"{count:N0}"));
        }
    }

    private static (double Bits, double Step)? Best(List<JsonObject> metrics)
    {
        (double, double)[] all =
        [
            .. from line in metrics
               where Is(line, MetricsLine.EvaluationEvent)
               let bits = RunReader.Number(line, "validation_bits_per_dim")
               where bits is not null
               select (bits.Value, RunReader.Number(line, "step") ?? 0),
        ];
        return all.Length > 0 ? all.Min() : null;
    }

    /// <summary>Seconds a step takes: the median over the lines of metrics, which the first steps and a pause do not move.</summary>
    private static double? StepTime(JsonObject settings, List<JsonObject> metrics)
    {
        if (RunReader.Number(settings, "batch_size") is not double batch)
        {
            return null;
        }

        double[] times =
        [
            .. from line in metrics
               where Is(line, MetricsLine.StepEvent)
               let speed = RunReader.Number(line, "images_per_second")
               where speed > 0
               let time = batch / speed.Value
               orderby time
               select time,
        ];
        return times.Length > 0 ? times[times.Length / 2] : null;
    }

    /// <summary>
    /// Trained values: those for which the last checkpoint's optimizer has a first moment, which takes no model to count; before the first step
    /// there is none, and the model of the checkpoint is asked.
    /// </summary>
    private static long? Parameters(string folder)
    {
        string path = Path.Combine(folder, RunFolder.LastName);
        try
        {
            using (SafetensorsFile file = SafetensorsFile.Open(path))
            {
                long count = file.Entries.Values.Where(entry => entry.Name.EndsWith(".exp_avg", StringComparison.Ordinal)).Sum(entry => entry.ElementCount);
                if (count > 0)
                {
                    return count;
                }
            }

            return Checkpoint.Inspect(path).ParameterCount;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            return null;
        }
    }

    private static bool Is(JsonObject line, string kind) => line["event"] is JsonValue value && value.TryGetValue(out string? name) && name == kind;

    private static double? Greatest(List<JsonObject> metrics, string name) => metrics.Max(line => RunReader.Number(line, name));

    /// <summary>A field's name as words: <c>test_negative_elbo</c> becomes "Test negative elbo".</summary>
    private static string Readable(string name) => name.Length == 0 ? "" : char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    /// <summary>A field of a result, which is a number or whatever else it may be.</summary>
    private static string Value(JsonNode? field) =>
        field is JsonValue value && value.TryGetValue(out double number) ? Value(number) : RunReader.Text(field);

    private static string Value(double? value) => value is not double number || !double.IsFinite(number) ? "not finite"
        : number == Math.Floor(number) && Math.Abs(number) < 1e15 ? Invariant($"{number:N0}")
        : Math.Abs(number) is >= 0.01 and < 1e6 ? Invariant($"{number:F4}")
        : Invariant($"{number:E2}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
