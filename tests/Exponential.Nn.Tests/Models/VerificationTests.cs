using Xunit;

namespace Exponential.Nn.Tests;

public sealed class VerificationTests
{
    [Theory]
    [InlineData(Mixing.Conv1x1)]
    [InlineData(Mixing.ConvExp)]
    public void AnExactInverseLeavesRounding(Mixing mixing)
    {
        (ImageModel model, ImageSet images) = Case(mixing, ConvExpPlan.Certified);
        VerificationResult result = Evaluation.Verify(model, images, 3);
        Assert.InRange(result.ReconstructionError, double.Epsilon, 1e-12);
        Assert.InRange(result.InverseResidual, double.Epsilon, 1e-11);
        Assert.Equal(model.Flow.Steps.Select((step, i) => ($"transformations.{i}", step.GetType().Name)), result.Steps.Select(step => (step.Name, step.Type)));
        Assert.All(result.Steps, step => Assert.InRange(step.InverseResidual, 0, 1e-11));
        Assert.Equal(Evaluation.WorstReconstructionError(model, images), Evaluation.Verify(model, images, 5).ReconstructionError);
    }

    /// <summary>Three terms are no exact exponential: the residual shows it, and which steps are to blame.</summary>
    [Fact]
    public void StepsThatLoseAreNamed()
    {
        (ImageModel model, ImageSet images) = Case(Mixing.ConvExp, new ConvExpPlan.Fixed(3, 3));
        VerificationResult result = Evaluation.Verify(model, images, 5);
        Assert.True(result.ReconstructionError > 1e-6);
        Assert.True(result.InverseResidual > 1e-6);
        Assert.All(result.Steps.Where(step => step.Type == nameof(ConvExp)), step => Assert.InRange(step.InverseResidual, 1e-6, double.MaxValue));
        Assert.All(result.Steps.Where(step => step.Type != nameof(ConvExp)), step => Assert.InRange(step.InverseResidual, 0, 1e-11));
    }

    [Fact]
    public void WhatIsNotFiniteIsInfinitelyFarOff()
    {
        (ImageModel model, ImageSet images) = Case(Mixing.Conv1x1, ConvExpPlan.Certified);
        Parameter bias = model.Parameters().First(parameter => parameter.Name.EndsWith("last.bias", StringComparison.Ordinal));
        bias.Value = Tensor.Full(bias.Shape, double.NaN, DType.Float64);
        VerificationResult result = Evaluation.Verify(model, images, 5);
        Assert.Equal(double.PositiveInfinity, result.ReconstructionError);
        Assert.Equal(double.PositiveInfinity, result.InverseResidual);
        Assert.Equal("AffineCoupling", result.Steps.First(step => double.IsInfinity(step.InverseResidual)).Type);
    }

    [Fact]
    public void TheStepsOfTrainedNoiseAreMeasuredToo()
    {
        (ImageModel exact, ImageSet images) = Case(Mixing.ConvExp, ConvExpPlan.Certified);
        Assert.Empty(Evaluation.Verify(exact, images, 5).NoiseSteps);

        IReadOnlyList<StepResidual> whole = Evaluation.Verify(WithNoise(exact, ConvExpPlan.Certified), images, 5).NoiseSteps;
        Assert.Contains(whole, step => step.Type == nameof(AffineCoupling));
        Assert.All(whole, step => Assert.InRange(step.InverseResidual, 0, 1e-11));

        IReadOnlyList<StepResidual> cut = Evaluation.Verify(WithNoise(exact, new ConvExpPlan.Fixed(3, 3)), images, 5).NoiseSteps;
        Assert.Equal(whole.Select(step => (step.Name, step.Type)), cut.Select(step => (step.Name, step.Type)));
        StepResidual[] lossy = [.. cut.Where(step => step.InverseResidual > 1e-11)];
        Assert.NotEmpty(lossy);
        Assert.All(lossy, step => Assert.Equal(nameof(Invert), step.Type));
    }

    [Fact]
    public void NoiseThatIsItselfAFlowIsMeasured()
    {
        (ImageModel model, ImageSet images) = Case(Mixing.ConvExp, ConvExpPlan.Certified);
        var generator = new Generator(4);
        var network = new DenseInResidualNet(8, 12, new DenseNetSettings { Depth = 0, Count = 0 }, generator, zeroLast: false, DType.Float64);
        var flow = new Flow(
            new Chain(new Sigmoid().Invert(), new Squeeze(), new AffineCoupling([12, 4, 4], network, contextChannels: 2)),
            new StandardGaussian([12, 4, 4], DType.Float64));
        var noise = new VariationalDequantization(flow, new Conv2d(3, 2, 2, stride: 2, generator: generator, dtype: DType.Float64));
        Assert.Equal(3, Evaluation.Verify(new ImageModel(model.Flow, noise), images, 5).NoiseSteps.Count);
    }

    private static (ImageModel Model, ImageSet Images) Case(Mixing mixing, ConvExpPlan plan)
    {
        var generator = new Generator(3);
        Flow flow = MixingFlow.Create([3, 8, 8], Settings(mixing, plan), generator, DType.Float64);
        RandomState.Draw(flow, generator, kernelGain: 20);
        return (new ImageModel(flow, new UniformDequantization(DType.Float64)), Exponential.Tests.TinyRun.Images("verify", 5, 7));
    }

    private static ImageModel WithNoise(ImageModel model, ConvExpPlan plan)
    {
        var generator = new Generator(4);
        MixingFlowSettings settings = Settings(Mixing.ConvExp, plan) with { Levels = 1, SplitPrior = false, ContextChannels = 2 };
        VariationalDequantization noise = VariationalDequantization.Create([3, 8, 8], settings, generator, DType.Float64);

        // Little, so that the networks' outputs and with them the noise stay near 1.
        RandomState.Perturb(noise, generator, 0.05);
        return new ImageModel(model.Flow, noise);
    }

    private static MixingFlowSettings Settings(Mixing mixing, ConvExpPlan plan) => new()
    {
        Subflows = 1,
        Mixing = mixing,
        SplitPrior = true,
        ConvExpPlan = plan,
        Network = new() { IntermediateChannels = 4, Depth = 1, Growth = 3 },
    };
}
