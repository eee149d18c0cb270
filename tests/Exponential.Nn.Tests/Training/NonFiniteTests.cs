using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public class NonFiniteTests
{
    [Fact]
    public void LossNamesTheFirstModule()
    {
        using var tiny = new TinyRun();
        byte[] saved = [];
        TrainingException e = Poisoned(tiny, "model_pv.transformations.3.nn.first.bias", double.NaN, out saved);
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
        // log s = 2 tanh(h/2) saturates: the loss is finite whatever the bias, and so is 1 - tanh^2 times infinity not.
        var run = new TrainingRun(new TrainingSettings { Subflows = 1, Levels = 1, IntermediateChannels = 4, DenseNetDepth = 1, DenseNetGrowth = 4 }, [3, 8, 8]);
        (string name, Parameter parameter) = run.Model.NamedParameters().First(item => item.Name.EndsWith("nn.first.weight", StringComparison.Ordinal));
        Gradients gradients = ((Tensor)parameter * double.PositiveInfinity).Sum().Backward();
        TrainingException e = NonFiniteSearch.InGradient(run, gradients);
        Assert.Equal(name[..name.LastIndexOf('.')], e.Module);
        Assert.StartsWith($"train: step 1: the gradient is not finite, last in module {e.Module}, where the backward pass comes first (parameter {name}).", e.Message);
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
    private static TrainingException Poisoned(TinyRun tiny, string name, double value, out byte[] saved)
    {
        tiny.Settings = tiny.Settings with { MaxSteps = 2 };
        tiny.Run();
        TrainingRun run = Checkpoint.LoadRun(tiny.Last, tiny.Settings, [3, 8, 8]);
        Parameter parameter = run.Model.NamedParameters().Single(item => item.Name == name).Parameter;
        parameter.Value = Tensor.Full(parameter.Shape, value, parameter.DType);
        Checkpoint.SaveRun(tiny.Last, run);
        saved = File.ReadAllBytes(tiny.Last);
        return Assert.Throws<TrainingException>(() => tiny.Resume(tiny.Settings with { MaxSteps = 0 }));
    }
}
