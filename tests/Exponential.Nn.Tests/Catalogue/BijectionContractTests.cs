using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>What bijections say of themselves, and what they refuse.</summary>
public sealed class BijectionContractTests
{
    public static TheoryData<string> Cases() => [.. Catalogue.Bijections.Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void DeclaredPropertiesHold(string name)
    {
        BijectionProbe probe = Probe(name);
        BijectionCase test = probe.Test;
        Bijection bijection = probe.Bijection;
        Assert.Equal(test.Output, bijection.OutputShape(test.Event));
        Assert.Equal(test.Event, bijection.InputShape(test.Output));
        Assert.True(bijection.EventShape is null || bijection.EventShape == test.Event, probe.Label);
        Assert.Equal(test.ConstantLogDet, bijection.HasConstantLogDet);
        Assert.Equal(test.Kind, bijection.Kind);
        Assert.Equal(test.ContextChannels, bijection.ContextChannels);
        Assert.Equal(test.Training, bijection.Training);

        (Tensor z, Tensor logDet) = probe.Forward(probe.X);
        (Tensor x, Tensor inverseLogDet) = probe.Inverse(z);
        Shape batch = [3];
        Assert.Equal<Shape>([3, .. test.Output], z.Shape);
        Assert.Equal<Shape>([3, .. test.Event], x.Shape);
        Assert.Equal(test.ConstantLogDet ? [] : batch, logDet.Shape);
        Assert.Equal(test.ConstantLogDet ? [] : batch, inverseLogDet.Shape);

        Tensor otherLogDet = probe.Forward(test.Domain([3, .. test.Event], probe.Generator)).LogDet;
        Assert.Equal(test.ConstantLogDet, Closeness.Values(logDet).SequenceEqual(Closeness.Values(otherLogDet)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TrainingAndEvaluationDifferWhereDeclared(string name)
    {
        BijectionProbe probe = Probe(name);
        probe.Bijection.Train();
        Tensor training = probe.Forward(probe.X).Value;
        probe.Bijection.Eval();
        Tensor evaluation = probe.Forward(probe.X).Value;
        if (probe.Test.ModesDiffer)
        {
            Assert.NotEqual(Closeness.Values(training), Closeness.Values(evaluation));
            return;
        }

        double scale = Closeness.Norm(evaluation) + Closeness.Norm(probe.X) + probe.BiasNorm();
        Closeness.AssertClose(evaluation, training, probe.Test.ModeTolerance * scale, probe.Label);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void OtherShapesAreRefused(string name)
    {
        BijectionProbe probe = Probe(name);
        Shape none = [0, .. probe.Test.Event];
        ArgumentException empty = Assert.Throws<ArgumentException>(() => probe.Forward(Tensor.Zeros(none, DType.Float64)));
        Assert.StartsWith($"{probe.Bijection.GetType().Name}: x must be a batch of at least one; it is {none}", empty.Message, StringComparison.Ordinal);
        if (probe.Test.Refused is not var (input, error))
        {
            return;
        }

        Tensor x = Tensor.Zeros([3, .. input], DType.Float64);
        Assert.StartsWith(error, Assert.Throws<ArgumentException>(() => probe.Forward(x)).Message, StringComparison.Ordinal);
        Assert.StartsWith(error, Assert.Throws<ArgumentException>(() => probe.Bijection.OutputShape(input)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ContextsThatDoNotFitAreRefused(string name)
    {
        BijectionProbe probe = Probe(name);
        int channels = probe.Test.ContextChannels;
        string type = probe.Bijection.GetType().Name;
        Shape space = probe.Test.Event[1..];
        if (channels == 0)
        {
            Tensor context = Tensor.Zeros([3, 2], DType.Float64);
            Refuses(context, $"{type}: it takes no context; one of [3, 2] was given");
            return;
        }

        Refuses(null, $"{type}: it needs a context of {channels} channels; none was given");
        Shape more = [3, channels + 1, .. space];
        Refuses(Tensor.Zeros(more, DType.Float64), $"{type}: context must have batch 3 and {channels} channels; it is {more}");
        Shape fewer = [2, channels, .. space];
        Refuses(Tensor.Zeros(fewer, DType.Float64), $"{type}: context must have batch 3 and {channels} channels; it is {fewer}");

        void Refuses(Tensor? context, string error) => Assert.StartsWith(
            error, Assert.Throws<ArgumentException>(() => probe.Forward(probe.X, context)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnotherElementTypeIsRefusedByWhatHasAState(string name)
    {
        BijectionProbe probe = Probe(name);
        Tensor single = probe.X.To(DType.Float32);
        if (!probe.Bijection.State().Values.Any(value => !value.IsInteger))
        {
            Assert.Equal(DType.Float32, probe.Forward(single).Value.DType);
            return;
        }

        ArgumentException error = Assert.Throws<ArgumentException>(() => probe.Forward(single, probe.Context?.To(DType.Float32)));
        Assert.Contains("Float32", error.Message, StringComparison.Ordinal);
        Assert.Contains("Float64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ActNormHasNoInverseBeforeItHasSeenData()
    {
        var actNorm = new ActNorm(3, DType.Float64);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => actNorm.Inverse(Tensor.Zeros([2, 3, 2, 2], DType.Float64)));
        Assert.Equal("ActNorm.Inverse: the layer has no scale yet; run a batch forward first, or load a trained state", error.Message);
    }

    [Fact]
    public void ActNormNormalisesItsFirstBatch()
    {
        var actNorm = new ActNorm(3, DType.Float64);
        Tensor x = (new Generator(4).Normal([5, 3, 4, 3], DType.Float64) * 7) - 3;
        Tensor z = actNorm.Forward(x).Value;
        Closeness.AssertClose(Tensor.Zeros([3], DType.Float64), z.Mean([0, 2, 3]), 1e-13, "mean");

        // The deviation is divided by itself plus 1e-8.
        Closeness.AssertClose(Tensor.Ones([3], DType.Float64), z.Variance([0, 2, 3]), 1e-8, "variance");
    }

    [Fact]
    public void ASingularMatrixHasNoInverse()
    {
        var conv = new Conv1x1(2, dtype: DType.Float64);
        conv.Parameters().Single().Value = Tensor.Ones([2, 2], DType.Float64);
        Tensor z = Tensor.Ones([1, 2, 1, 1], DType.Float64);
        Assert.Equal(double.NegativeInfinity, conv.Forward(z).LogDet.ToScalar());
        ArithmeticException error = Assert.ThrowsAny<ArithmeticException>(() => conv.Inverse(z));
        Assert.Contains("singular", error.Message, StringComparison.Ordinal);
    }

    private static BijectionProbe Probe(string name) => new(Catalogue.Bijections.Single(test => test.Name == name), seed: 1, batch: 3);
}
