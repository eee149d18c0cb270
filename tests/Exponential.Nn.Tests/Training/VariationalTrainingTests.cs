using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

/// <summary>Runs whose noise is trained with the model.</summary>
[Collection(TrainingRuns.Name)]
public sealed class VariationalTrainingTests
{
    /// <summary>Loss, noise and dropout go on where they stopped, in the noise's flow and its context network too.</summary>
    [Theory]
    [InlineData(Mixing.Conv1x1)]
    [InlineData(Mixing.ConvExp)]
    public void InterruptedRunComesToTheSame(Mixing mixing)
    {
        using TinyRun whole = Run(mixing);
        TrainingResult expected = whole.Run();
        using TinyRun broken = Run(mixing);
        using var stop = new CancellationTokenSource();
        broken.Run(
            new Reports(report =>
            {
                if (report is StepCompleted { Step: 4 })
                {
                    stop.Cancel();
                }
            }),
            stop.Token);
        Assert.Equal(expected with { Folder = "" }, broken.Resume() with { Folder = "" });
        Assert.Equal(whole.Metrics(), broken.Metrics());
        TrainerTests.AssertSameTensors(whole.Last, broken.Last);
    }

    [Fact]
    public void EveryParameterIsTrainedAndTheTestIsRepeatable()
    {
        using TinyRun run = Run(Mixing.ConvExp);
        TrainingResult result = run.Run();
        ImageModel fresh = new TrainingRun(run.Settings, [3, 8, 8]).Model;
        ImageModel trained = Checkpoint.LoadModel(run.Last);
        Assert.IsType<VariationalDequantization>(trained.Dequantization);
        Assert.Equal(run.Settings.ParameterCount([3, 8, 8]), trained.ParameterCount());
        Dictionary<string, float[]> before = fresh.NamedParameters().ToDictionary(item => item.Name, item => item.Parameter.Value.ToArray<float>());
        foreach ((string name, Parameter parameter) in trained.NamedParameters())
        {
            Assert.False(parameter.Value.ToArray<float>().SequenceEqual(before[name]), $"{name} has not moved");
        }

        ImageModel best = Checkpoint.LoadModel(run.Best);
        Generator noise = Evaluation.TestNoise(run.Settings);
        Assert.Equal(result.TestBitsPerDim, Evaluation.BitsPerDim(best, TinyRun.Data.Test, run.Settings.BatchSize, noise));
    }

    /// <summary>The name of version 0.1 in files, which have no other settings of the noise.</summary>
    [Fact]
    public void OldNameOfTheSettingIsRead()
    {
        Assert.Equal(DequantizationKind.Flow, TrainingSettings.FromJson("{\"dequantization\": \"flow\"}").Dequantization);
        Assert.Equal(DequantizationKind.Flow, TrainingSettings.FromJson("{\"dequantize_distribution\": \"flow\"}").Dequantization);
        Assert.DoesNotContain("\"dequantization\"", new TrainingSettings().ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dequantize_levels", 17, "1 to 16")]
    [InlineData("dequantize_subflows", 0, "1 to 1024")]
    [InlineData("n_context", 0, "1 to 65536")]
    [InlineData("iw_samples", -1, "at least 0")]
    public void SettingsOutOfRangeAreRefused(string name, int value, string expected)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => TrainingSettings.FromJson($"{{\"{name}\": {value}}}"));
        Assert.Equal($"settings: {name}: expected {expected}; got {value}", e.Message);
    }

    private static TinyRun Run(Mixing mixing)
    {
        var run = new TinyRun();
        run.Settings = run.Settings with
        {
            Mixing = mixing,
            Epochs = 2,
            Dequantization = DequantizationKind.Flow,
            DequantizationSubflows = 1,
            ContextChannels = 3,
        };
        return run;
    }
}
