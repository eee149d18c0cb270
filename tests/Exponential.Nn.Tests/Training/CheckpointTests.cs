using System.Text.RegularExpressions;
using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

[Collection(TrainingRuns.Name)]
public sealed class CheckpointTests : IDisposable
{
    private readonly TinyRun _tiny = new();
    private readonly TrainingResult _result;

    public CheckpointTests()
    {
        _tiny.Settings = _tiny.Settings with { MaxSteps = 2 };
        _result = _tiny.Run();
    }

    [Fact]
    public void FlowIsReadyToUse()
    {
        Flow flow = Checkpoint.LoadFlow(_tiny.Best);
        Assert.False(flow.Training);
        float[] score = flow.LogProb(TinyRun.Data.Test.ToTensor()).ToArray<float>();
        Assert.Equal(6, score.Length);
        Assert.All(score, value => Assert.True(float.IsFinite(value)));
        Assert.Equal([4, 3, 8, 8], flow.Sample(4, new Generator(0)).Value.Shape);
    }

    [Fact]
    public void ModelGivesTheRunsTestResult()
    {
        ImageModel model = Checkpoint.LoadModel(_tiny.Best);
        Assert.Equal(_result.TestBitsPerDim, Evaluation.BitsPerDim(model, TinyRun.Data.Test, _tiny.Settings.BatchSize, Evaluation.TestNoise(_tiny.Settings)));
    }

    [Fact]
    public void LastServesAsAModelToo() => Assert.NotNull(Checkpoint.LoadFlow(_tiny.Last));

