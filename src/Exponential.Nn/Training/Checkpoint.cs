using System.Text.Json;

namespace Exponential.Nn;

/// <summary>
/// Trained models in safetensors files. The model's tensors have the names of the original's state; the settings are in the metadata, so that
/// a file is enough to use a model. The file to resume a run from holds the optimizer's state and the run's position besides.
/// </summary>
public static class Checkpoint
{
    private const string SettingsKey = "settings";
    private const string ImageShapeKey = "image_shape";
    private const string StepKey = "step";
    private const string StateKey = "training_state";
    private const string OptimizerPrefix = "optimizer.";

    /// <summary>Opens a trained flow for use: in evaluation mode, a distribution over images with values in [0, 256).</summary>
    /// <param name="path">A run's <c>best.safetensors</c> or <c>last.safetensors</c>.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or not the checkpoint of a run.</exception>
    public static Flow LoadFlow(string path) => LoadModel(path).Flow;

    /// <summary>Opens a trained model, the flow with its dequantization, in evaluation mode.</summary>
    /// <param name="path">A run's <c>best.safetensors</c> or <c>last.safetensors</c>.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or not the checkpoint of a run.</exception>
    public static ImageModel LoadModel(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return LoadModel(path, file, SettingsOf(path, file), ImageShapeOf(path, file));
    }

