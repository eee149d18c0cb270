using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

[Collection(TrainingRuns.Name)]
public class NonFiniteTests
{
    [Fact]
    public void LossNamesTheFirstModule()
    {
        using var tiny = new TinyRun();
        byte[] saved = [];
        TrainingException e = Poisoned(tiny, "model_pv.transformations.3.nn.first.bias", parameter => Filled(parameter, double.NaN), out saved);
        Assert.Equal(3, e.Step);
        Assert.Equal("model_pv.transformations.3.nn.first", e.Module);
        Assert.StartsWith(
            "train: step 3: the loss is not finite, first in module model_pv.transformations.3.nn.first (Conv2d: the output is not finite, though the input is).",
            e.Message);
        Assert.Equal(saved, File.ReadAllBytes(tiny.Last));
    }

    [Fact]
    public void GradientNamesTheModule()
    {
        // ln |det W| of a tiny W is finite; its derivative, the inverse, overflows.
        using var tiny = new TinyRun();
        TrainingException e = Poisoned(
            tiny,
            "model_pv.transformations.2.conv1x1.W",
            parameter => (Tensor.Eye(12) * 1e-40).Reshape(parameter.Shape),
            out byte[] saved);
        Assert.Equal((3, "model_pv.transformations.2.conv1x1"), (e.Step, e.Module));
        Assert.StartsWith(
            "train: step 3: the gradient is not finite, last in module model_pv.transformations.2.conv1x1, where the backward pass comes first (parameter model_pv.transformations.2.conv1x1.W).",
            e.Message);
        Assert.Equal(saved, File.ReadAllBytes(tiny.Last));
    }