    [Fact]
    public void StateUnderTheOriginalsNamesLoadsWithSettings()
    {
        // Such a file has no settings of its own.
        string path = Path.Combine(_tiny.Root, "exported.safetensors");
        Checkpoint.LoadModel(_tiny.Best).State().Save(path);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Checkpoint.LoadModel(path));
        Assert.Equal(
            $"checkpoint: {path} has no settings in its metadata: it is not the checkpoint of a run. A model from elsewhere needs LoadModel with settings", e.Message);
        ImageModel model = Checkpoint.LoadModel(path, _tiny.Settings, [3, 8, 8]);
        Assert.Equal(_result.TestBitsPerDim, Evaluation.BitsPerDim(model, TinyRun.Data.Test, _tiny.Settings.BatchSize, Evaluation.TestNoise(_tiny.Settings)));
    }

    [Fact]
    public void InspectListsTheModelInItsOrder()
    {
        CheckpointInfo info = Checkpoint.Inspect(_tiny.Last);
        ImageModel model = Checkpoint.LoadModel(_tiny.Last);
        Assert.Equal(model.State().Keys, info.Entries.Select(entry => entry.Name));
        Assert.Equal(model.ParameterCount(), info.ParameterCount);
        Assert.Equal(2, info.Step);
        Assert.Equal(_tiny.Settings, info.Settings);
        Assert.Contains(info.Entries, entry => entry is { Name: "model_qu_x.buffer", IsParameter: false, Count: 1, Type: "F32" });
    }

    [Fact]
    public void ModelOfOtherSettingsIsListed()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(
            () => Checkpoint.LoadModel(_tiny.Best, _tiny.Settings with { UseGatedConv = false }, [3, 8, 8]));
        Assert.StartsWith($"checkpoint: {_tiny.Best}: ImageModel.LoadState: the state belongs to another module or other settings", e.Message);
        Assert.Contains("nn.1.weight", e.Message);
    }

    [Fact]
    public void BestCannotBeResumed()
    {
        File.Copy(_tiny.Best, _tiny.Last, overwrite: true);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => _tiny.Resume());
        Assert.Equal($"checkpoint: {_tiny.Last} holds a model but no run to resume; last.safetensors does", e.Message);
    }

    [Fact]
    public void EveryCutIsRefused()
    {
        byte[] whole = File.ReadAllBytes(_tiny.Last);
        string path = Path.Combine(_tiny.Root, "cut.safetensors");
        for (int length = 0; length < whole.Length; length += Math.Max(1, whole.Length / 23))
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<InvalidDataException>(() => Checkpoint.LoadFlow(path));
            Assert.Throws<InvalidDataException>(() => Checkpoint.LoadRun(path, _tiny.Settings, [3, 8, 8]));
            Assert.Throws<InvalidDataException>(() => Checkpoint.Inspect(path));
        }
    }

    [Theory]
    [InlineData("n_intermediate_channels", "65536", "the settings describe a model of at least")]
    [InlineData("densenet_depth", "1024", "the settings describe a model of at least")]
    [InlineData("n_levels", "16", "the settings describe a model of at least")]
    [InlineData("n_levels", "17", "n_levels: expected 1 to 16; got 17")]
    [InlineData("n_levels", "\"two\"", "settings: ")]
    [InlineData("mixing", "\"other\"", "mixing: expected 1x1 or convexp or emerging or woodbury; got other")]
    [InlineData("mixing", "1", "mixing: expected 1x1 or convexp or emerging or woodbury; got Number")]
    [InlineData("dtype", "null", "dtype")]
    [InlineData("no_such_setting", "1", "no_such_setting")]
    public void HostileSettingsAllocateNothing(string name, string json, string expected)
    {
        string path = Edit("settings", text => Regex.IsMatch(text, $"\"{name}\"")
            ? Regex.Replace(text, $"\"{name}\": [^,\\n]+", $"\"{name}\": {json}")
            : text.Replace("{", $"{{ \"{name}\": {json},", StringComparison.Ordinal));
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Checkpoint.LoadFlow(path));
        Assert.StartsWith($"checkpoint: {path}: ", e.Message);
        Assert.Contains(expected, e.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData("[3, 8]")]
    [InlineData("[3, 8, -8]")]
    [InlineData("[3, 8, 99999999999]")]
    [InlineData("[3, 8, 16000]")]
    [InlineData("[3, 8, 7]")]
    [InlineData("[1, 16384, 16384]")]
    public void HostileImageShapeIsRefused(string shape)
    {
        string path = Edit("image_shape", _ => shape);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Checkpoint.LoadFlow(path));
        Assert.StartsWith($"checkpoint: {path}: ", e.Message);
    }

    [Theory]
    [InlineData(Mixing.ConvExp, true)]
    [InlineData(Mixing.ConvExp, false)]
    [InlineData(Mixing.Emerging, true)]
    [InlineData(Mixing.Woodbury, true)]
    [InlineData(Mixing.Woodbury, false)]
    [InlineData(Mixing.Conv1x1, true, 3)]
    public void LeastValueCountIsTightForMixingLayers(Mixing mixing, bool splitPrior, int scales = 1)
    {
        var settings = new TrainingSettings
        {
            Levels = 3,
            Subflows = 2,
            Mixing = mixing,
            UseSplitPrior = splitPrior,
            Scales = scales,
            IntermediateChannels = 1,
            DenseNetDepth = 1,
            DenseNetGrowth = 1,
        };
        ImageModel model = ModelFactory.Create(settings, [1, 32, 32], new Generator(0));
        string[] large = ["transform_bias", "woodbury_spatial", "transformations.1.weight", "transformations.3.weight"];
        long mixings = model.NamedParameters()
            .Where(item => large.Any(name => item.Name.Contains(name, StringComparison.Ordinal)))
            .Sum(item => (long)item.Parameter.Value.ElementCount);
        Assert.InRange(ModelFactory.LeastValueCount(settings, [1, 32, 32]), mixings, model.State().Values.Sum(value => value.IsInteger ? 1 : value.Tensor.ElementCount));
    }

    [Fact]
    public void HugeImagesOfManyLevelsAreCountedWithEveryBias()
    {
        // 8 levels of 4 subflows without split priors, and one layer before: 33 layers with two biases of 2^28 values.
        var settings = new TrainingSettings { Levels = 8, Mixing = Mixing.ConvExp };
        Assert.True(ModelFactory.LeastValueCount(settings, [1, 16384, 16384]) >= 33.0 * 2 * (1 << 28));
    }

    [Theory]
    [InlineData("\"step\": 2", "\"step\": -2", "a counter is negative")]
    [InlineData("\"batch\": 2", "\"batch\": 2000", "after batch 2000 of an epoch")]
    [InlineData("\"seed\": [0-9]+", "\"seed\": 9", "belongs to another seed")]
    [InlineData("\"evaluated_step\": \\d+", "\"evaluated_step\": 9223372036854775807", "evaluated_step is 9223372036854775807, of 2 steps")]
    [InlineData("\"best_bits_per_dim\": [0-9.]+", "\"best_bits_per_dim\": null", "best_bits_per_dim missing")]
    [InlineData("^{", "[", "training_state")]
    [InlineData("\"recompute\": null", "\"recompute\": {\"passes\": 3}", "recompute has no list of stored steps")]
    public void HostileStateIsRefused(string from, string to, string expected)
    {
        string path = Edit("training_state", text => Regex.Replace(text, from, to));
        File.Move(path, _tiny.Last, overwrite: true);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => _tiny.Resume());
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public void LostMetricsAreNamed()
    {
        File.WriteAllText(Path.Combine(_tiny.Folder, RunFolder.MetricsName), "");
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => _tiny.Resume());
        Assert.Contains("has 0 lines; the checkpoint was saved after", e.Message);
    }

    [Fact]
    public void SettingsLeftOutHaveTheirDefaults() =>
        Assert.Equal(new TrainingSettings { Levels = 3 }, TrainingSettings.FromJson("{\"n_levels\": 3}"));

    public void Dispose() => _tiny.Dispose();

    /// <summary>A copy of the last checkpoint with one string of its metadata changed.</summary>
    private string Edit(string key, Func<string, string> change)
    {
        string path = Path.Combine(_tiny.Root, "edited.safetensors");
        using SafetensorsFile file = SafetensorsFile.Open(_tiny.Last);
        var writer = new SafetensorsWriter();
        foreach ((string name, string value) in file.Metadata)
        {
            string changed = name == key ? change(value) : value;
            Assert.True(name != key || changed != value, $"the edit of {key} changed nothing: {value}");
            writer.AddMetadata(name, changed);
        }

        StateDictionary.Read(file).Write(writer);
        writer.Write(path);
        return path;
    }
}
