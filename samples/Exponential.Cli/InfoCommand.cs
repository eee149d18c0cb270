using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary><c>exponential info</c>: what is in a run's checkpoint, or in any safetensors file.</summary>
internal static class InfoCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        Argument<string> run = RunArgument.Create();
        Option<bool> json = Parsers.Flag("--json", "Print one JSON object.");
        var command = new Command("info", "Show a checkpoint's parameters by module, their shapes and their total.") { run, json };
        command.SetAction(parsed =>
        {
            CheckpointInfo info = Checkpoint.Inspect(RunArgument.Checkpoint(parsed.GetRequiredValue(run)));
            terminal.Output.WriteLine(parsed.GetValue(json) ? Json(info).ToJsonString(Output.Indented) : Text(info));
            return CommandLine.Success;
        });
        return command;
    }

    private static JsonObject Json(CheckpointInfo info)
    {
        var entries = new JsonArray();
        foreach (CheckpointEntry entry in info.Entries)
        {
            entries.Add(new JsonObject
            {
                ["name"] = entry.Name,
                ["shape"] = new JsonArray([.. entry.Shape.Select(n => JsonValue.Create(n))]),
                ["type"] = entry.Type,
                ["is_parameter"] = entry.IsParameter,
            });
        }

        return new JsonObject
        {
            ["file"] = Path.GetFullPath(info.Path),
            ["step"] = info.Step,
            ["parameters"] = info.ParameterCount,
            ["values"] = info.ValueCount,
            ["settings"] = info.Settings is TrainingSettings settings ? JsonNode.Parse(settings.ToJson()) : null,
            ["entries"] = entries,
        };
    }

    private static string Text(CheckpointInfo info)
    {
        var lines = new List<string> { Path.GetFullPath(info.Path) };
        int width = Math.Max(10, info.Entries.Select(e => Output.Plain(e.Name).Length).DefaultIfEmpty(0).Max());
        foreach (IGrouping<string, CheckpointEntry> module in info.Entries.GroupBy(e => TopOf(e.Name)))
        {
            lines.Add(Invariant($"{Output.Plain(module.Key)}: {module.Where(e => e.IsParameter != false).Sum(e => e.Count):N0}"));
            lines.AddRange(module.Select(e => Invariant(
                $"  {Output.Plain(e.Name).PadRight(width)}  [{string.Join(", ", e.Shape)}] {e.Type}{(e.IsParameter == false ? ", buffer" : "")}")));
        }

        lines.Add(info.Settings is null
            ? Invariant($"{Output.Count(info.ValueCount, "value")} in {Output.Count(info.Entries.Count, "tensor")}. The file says nothing about the model that they belong to.")
            : Invariant($"{info.ParameterCount:N0} parameters, {info.ValueCount:N0} values with buffers; saved at step {info.Step}."));
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>The module an entry is listed under: <c>model_pv.transformations.3.nn.first.weight</c> under <c>model_pv.transformations.3</c>.</summary>
    private static string TopOf(string name)
    {
        string[] parts = name.Split('.');
        int number = Array.FindIndex(parts, part => part.All(char.IsAsciiDigit));
        int length = number >= 0 ? number + 1 : Math.Max(1, parts.Length - 1);
        return string.Join('.', parts.Take(length));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
