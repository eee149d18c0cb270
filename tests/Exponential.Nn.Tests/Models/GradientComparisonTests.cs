using Xunit;

namespace Exponential.Nn.Tests;

public sealed class GradientComparisonTests
{
    private static readonly ImageSet Images = Exponential.Tests.TinyRun.Images("gradients", 5, 7);

    [Fact]
    public void AFlowIsNoDistanceFromItself()
    {
        Flow flow = Create(DType.Float32);
        Assert.Equal([new(0, 0), new(0, 0)], Evaluation.CompareGradients(flow, Create(DType.Float32), Images, 3));
    }

    [Fact]
    public void RebuiltActivationsAreARoundingAway()
    {
        Flow rebuilt = Create(DType.Float64);
        rebuilt.Recompute = RecomputeKind.Inverse;
        IReadOnlyList<GradientDistance> distances = Evaluation.CompareGradients(rebuilt, Create(DType.Float64), Images, 3);
        Assert.Equal(2, distances.Count);
        Assert.All(distances, distance => Assert.InRange(distance.Whole, double.Epsilon, 1e-10));
        Assert.All(distances, distance => Assert.InRange(distance.Element, distance.Whole / 100, 1e-10));
    }

    [Fact]
    public void Float32IsFurtherFromFloat64()
    {
        GradientDistance distance = Assert.Single(Evaluation.CompareGradients(Create(DType.Float32), Create(DType.Float64), Images, 5));
        Assert.InRange(distance.Whole, 1e-9, 1e-3);
    }

    /// <summary>Both figures from their definitions, element by element.</summary>
    [Fact]
    public void DistancesAreThoseOfTheDefinition()
    {
        Flow flow = Create(DType.Float64);
        Flow other = Create(DType.Float64);
        RandomState.Perturb(other, new Generator(5), 0.1);
        GradientDistance distance = Assert.Single(Evaluation.CompareGradients(flow, other, Images, 5));

        Tensor x = Images.ToTensor(DType.Float64);
        x += new Generator(0).Uniform(x.Shape, DType.Float64);
        double[][] left = GradientsOf(flow), right = GradientsOf(other);
        double square = left.Zip(right).Sum(pair => pair.First.Zip(pair.Second).Sum(element => Math.Pow(element.First - element.Second, 2)));
        double whole = Math.Sqrt(square / right.Sum(values => values.Sum(value => value * value)));
        double worst = left.Zip(right).Max(
            pair => pair.First.Zip(pair.Second).Max(element => Math.Abs(element.First - element.Second)) / pair.Second.Max(Math.Abs));
        Assert.True(whole > 0.01);
        Assert.Equal(whole, distance.Whole, 1e-12 * whole);
        Assert.Equal(worst, distance.Element, 1e-12 * worst);

        double[][] GradientsOf(Flow flow)
        {
            Gradients gradients = flow.LogProb(x).Mean().Backward();
            return [.. flow.Parameters().Select(parameter => gradients[parameter].ToArray<double>())];
        }
    }

    [Fact]
    public void WhatIsNotFiniteIsInfinitelyFarOff()
    {
        Flow flow = Create(DType.Float32);
        Parameter bias = flow.Parameters().First(parameter => parameter.Name.EndsWith("last.bias", StringComparison.Ordinal));
        bias.Value = Tensor.Full(bias.Shape, double.NaN);
        var infinite = new GradientDistance(double.PositiveInfinity, double.PositiveInfinity);
        Assert.Equal([infinite], Evaluation.CompareGradients(flow, Create(DType.Float32), Images, 5));
        Assert.Equal([infinite], Evaluation.CompareGradients(Create(DType.Float32), flow, Images, 5));
    }

    [Fact]
    public void AnotherFlowIsRefused()
    {
        var error = Assert.Throws<ArgumentException>(
            () => Evaluation.CompareGradients(Create(DType.Float32), Create(DType.Float32, subflows: 2), Images, 5));
        Assert.StartsWith("Evaluation.CompareGradients: expects flows with as many parameters; got ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFlowOfOtherShapesIsRefused()
    {
        var error = Assert.Throws<ArgumentException>(
            () => Evaluation.CompareGradients(Create(DType.Float32), Create(DType.Float32, growth: 5), Images, 5));
        Assert.StartsWith("Evaluation.CompareGradients: expects parameters of the same shapes; got ", error.Message, StringComparison.Ordinal);
        var empty = new Flow(new Squeeze(), new StandardGaussian([12, 4, 4]));
        error = Assert.Throws<ArgumentException>(() => Evaluation.CompareGradients(empty, empty, Images, 5));
        Assert.StartsWith("Evaluation.CompareGradients: the flows have no parameters", error.Message, StringComparison.Ordinal);
    }

    private static Flow Create(DType dtype, int subflows = 1, int growth = 3)
    {
        var settings = new MixingFlowSettings
        {
            Subflows = subflows,
            SplitPrior = true,
            Network = new() { IntermediateChannels = 4, Depth = 1, Growth = growth },
        };

        // The same values in both types, as a file has them.
        Flow flow = MixingFlow.Create([3, 8, 8], settings, new Generator(3), DType.Float64);
        RandomState.Perturb(flow, new Generator(4), 0.05);
        if (dtype == DType.Float64)
        {
            return flow;
        }

        Flow single = MixingFlow.Create([3, 8, 8], settings, new Generator(3), dtype);
        single.LoadState(flow.State());
        return single;
    }
}
