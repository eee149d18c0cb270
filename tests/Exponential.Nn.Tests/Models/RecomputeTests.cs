using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>Gradients whose activations are rebuilt from a flow's outputs, beside those whose activations are stored.</summary>
[Collection(Exponential.Tests.TrainingRuns.Name)]
public sealed class RecomputeTests
{
    private static readonly MixingFlowSettings Small = new()
    {
        Levels = 2,
        Subflows = 2,
        SplitPrior = true,
        Network = new DenseNetSettings { IntermediateChannels = 8, Depth = 2, Growth = 6, Gated = true },
    };

    public static TheoryData<Mixing, DType> Flows
    {
        get
        {
            var flows = new TheoryData<Mixing, DType>();
            foreach (Mixing mixing in Enum.GetValues<Mixing>())
            {
                flows.Add(mixing, DType.Float32);
                flows.Add(mixing, DType.Float64);
            }

            return flows;
        }
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public void Gradients_AreThoseOfStoredActivations(Mixing mixing, DType dtype)
    {
        (Flow stored, Flow rebuilt) = Twins(Small with { Mixing = mixing }, dtype);
        for (int pass = 0; pass < 3; pass++)
        {
            Tensor images = new Generator((ulong)pass).Uniform([3, 3, 8, 8], dtype) * 256;
            RequireEqual(stored, images, rebuilt, dtype == DType.Float32 ? 1e-4 : 1e-10);
        }

        Assert.Equal(stored.Steps.Count, rebuilt.RebuiltSteps.Count);
        Assert.All(rebuilt.RebuiltSteps, step => Assert.False(step.IsStored, $"{step}"));
        Assert.Contains(rebuilt.RebuiltSteps, step => step.Drift > 0);
    }

    /// <summary>
    /// Training moves kernels towards their largest norm and scales away from one. In float32 the gradient as a whole is compared: where a
    /// rebuilt value has another sign than the stored one because both are a rounding away from zero, a ReLU's derivative is another, and
    /// single elements may differ by what one activation contributes, as they do between stored activations and exact ones.
    /// </summary>
    [Theory]
    [MemberData(nameof(Flows))]
    public void Gradients_AreThoseOfStoredActivations_AfterAThousandSteps(Mixing mixing, DType dtype)
    {
        MixingFlowSettings settings = Small with { Mixing = mixing, Subflows = 1 };
        Flow trained = MixingFlow.Create([3, 8, 8], settings with { ConvExpPlan = ConvExpPlan.Original }, new Generator(7), dtype);
        var noise = new Generator(9);
        Tensor images = BuiltInImages.Create(trainCount: 128).Train.ToTensor(dtype)[.., .., 12..20, 12..20].Contiguous();
        Tensor Batch(int step) => images.Narrow(0, step % 16 * 8, 8) + noise.Uniform([8, 3, 8, 8], dtype);
        var optimizer = new Adamax(trained.Parameters());
        double first = trained.LogProb(Batch(0)).Mean().ToScalar();
        for (int step = 0; step < 1000; step++)
        {
            optimizer.Step((-trained.LogProb(Batch(step)).Mean()).Backward());
        }

        Flow stored = MixingFlow.Create([3, 8, 8], settings, new Generator(7), dtype);
        Flow rebuilt = MixingFlow.Create([3, 8, 8], settings, new Generator(7), dtype);
        stored.LoadState(trained.State());
        rebuilt.LoadState(trained.State());
        rebuilt.Recompute = RecomputeKind.Inverse;
        for (int pass = 0; pass < 3; pass++)
        {
            Tensor x = Batch(pass);
            Tensor loss = stored.LogProb(x).Mean();
            Assert.True(loss.ToScalar() > first + 100, $"{loss.ToScalar()} after training, {first} before");
            Gradients expected = loss.Backward();
            Gradients actual = rebuilt.LogProb(x).Mean().Backward();
            double distance = Norm(stored.Parameters().Zip(rebuilt.Parameters(), (left, right) => expected[left] - actual[right]));
            double length = Norm(stored.Parameters().Select(parameter => expected[parameter]));
            Assert.True(distance <= (dtype == DType.Float32 ? 1e-4 : 1e-10) * length, $"pass {pass}: off by {distance:E2} of {length:E2}");
        }

        Assert.All(rebuilt.RebuiltSteps, step => Assert.False(step.IsStored, $"{step}"));
    }

    [Fact]
    public void AStepThatDriftsTooFar_IsStored()
    {
        // Six terms at norm 0.95 invert each other only to about 1e-4.
        MixingFlowSettings settings = Small with { Mixing = Mixing.ConvExp, ConvExpPlan = ConvExpPlan.Original, ConvExpCoefficient = 0.95 };
        (Flow stored, Flow rebuilt) = Twins(settings, DType.Float64, kernelGain: 40);
        for (int pass = 0; pass < 2; pass++)
        {
            RequireEqual(stored, new Generator(5).Uniform([2, 3, 8, 8], DType.Float64) * 256, rebuilt, 1e-10);
        }

        Assert.All(
            rebuilt.RebuiltSteps,
            step => Assert.True(step.IsStored == (step.Type == nameof(ConvExp)), $"{step}"));
    }

    [Fact]
    public void DropoutAndContext_AreReplayed()
    {
        MixingFlowSettings settings = Small with
        {
            Levels = 1,
            SplitPrior = false,
            ContextChannels = 2,
            Network = Small.Network with { Dropout = 0.3 },
        };
        (Flow stored, Flow rebuilt) = Twins(settings, DType.Float64);
        Tensor context = new Generator(3).Normal([2, 2, 4, 4], DType.Float64).WithGradient();
        Tensor images = (new Generator(4).Uniform([2, 3, 8, 8], DType.Float64) * 256).WithGradient();
        Gradients expected = stored.LogProb(images, context).Sum().Backward();
        Gradients actual = rebuilt.LogProb(images, context).Sum().Backward();
        Close(expected.For(context)!, actual.For(context)!, 1e-10, "context");
        Close(expected.For(images)!, actual.For(images)!, 1e-10, "images");
        Assert.Equal(
            stored.NamedGenerators().Select(item => item.Generator.Offset), rebuilt.NamedGenerators().Select(item => item.Generator.Offset));
    }

    /// <summary>In the first pass the activation normalisation sets its parameters; with one image a bias [1, C, H, W] has the shape of the input.</summary>
    [Fact]
    public void ABatchOfOne_AndWhatTheFirstPassSets_AreAsIfStored()
    {
        Flow stored = Create();
        Flow rebuilt = Create();
        rebuilt.Recompute = RecomputeKind.Inverse;
        for (int pass = 0; pass < 3; pass++)
        {
            RequireEqual(stored, new Generator((ulong)pass).Normal([1, 4, 4, 4], DType.Float64), rebuilt, 1e-10);
        }

        Assert.All(rebuilt.RebuiltSteps, step => Assert.False(step.IsStored, $"{step}"));

        static Flow Create()
        {
            var generator = new Generator(11);
            return new Flow(
                [
                    new ActNorm(4, DType.Float64),
                    new ConvExp([4, 4, 4], generator: generator, dtype: DType.Float64),
                    new ActNorm(4, DType.Float64),
                    new ConvExp([4, 4, 4], generator: generator, dtype: DType.Float64),
                ],
                new DiagonalGaussian([4, 4, 4], DType.Float64));
        }
    }

    /// <summary>An inverse may return its argument, or a view of it: what it returned must outlive the step.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void StepsThatReturnTheirArgument_AreGoneThrough(int place)
    {
        Flow stored = Create();
        Flow rebuilt = Create();
        rebuilt.Recompute = RecomputeKind.Inverse;
        for (int pass = 0; pass < 3; pass++)
        {
            RequireEqual(stored, new Generator((ulong)pass).Normal([2, 4, 4, 4], DType.Float64), rebuilt, 1e-10);
        }

        Flow Create()
        {
            List<FlowStep> steps = [new ActNorm(4, DType.Float64), new Conv1x1(4, generator: new Generator(11), dtype: DType.Float64)];
            steps.InsertRange(place, [new Identity(), new View(), new Identity()]);
            return new Flow(steps, new DiagonalGaussian([4, 4, 4], DType.Float64));
        }
    }

    /// <summary>A forward pass that nobody differentiates does not use up the check of the next.</summary>
    [Fact]
    public void PassesThatAreNotDifferentiated_AreNotCounted()
    {
        (_, Flow rebuilt) = Twins(Small, DType.Float64);
        Tensor images = new Generator(1).Uniform([2, 3, 8, 8], DType.Float64) * 256;
        rebuilt.LogProb(images).Mean();
        Assert.Equal(0, rebuilt.Rebuilding!.Position.Passes);
        rebuilt.LogProb(images).Mean().Backward();
        Assert.Equal(1, rebuilt.Rebuilding!.Position.Passes);
        Assert.Contains(rebuilt.RebuiltSteps, step => step.Drift > 0);
    }

    [Fact]
    public void Memory_DoesNotGrowWithDepth()
    {
        long four = Kept(subflows: 4);
        long twelve = Kept(subflows: 12);

        Assert.True(twelve < 1.2 * four, $"{four} bytes kept with 4 subflows, {twelve} with 12");
        Assert.True(Kept(subflows: 12, RecomputeKind.None) > 20 * twelve);
    }

    [Fact]
    public void GradientsOfGradients_AreRefused()
    {
        (_, Flow rebuilt) = Twins(Small, DType.Float64);
        Tensor loss = rebuilt.LogProb(new Generator(1).Uniform([1, 3, 8, 8], DType.Float64) * 256).Sum();
        var error = Assert.Throws<NotSupportedException>(() => loss.Backward(createGraph: true));
        Assert.Contains("RecomputeKind.Inverse", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AParameterThatChangedMeanwhile_IsRefused()
    {
        (_, Flow rebuilt) = Twins(Small, DType.Float64);
        Tensor loss = rebuilt.LogProb(new Generator(1).Uniform([1, 3, 8, 8], DType.Float64) * 256).Sum();
        Parameter first = rebuilt.Steps[2].Parameters().First();
        first.Value = first.Value.Detach() * 2;
        var error = Assert.Throws<InvalidOperationException>(() => loss.Backward());
        Assert.Contains("changed between the forward and the backward pass", error.Message, StringComparison.Ordinal);
    }

    /// <summary>In evaluation a step run again would draw no masks: other gradients, without a word.</summary>
    [Fact]
    public void AModeThatChangedMeanwhile_IsRefused()
    {
        (_, Flow rebuilt) = Twins(Small, DType.Float64);
        Tensor loss = rebuilt.LogProb(new Generator(1).Uniform([1, 3, 8, 8], DType.Float64) * 256).Sum();
        rebuilt.Eval();
        var error = Assert.Throws<InvalidOperationException>(() => loss.Backward());
        Assert.StartsWith("Flow: transformations.0 went from training to evaluation between", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownKind_IsRefused()
    {
        (_, Flow flow) = Twins(Small, DType.Float32);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => flow.Recompute = (RecomputeKind)7);
        Assert.StartsWith("Flow.Recompute: expects None or Inverse", error.Message, StringComparison.Ordinal);
        Assert.Equal(RecomputeKind.Inverse, flow.Recompute);
    }

    /// <summary>z = x, by a view each way.</summary>
    private sealed class View : Bijection
    {
        protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
            (x.Reshape([x.Shape[0], x.ElementCount / x.Shape[0]]).Reshape(x.Shape), Tensor.Scalar(0, x.DType));

        protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) =>
            (z.Reshape([z.Shape[0], z.ElementCount / z.Shape[0]]).Reshape(z.Shape), Tensor.Scalar(0, z.DType));
    }

    private static (Flow Stored, Flow Rebuilt) Twins(MixingFlowSettings settings, DType dtype, double kernelGain = 1)
    {
        Flow stored = MixingFlow.Create([3, 8, 8], settings, new Generator(7), dtype);
        Flow rebuilt = MixingFlow.Create([3, 8, 8], settings, new Generator(7), dtype);
        RandomState.Perturb(stored, new Generator(8), 0.02);
        foreach ((string name, Parameter parameter) in stored.NamedParameters())
        {
            if (name.EndsWith("kernel_orig", StringComparison.Ordinal))
            {
                parameter.Value = parameter.Value.Detach() * kernelGain;
            }
        }

        rebuilt.LoadState(stored.State());
        rebuilt.Recompute = RecomputeKind.Inverse;
        return (stored, rebuilt);
    }

    private static void RequireEqual(Flow stored, Tensor images, Flow rebuilt, double tolerance)
    {
        Tensor expectedLoss = stored.LogProb(images).Mean();
        Tensor actualLoss = rebuilt.LogProb(images).Mean();
        Assert.Equal(expectedLoss.ToScalar(), actualLoss.ToScalar(), tolerance * Math.Abs(expectedLoss.ToScalar()));
        Gradients expected = expectedLoss.Backward();
        Gradients actual = actualLoss.Backward();
        foreach (((string name, Parameter left), Parameter right) in stored.NamedParameters().Zip(rebuilt.Parameters()))
        {
            Close(expected[left], actual[right], tolerance, name);
        }

        // The power iterations have moved once, as if no step had run again.
        foreach ((StateBuffer left, StateBuffer right) in stored.Buffers().Zip(rebuilt.Buffers()))
        {
            Assert.Equal(left.Value.To(DType.Float64).ToArray<double>(), right.Value.To(DType.Float64).ToArray<double>());
        }
    }

    private static double Norm(IEnumerable<Tensor> parts) => Math.Sqrt(parts.Sum(part => part.Square().Sum().ToScalar()));

    private static void Close(Tensor expected, Tensor actual, double tolerance, string name)
    {
        double distance = (expected - actual).Abs().Max().ToScalar();
        double scale = expected.Abs().Max().ToScalar();
        Assert.True(distance <= tolerance * scale, $"{name}: off by {distance:E2} of {scale:E2}");
    }

    private static long Kept(int subflows, RecomputeKind recompute = RecomputeKind.Inverse)
    {
        MixingFlowSettings settings = Small with { Levels = 1, SplitPrior = false, Subflows = subflows, Network = Small.Network with { IntermediateChannels = 16 } };
        Flow flow = MixingFlow.Create([3, 16, 16], settings, new Generator(0));
        flow.Recompute = recompute;
        Tensor images = new Generator(1).Uniform([16, 3, 16, 16]) * 256;
        long most = 0;
        for (int pass = 0; pass < 3; pass++)
        {
            BufferPool.CollectUnreachable(2);

            long before = BufferPool.InUse;
            Tensor loss = flow.LogProb(images).Mean();
            BufferPool.CollectUnreachable(2);
            long kept = BufferPool.InUse - before;
            loss.Backward();

            // The first pass keeps the inputs of the steps, to check what is rebuilt.
            most = pass > 0 ? Math.Max(most, kept) : 0;
        }

        return most;
    }
}