    /// <summary>Opens a model whose file says nothing about its settings, such as one exported from the original.</summary>
    /// <param name="path">The file; its tensors have the names of the original's state.</param>
    /// <param name="settings">The settings that the model was made with; only those of the model matter.</param>
    /// <param name="imageShape">[C, H, W] of its images.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or holds another model; the message lists what differs.</exception>
    public static ImageModel LoadModel(string path, TrainingSettings settings, Shape imageShape)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return LoadModel(path, file, settings, imageShape);
    }

    /// <summary>The settings of the run that saved a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or not the checkpoint of a run.</exception>
    public static TrainingSettings ReadSettings(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return SettingsOf(path, file);
    }

    /// <summary>Lists what a checkpoint, or any safetensors file, holds, without reading its tensors.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static CheckpointInfo Inspect(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.Metadata.ContainsKey(SettingsKey))
        {
            return new CheckpointInfo(
                path, null, null, null, [.. file.Entries.Values.Select(e => new CheckpointEntry(e.Name, e.Shape, e.Type.Name(), null))]);
        }

        TrainingSettings settings = SettingsOf(path, file);
        Shape imageShape = ImageShapeOf(path, file);
        ImageModel model = Create(path, file, settings, imageShape);
        HashSet<string> parameters = [.. model.NamedParameters().Select(item => item.Name)];
        var entries = new List<CheckpointEntry>();
        foreach (string name in model.State().Keys)
        {
            SafetensorsEntry entry = file.Entries.TryGetValue(name, out SafetensorsEntry? found)
                ? found
                : throw new InvalidDataException($"checkpoint: {path} lacks {name}; it belongs to another model");
            entries.Add(new CheckpointEntry(name, entry.Shape, entry.Type.Name(), parameters.Contains(name)));
        }

        long? step = file.Metadata.TryGetValue(StepKey, out string? text) && long.TryParse(text, out long value) ? value : null;
        return new CheckpointInfo(path, settings, imageShape, step, entries);
    }

    /// <summary>Saves the model of a run.</summary>
    internal static void SaveModel(string path, TrainingRun run) => Writer(run).Write(path);

    /// <summary>Saves a run so that it can be resumed.</summary>
    internal static void SaveRun(string path, TrainingRun run)
    {
        run.CapturePositions();
        SafetensorsWriter writer = Writer(run);
        run.Optimizer.State(run.Model.NamedParameters()).Write(writer, OptimizerPrefix);
        writer.AddMetadata(StateKey, JsonSerializer.Serialize(run.State, TrainingJson.Default.TrainingState));
        writer.Write(path);
    }

    /// <summary>Restores a run as it was saved.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">The settings to go on with.</param>
    /// <param name="imageShape">[C, H, W] of the images at hand.</param>
    internal static TrainingRun LoadRun(string path, TrainingSettings settings, Shape imageShape)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (ImageShapeOf(path, file) != imageShape)
        {
            throw new InvalidDataException($"checkpoint: {path} is of images {ImageShapeOf(path, file)}; the data are {imageShape}");
        }

        TrainingState state = StateOf(path, file);
        RequireFits(path, file, settings, imageShape);
        var run = new TrainingRun(settings, imageShape);
        Load(path, () =>
        {
            run.Model.LoadState(StateDictionary.Read(file, except: OptimizerPrefix));
            run.Optimizer.LoadState(StateDictionary.Read(file, OptimizerPrefix), run.Model.NamedParameters());
            run.Restore(state);
        });
        return run;
    }

    private static SafetensorsWriter Writer(TrainingRun run)
    {
        var writer = new SafetensorsWriter();
        writer.AddMetadata(SettingsKey, run.Settings.ToJson());
        writer.AddMetadata(ImageShapeKey, run.ImageShape.ToString());
        writer.AddMetadata(StepKey, FormattableString.Invariant($"{run.State.Step}"));
        run.Model.State().Write(writer);
        return writer;
    }

    private static ImageModel LoadModel(string path, SafetensorsFile file, TrainingSettings settings, Shape imageShape)
    {
        ImageModel model = Create(path, file, settings, imageShape);
        Load(path, () => model.LoadState(StateDictionary.Read(file, except: OptimizerPrefix)));
        model.Eval();
        return model;
    }

    private static ImageModel Create(string path, SafetensorsFile file, TrainingSettings settings, Shape imageShape)
    {
        RequireFits(path, file, settings, imageShape);
        ImageModel? model = null;
        Load(path, () => model = ModelFactory.CreateOfShapes(settings, imageShape));
        return model!;
    }

    /// <summary>A small file must not make a huge model: refused before anything is allocated.</summary>
    private static void RequireFits(string path, SafetensorsFile file, TrainingSettings settings, Shape imageShape)
    {
        double held = file.Entries.Values.Sum(entry => (double)entry.ElementCount);
        double needed = ModelFactory.LeastValueCount(settings, imageShape);
        if (needed > held)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"checkpoint: {path}: the settings describe a model of at least {needed:N0} values; the file holds {held:N0}. It belongs to another model, or is damaged"));
        }
    }

    private static TrainingSettings SettingsOf(string path, SafetensorsFile file)
    {
        string json = file.Metadata.TryGetValue(SettingsKey, out string? text)
            ? text
            : throw new InvalidDataException(
                $"checkpoint: {path} has no settings in its metadata: it is not the checkpoint of a run. A model from elsewhere needs LoadModel with settings");
        try
        {
            return TrainingSettings.FromJson(json);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"checkpoint: {path}: {e.Message}", e);
        }
    }

    private static Shape ImageShapeOf(string path, SafetensorsFile file)
    {
        string text = file.Metadata.TryGetValue(ImageShapeKey, out string? found) ? found : "nothing";
        string[] parts = text.Trim('[', ']').Split(',');
        int[] sizes = new int[3];
        for (int axis = 0; axis < 3; axis++)
        {
            if (parts.Length != 3 || !int.TryParse(parts[axis], out sizes[axis]) || sizes[axis] is < 1 or > 1 << 14)
            {
                throw new InvalidDataException($"checkpoint: {path}: the metadata's {ImageShapeKey} must be [C, H, W]; it is {text}");
            }
        }

        return sizes;
    }

    private static TrainingState StateOf(string path, SafetensorsFile file)
    {
        if (!file.Metadata.TryGetValue(StateKey, out string? json))
        {
            throw new InvalidDataException($"checkpoint: {path} holds a model but no run to resume; {RunFolder.LastName} does");
        }

        try
        {
            TrainingState state = JsonSerializer.Deserialize(json, TrainingJson.Default.TrainingState) ?? throw new JsonException("null");
            state.Validate();
            return state;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"checkpoint: {path}: the metadata's {StateKey}: {e.Message}", e);
        }
    }

    /// <summary>What a file makes impossible is the file's fault, and the error names it.</summary>
    private static void Load(string path, Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException)
        {
            throw new InvalidDataException($"checkpoint: {path}: {e.Message}", e);
        }
    }
}