    [Theory]
    [InlineData(ConvExpTerms.Original, double.NaN)]
    [InlineData(ConvExpTerms.Tolerance, double.NaN)]
    [InlineData(ConvExpTerms.Tolerance, double.PositiveInfinity)]
    public void KernelThatIsNotFiniteIsReportedByBothPlans(ConvExpTerms terms, double value)
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { ConvExpTerms = terms };
        TrainingException e = Poisoned(tiny, "model_pv.transformations.2.kernel_orig", parameter => Filled(parameter, value), out byte[] saved);
        Assert.Equal((3, "model_pv.transformations.2"), (e.Step, e.Module));
        Assert.StartsWith("train: step 3: the loss is not finite, first in module model_pv.transformations.2 (ConvExp: ", e.Message);
        Assert.Equal(saved, File.ReadAllBytes(tiny.Last));
    }

    [Fact]
    public void ValidationNamesTheStepsBeforeIt()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { LearningRate = 1e30, MaxSteps = 1 };
        TrainingException e = Assert.Throws<TrainingException>(() => tiny.Run());
        Assert.Equal(1, e.Step);
        Assert.StartsWith("train: after step 1: the validation bits/dim is not finite, first in module model_pv.", e.Message);
        Assert.Equal(0, Checkpoint.Inspect(tiny.Last).Step);
    }

    [Theory]
    [InlineData(1, "train: after step 1: ")]
    [InlineData(0, "train: step 2: ")]
    public void RunWithoutCheckpointsIsNotSaidToHaveOne(int maxSteps, string expected)
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { LearningRate = 1e30, MaxSteps = maxSteps, NoCheckpoints = true };
        TrainingException e = Assert.Throws<TrainingException>(() => tiny.Run());
        Assert.StartsWith(expected, e.Message);
        Assert.EndsWith(". Nothing is saved, as no_checkpoints asked; a lower learning_rate or a clip_norm may help", e.Message);
        Assert.DoesNotContain("intact", e.Message);
    }

    [Fact]
    public void CheckpointHoldsTheLastStepThatCanBeGoneOnFrom()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { LearningRate = 1e30, CheckpointIntervalSteps = 1 };
        TrainingException e = Assert.Throws<TrainingException>(() => tiny.Run());

        // The step before the failed one ruined the model: what it started from is the last good state.
        long good = e.Step - 2;
        Assert.Equal(good, Checkpoint.Inspect(tiny.Last).Step);
        ImageModel model = Checkpoint.LoadModel(tiny.Last);
        Assert.True(double.IsFinite(Evaluation.BitsPerDim(model, TinyRun.Data.Validation, 8, new Generator(0))));
        long from = -1;
        Assert.Throws<TrainingException>(
            () => tiny.Resume(progress: new Reports(report => from = report is RunStarted start ? start.ResumedAt : from)));
        Assert.Equal(good, from);
    }

    [Fact]
    public void CancelledRunDoesNotSaveARuinedModel()
    {
        using var tiny = new TinyRun();
        using var stop = new CancellationTokenSource();
        tiny.Settings = tiny.Settings with { LearningRate = 1e30 };
        byte[] saved = [];
        TrainingException e = Assert.Throws<TrainingException>(() => tiny.Run(
            new Reports(report =>
            {
                if (report is StepCompleted { Step: 1 })
                {
                    saved = File.ReadAllBytes(tiny.Last);
                    stop.Cancel();
                }
            }),
            stop.Token));
        Assert.StartsWith("train: after step 1: the bits/dim of validation images is not finite, first in module model_pv.", e.Message);
        Assert.Equal(1, e.Step);
        Assert.Equal(saved, File.ReadAllBytes(tiny.Last));
    }

    [Fact]
    public void TestThatIsNotFiniteIsAFailure()
    {
        using var tiny = new TinyRun();
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        TrainingRun run = Checkpoint.LoadRun(tiny.Last, tiny.Settings, [3, 8, 8]);
        Parameter parameter = run.Model.NamedParameters().Single(item => item.Name == "model_pv.transformations.3.nn.first.bias").Parameter;
        parameter.Value = Filled(parameter, 3e38);
        Checkpoint.SaveModel(tiny.Best, run);
        TrainingException e = Assert.Throws<TrainingException>(() => tiny.Resume());
        Assert.StartsWith("train: after step 2: the test bits/dim is not finite, first in module model_pv.transformations.3.nn.", e.Message);
    }

    [Fact]
    public void FailedStepIsRepeatedFromWhereItStarted()
    {
        var settings = new TrainingSettings { Subflows = 1, Levels = 1, IntermediateChannels = 4, DenseNetDepth = 1, DenseNetGrowth = 4, Mixing = Mixing.ConvExp, Dropout = 0.5 };
        var run = new TrainingRun(settings, [3, 8, 8]);
        Tensor images = TinyRun.Data.Train.ToTensor();
        run.Model.Train();
        ForwardState.Values before = run.Forward.Capture();
        double first = run.Model.BitsPerDim(images, run.Noise).ToScalar();
        double second = run.Model.BitsPerDim(images, run.Noise).ToScalar();
        run.Forward.Restore(before);
        double again = run.Model.BitsPerDim(images, run.Noise).ToScalar();
        Assert.NotEqual(first, second);
        Assert.Equal(first, again);
    }

    [Fact]
    public void NothingIsCheckedInAnOrdinaryStep()
    {
        var conv = new Conv2d(1, 1, 1);
        Tensor bad = Tensor.Full([1, 1, 2, 2], double.NaN);
        Assert.False(conv.Forward(bad).IsFinite());
        using FiniteChecks.Scope checks = FiniteChecks.On();
        NonFiniteException e = Assert.Throws<NonFiniteException>(() => conv.Forward(bad));
        Assert.Same(conv, e.Module);
    }

    /// <summary>Takes two steps, then puts a value into a parameter of the checkpoint and goes on.</summary>
    private static TrainingException Poisoned(TinyRun tiny, string name, Func<Parameter, Tensor> value, out byte[] saved)
    {
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        TrainingRun run = Checkpoint.LoadRun(tiny.Last, tiny.Settings, [3, 8, 8]);
        Parameter parameter = run.Model.NamedParameters().Single(item => item.Name == name).Parameter;
        parameter.Value = value(parameter);
        Checkpoint.SaveRun(tiny.Last, run);
        saved = File.ReadAllBytes(tiny.Last);
        return Assert.Throws<TrainingException>(() => tiny.Resume(tiny.Settings with { MaxSteps = 0 }));
    }

    private static Tensor Filled(Parameter parameter, double value) => Tensor.Full(parameter.Shape, value, parameter.DType);
}
