using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>What every distribution must do, over the catalogue.</summary>
public sealed class DistributionPropertyTests
{
    public static TheoryData<string> Cases() => [.. Catalogue.Distributions.Select(test => test.Name)];

    public static TheoryData<string> OneDimensional() =>
        [.. Catalogue.Distributions.Where(test => test.Interval is not null).Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void LogProbIsThatOfTheFormula(string name)
    {
        Probe probe = new(name, batch: 3);
        Tensor logProb = probe.Distribution.LogProb(probe.X, probe.Context);
        Assert.Equal<Shape>([3], logProb.Shape);
        for (int row = 0; row < 3; row++)
        {
            double expected = probe.Test.LogProb(probe.Distribution, probe.X.Narrow(0, row, 1), probe.Context?.Narrow(0, row, 1));
            Closeness.AssertClose(expected, Closeness.Values(logProb)[row], probe.Rounding(expected), $"{probe.Label}, row {row}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SamplesComeWithTheirLogProb(string name)
    {
        Probe probe = new(name, batch: 6);
        double[] temperatures = probe.Test.HasTemperature ? [1, 0.7, 0] : [1];
        foreach (double temperature in temperatures)
        {
            (Tensor value, Tensor logProb) = probe.Distribution.Sample(6, new Generator(5), probe.Context, temperature);
            Assert.Equal<Shape>([6, .. probe.Distribution.EventShape], value.Shape);
            Assert.Equal<Shape>([6], logProb.Shape);

            // The sample is rounded, so its log-density moves by its slope there.
            Tensor x = value.Detach().WithGradient();
            Tensor again = probe.Distribution.LogProb(x, probe.Context);
            Tensor slopes = again.RequiresGradient ? Autograd.Gradient(again, [x])[0] : x.ZerosLike();
            for (int row = 0; row < 6; row++)
            {
                double slope = Closeness.Norm(slopes.Narrow(0, row, 1)) * Closeness.Norm(value.Narrow(0, row, 1));
                double expected = Closeness.Values(again)[row];
                double allowed = probe.Rounding(expected) + (probe.Test.Work * Closeness.Epsilon * slope);
                Closeness.AssertClose(expected, Closeness.Values(logProb)[row], allowed, $"{probe.Label}, temperature {temperature}, row {row}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SamplesHaveTheRightMoments(string name)
    {
        const int Count = 4000;
        const double Deviations = 6; // of the estimate: once in 5e8 cases by chance
        Probe probe = new(name, Count);
        using var noGraph = Autograd.NoGrad();
        Tensor samples = probe.Distribution.Sample(Count, new Generator(6), probe.Context).Value;
        (Tensor numbers, double[] mean, double[] deviation, double kurtosis) = probe.Test.Moments(probe.Distribution, samples, probe.Context);
        double[] means = Closeness.Values(numbers.Mean([0]));
        double[] variances = Closeness.Values(numbers.Variance([0]));
        for (int i = 0; i < mean.Length; i++)
        {
            double variance = deviation[i] * deviation[i];
            double meanAllowed = Deviations * deviation[i] / Math.Sqrt(Count);
            Closeness.AssertClose(mean[i], means[i], meanAllowed, $"{probe.Label}: mean {i}");
            double varianceAllowed = Deviations * variance * Math.Sqrt((kurtosis - 1) / Count);
            Closeness.AssertClose(variance, variances[i], varianceAllowed, $"{probe.Label}: variance {i}");
        }
    }

    [Theory]
    [MemberData(nameof(OneDimensional))]
    public void DensityIntegratesToOne(string name)
    {
        const int Count = 20_000;
        Probe probe = new(name, batch: 1);
        (double low, double high) = probe.Test.Interval!.Value;
        double step = (high - low) / Count;
        double[] points = [.. Enumerable.Range(0, Count).Select(i => low + ((i + 0.5) * step))];
        Tensor x = Tensor.FromArray(points, [Count, .. probe.Distribution.EventShape]);
        double integral = probe.Distribution.LogProb(x).Exp().Sum().ToScalar() * step;

        // The midpoint rule is exact for constants, and for what vanishes smoothly at both ends better than any power of the step.
        Closeness.AssertClose(1, integral, 1e-10, probe.Label);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TemperatureScalesWhatIsDrawn(string name)
    {
        Probe probe = new(name, batch: 4);
        if (!probe.Test.HasTemperature)
        {
            ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(
                () => probe.Distribution.Sample(4, new Generator(7), probe.Context, temperature: 0.5));
            Assert.Contains("has no temperature but 1; it is 0.5", refused.Message, StringComparison.Ordinal);
            return;
        }

        (double[] one, double[] oneAllowed, double[] mean) = Drawn(1);
        (double[] half, double[] halfAllowed, _) = Drawn(0.5);
        for (int i = 0; i < one.Length; i++)
        {
            double centre = mean[i % mean.Length];
            int row = i / mean.Length;
            double allowed = oneAllowed[row] + halfAllowed[row];
            Closeness.AssertClose(centre + (0.5 * (one[i] - centre)), half[i], allowed, $"{probe.Label}: number {i}");
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => probe.Distribution.Sample(4, new Generator(7), probe.Context, temperature: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => probe.Distribution.Sample(4, new Generator(7), probe.Context, temperature: double.NaN));

        // What is drawn goes to the sample and back to the numbers: the way back amplifies the sample's rounding by its Jacobian.
        (double[] Numbers, double[] Allowed, double[] Mean) Drawn(double temperature)
        {
            Tensor value = probe.Distribution.Sample(4, new Generator(7), probe.Context, temperature).Value.Detach();
            double[] mean = probe.Test.Moments(probe.Distribution, value, probe.Context).Mean;
            double[] numbers = new double[4 * mean.Length];
            double[] allowed = new double[4];
            for (int row = 0; row < 4; row++)
            {
                Tensor x = value.Narrow(0, row, 1);
                double[] drawn = Closeness.Values(Numbers(x, row));
                drawn.CopyTo(numbers, row * mean.Length);
                double amplification = Closeness.Norm(Autograd.Jacobian(v => Numbers(v, row), x));
                double scale = (amplification * Closeness.Norm(x)) + Norm(drawn) + Norm(mean) + probe.BiasNorm();
                allowed[row] = probe.Test.Work * Closeness.Epsilon * scale;
            }

            return (numbers, allowed, mean);
        }

        Tensor Numbers(Tensor x, int row) => probe.Test.Moments(probe.Distribution, x, probe.Context?.Narrow(0, row, 1)).Numbers;

        static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void GradientsAreRight(string name)
    {
        Probe probe = new(name, batch: 2);
        Tensor v = probe.Generator.Normal([2], DType.Float64);
        if (!probe.Distribution.LogProb(probe.X.WithGradient(), probe.Context).RequiresGradient)
        {
            Assert.IsType<UniformDistribution>(probe.Distribution);
            return;
        }

        var snapshot = new Snapshot(probe.Distribution);
        var check = new GradientCheck(probe.Label, probe.Generator);
        Func<Tensor> x = check.Input("input", probe.X);
        Func<Tensor>? context = probe.Context is null ? null : check.Input("context", probe.Context);
        check.Parameters(probe.Distribution);
        check.Run(snapshot.Restore, () => (v * probe.Distribution.LogProb(x(), context?.Invoke())).Sum());
    }

    /// <summary>With the numbers drawn frozen, a sample and its log-density are functions of parameters and context.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void GradientsOfSamplesAreRight(string name)
    {
        Probe probe = new(name, batch: 2);
        var snapshot = new Snapshot(probe.Distribution);
        var check = new GradientCheck(probe.Label, probe.Generator);
        Func<Tensor>? context = probe.Context is null ? null : check.Input("context", probe.Context);
        check.Parameters(probe.Distribution);
        Tensor w = probe.Generator.Normal([2, .. probe.Distribution.EventShape], DType.Float64);
        Tensor v = probe.Generator.Normal([2], DType.Float64);
        Tensor loss = Loss();
        if (!loss.RequiresGradient)
        {
            Assert.Empty(probe.Distribution.Parameters());
            Assert.Null(context);
            return;
        }

        check.Run(snapshot.Restore, Loss);

        Tensor Loss()
        {
            (Tensor value, Tensor logProb) = probe.Distribution.Sample(2, new Generator(9), context?.Invoke());
            return (w * value).Sum() + (v * logProb).Sum();
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void RowsOfABatchDoNotSeeEachOther(string name)
    {
        Probe probe = new(name, batch: 3);
        double[] together = Closeness.Values(probe.Distribution.LogProb(probe.X, probe.Context));
        for (int row = 0; row < 3; row++)
        {
            double alone = probe.Distribution.LogProb(probe.X.Narrow(0, row, 1), probe.Context?.Narrow(0, row, 1)).ToScalar();
            Closeness.AssertClose(alone, together[row], probe.Rounding(alone), $"{probe.Label}, row {row}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SinglePrecisionAgreesWithDouble(string name)
    {
        Probe probe = new(name, batch: 3);
        Distribution single = probe.Test.Instance(seed: 1, DType.Float32);
        probe.Distribution.LoadState(single.State());
        Tensor x = probe.X.To(DType.Float32);
        Tensor? context = probe.Context?.To(DType.Float32);
        Tensor logProb = single.LogProb(x, context);
        Assert.Equal(DType.Float32, logProb.DType);
        Assert.Equal(DType.Float32, single.Sample(3, new Generator(8), context).Value.DType);

        Tensor leaf = x.To(DType.Float64).WithGradient();
        Tensor exact = probe.Distribution.LogProb(leaf, context?.To(DType.Float64));
        double slope = exact.RequiresGradient ? Closeness.Norm(Autograd.Gradient(exact, [leaf])[0]) * Closeness.Norm(leaf) : 0;
        for (int row = 0; row < 3; row++)
        {
            double expected = Closeness.Values(exact)[row];
            double ratio = Closeness.EpsilonSingle / Closeness.Epsilon;
            double allowed = (probe.Rounding(expected) * ratio) + (probe.Test.Work * Closeness.EpsilonSingle * slope);
            Closeness.AssertClose(expected, Closeness.Values(logProb)[row], allowed, $"{probe.Label}, row {row}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void StateSurvivesAFile(string name)
    {
        Probe probe = new(name, batch: 3);
        Distribution other = probe.Test.Instance(seed: 101);
        using var folder = new TemporaryFolder();
        string path = folder.File("state.safetensors");
        probe.Distribution.State().Save(path);
        other.LoadState(StateDictionary.Load(path));
        Assert.Equal(
            Closeness.Values(probe.Distribution.LogProb(probe.X, probe.Context)),
            Closeness.Values(other.LogProb(probe.X, probe.Context)));
        Assert.Equal(
            Closeness.Values(probe.Distribution.Sample(3, new Generator(9), probe.Context).Value),
            Closeness.Values(other.Sample(3, new Generator(9), probe.Context).Value));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void WhatDoesNotFitIsRefused(string name)
    {
        Probe probe = new(name, batch: 3);
        Distribution distribution = probe.Distribution;
        string type = distribution.GetType().Name;
        string expected = $"{type}.LogProb: x must be a batch [n, {string.Join(", ", distribution.EventShape.Dimensions.ToArray())}] of at least one; it is ";
        Shape none = [0, .. distribution.EventShape];
        Shape wide = [3, distribution.EventShape[0] + 1, .. distribution.EventShape[1..]];
        Shape[] shapes = [none, wide, distribution.EventShape];
        foreach (Shape shape in shapes)
        {
            ArgumentException error = Assert.Throws<ArgumentException>(() => distribution.LogProb(Tensor.Zeros(shape, DType.Float64), probe.Context));
            Assert.StartsWith(expected + shape, error.Message, StringComparison.Ordinal);
        }

        foreach (int count in (int[])[0, -1])
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => distribution.Sample(count, new Generator(1), probe.Context));
            Assert.StartsWith($"{type}.Sample: count must be at least 1; it is {count}", error.Message, StringComparison.Ordinal);
        }

        if (distribution.ContextChannels == 0)
        {
            Tensor context = Tensor.Zeros([3, 2], DType.Float64);
            RefusesContext(context, $"{type}: it takes no context; [3, 2] was given");
        }
        else
        {
            RefusesContext(null, $"{type}: it takes a context of batch 3 and {distribution.ContextChannels} channels; none was given");
        }

        void RefusesContext(Tensor? context, string error)
        {
            ArgumentException first = Assert.Throws<ArgumentException>(() => distribution.LogProb(probe.X, context));
            ArgumentException second = Assert.Throws<ArgumentException>(() => distribution.Sample(3, new Generator(1), context));
            Assert.StartsWith(error, first.Message, StringComparison.Ordinal);
            Assert.StartsWith(error, second.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void UniformDensityIsZeroOutside()
    {
        var uniform = new UniformDistribution([2], DType.Float64);
        double[] events = [0, 1, 0.5, 0.5, -0.01, 0.5, 0.5, 1.01, double.NaN, 0.5];
        double[] logProb = Closeness.Values(uniform.LogProb(Tensor.FromArray(events, [5, 2])));
        Assert.Equal([0, 0, double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity], logProb);
    }

    private sealed class Probe
    {
        public Probe(string name, int batch)
        {
            Test = Catalogue.Distributions.Single(test => test.Name == name);
            Label = name;
            Distribution = Test.Instance(seed: 1);
            Generator = new Generator(2);
            X = Test.Domain([batch, .. Distribution.EventShape], Generator);
            Context = Test.ContextFor(Distribution, batch, Generator);
        }

        public DistributionCase Test { get; }

        public string Label { get; }

        public Distribution Distribution { get; }

        public Generator Generator { get; }

        public Tensor X { get; }

        public Tensor? Context { get; }

        /// <summary>The scale of an affine map's constant part: the norm of the biases.</summary>
        public double BiasNorm() => Distribution.NamedParameters()
            .Where(item => item.Name.EndsWith("bias", StringComparison.Ordinal))
            .Sum(item => Closeness.Norm(item.Parameter.Value));

        /// <summary>What a sum of the event's log-densities may be off by.</summary>
        public double Rounding(double logProb) =>
            Test.Work * Closeness.Epsilon * (Distribution.EventShape.ElementCount + Math.Abs(logProb));
    }
}
