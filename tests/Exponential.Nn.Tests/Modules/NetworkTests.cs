using Xunit;

namespace Exponential.Nn.Tests;

public sealed class NetworkTests
{
    private const DType D = DType.Float64;

    [Fact]
    public void DenseLayer_AppendsItsGrowth()
    {
        var layer = new DenseLayer(3, 2, generator: new Generator(0));
        Assert.Equal(["nn.0.weight", "nn.0.bias", "nn.2.weight", "nn.2.bias"], layer.State().Keys);
        Tensor x = new Generator(1).Normal([2, 3, 4, 4]);
        Tensor y = layer.Forward(x);
        Assert.Equal([2, 5, 4, 4], y.Shape);
        Assert.Equal(x.ToArray<float>(), y.Narrow(1, 0, 3).ToArray<float>());
    }

    [Fact]
    public void DenseLayer_WithDropoutNumbersItsLayersAsTheOriginal()
    {
        Assert.Equal(
            ["nn.0.weight", "nn.0.bias", "nn.3.weight", "nn.3.bias"],
            new DenseLayer(3, 2, dropout: 0.5, new Generator(0)).State().Keys);
    }

    [Fact]
    public void Sequential_FusesConvolutionAndReLU_WithoutADifference()
    {
        var network = new Sequential(new Conv2d(3, 4, 3, padding: 1, generator: new Generator(0)), new ReLU(), new Conv2d(4, 2, 1, generator: new Generator(1)));
        Tensor x = new Generator(2).Normal([2, 3, 5, 4]);
        (float[] fused, Gradients fusedGradients) = Run();
        using (FiniteChecks.On())
        {
            (float[] separate, Gradients separateGradients) = Run();
            Assert.Equal(separate, fused);
            Assert.Contains(separate, value => value != 0);
            foreach (Parameter parameter in network.Parameters())
            {
                Assert.Equal(separateGradients[parameter].ToArray<float>(), fusedGradients[parameter].ToArray<float>());
            }
        }

        (float[] Values, Gradients Gradients) Run()
        {
            Tensor y = network.Forward(x);
            return (y.ToArray<float>(), y.Square().Sum().Backward());
        }
    }

    [Fact]
    public void DenseInResidualNet_StartsAtZero()
    {
        var network = new DenseInResidualNet(3, 6, new DenseNetSettings { IntermediateChannels = 8, Depth = 2, Growth = 4 }, new Generator(0));
        Assert.All(network.Forward(new Generator(1).Normal([2, 3, 4, 4])).ToArray<float>(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void SettingsOutOfRange_AreRefused()
    {
        Refuses(new() { IntermediateChannels = 0 }, "settings.IntermediateChannels must be at least 1; it is 0");
        Refuses(new() { Scales = 0 }, "settings.Scales must be at least 1; it is 0");
        Refuses(new() { Count = -1 }, "settings.Count must be at least 0; it is -1");
        Refuses(new() { Depth = -1 }, "settings.Depth must be at least 0; it is -1");
        Refuses(new() { Growth = 0 }, "settings.Growth must be at least 1; it is 0");
        Refuses(new() { Dropout = -0.5 }, "settings.Dropout must lie in [0, 1); it is -0.5");
        Refuses(new() { Dropout = 1 }, "settings.Dropout must lie in [0, 1); it is 1");
        Refuses(new() { Dropout = double.NaN }, "settings.Dropout must lie in [0, 1); it is NaN");

        static void Refuses(DenseNetSettings settings, string error)
        {
            var dense = Assert.Throws<ArgumentOutOfRangeException>(() => new DenseNet(2, 2, settings));
            Assert.StartsWith($"DenseNet: {error}", dense.Message, StringComparison.Ordinal);
            var residual = Assert.Throws<ArgumentOutOfRangeException>(() => new DenseInResidualNet(2, 2, settings));
            Assert.StartsWith($"DenseInResidualNet: {error}", residual.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void MultiscaleDenseNet_NamesItsPartsAsTheOriginal_AndStartsAtZero()
    {
        var settings = new DenseNetSettings { Scales = 3, IntermediateChannels = 4, Depth = 0 };
        var network = new MultiscaleDenseNet(3, 6, settings, new Generator(0));
        string[] dense = ["first.weight", "dense_nns.0.nn.0.weight", "last.weight"];
        string[] expected =
            [
                .. Below("down.0"), "down.1.0.weight", .. Below("down.1.1"), "down.2.0.weight", .. Below("down.2.1"),
                .. Below("up.0.0"), "up.0.1.weight", .. Below("up.1.0"), "up.1.1.weight", .. Below("up.2"),
            ];
        Assert.Equal(expected, network.State().Keys.Where(name => name.EndsWith("weight", StringComparison.Ordinal)));
        Tensor y = network.Forward(new Generator(1).Normal([2, 3, 4, 8]));
        Assert.Equal([2, 6, 4, 8], y.Shape);
        Assert.All(y.ToArray<float>(), value => Assert.Equal(0, value));

        IEnumerable<string> Below(string name) => dense.Select(inner => $"{name}.{inner}");
    }

    /// <summary>With S scales, an output sees the input through 2^(S - 1) x 2^(S - 1) blocks: with no 3 x 3 convolution, nothing beyond.</summary>
    [Fact]
    public void MultiscaleDenseNet_SeesBlocks()
    {
        var network = new MultiscaleDenseNet(1, 1, new DenseNetSettings { Scales = 3, IntermediateChannels = 4, Depth = 0 }, new Generator(0), zeroLast: false, D);
        Tensor x = new Generator(1).Normal([1, 1, 4, 8], D).WithGradient();
        Tensor gradient = network.Forward(x)[0, 0, 1, 2].Backward().For(x)!;
        Assert.All(gradient[0, 0, .., ..4].Contiguous().ToArray<double>(), value => Assert.NotEqual(0, value));
        Assert.All(gradient[0, 0, .., 4..].Contiguous().ToArray<double>(), value => Assert.Equal(0, value));
    }

    /// <summary>Three scales put together by hand from the parts' states: down and up, each way over with its detail.</summary>
    [Fact]
    public void MultiscaleDenseNet_IsItsPartsInOrder()
    {
        var settings = new DenseNetSettings { Scales = 3, IntermediateChannels = 4, Depth = 1, Growth = 3, Gated = true };
        var network = new MultiscaleDenseNet(2, 5, settings, new Generator(0), zeroLast: false, D);
        StateDictionary state = network.State();
        Tensor x = new Generator(1).Normal([2, 2, 4, 8], D);

        Tensor d0 = Dense("down.0", 2, 4).Forward(x);
        Tensor d1 = Dense("down.1.1", 4, 4).Forward(Part("down.1.0", new Conv2d(4, 4, 2, stride: 2, dtype: D)).Forward(d0));
        Tensor d2 = Dense("down.2.1", 4, 4).Forward(Part("down.2.0", new Conv2d(4, 4, 2, stride: 2, dtype: D)).Forward(d1));
        Tensor u = Part("up.0.1", new ConvTranspose2d(4, 4, 2, stride: 2, dtype: D)).Forward(Dense("up.0.0", 4, 4).Forward(d2)) + d1;
        u = Part("up.1.1", new ConvTranspose2d(4, 4, 2, stride: 2, dtype: D)).Forward(Dense("up.1.0", 4, 4).Forward(u)) + d0;
        Assert.Equal(Dense("up.2", 4, 5).Forward(u).ToArray<double>(), network.Forward(x).ToArray<double>());

        Network Dense(string name, int from, int to) => Part(name, new DenseInResidualNet(from, to, settings, dtype: D));

        Network Part(string name, Network part)
        {
            var own = new StateDictionary();
            foreach (string inner in part.State().Keys)
            {
                own.Add(inner, state[$"{name}.{inner}"]);
            }

            part.LoadState(own);
            return part;
        }
    }

    [Fact]
    public void MultiscaleDenseNet_RefusesWhatCannotBeHalved()
    {
        var network = new MultiscaleDenseNet(3, 6, new DenseNetSettings { Scales = 3, IntermediateChannels = 4, Depth = 0 }, new Generator(0));
        var error = Assert.Throws<ArgumentException>(() => network.Forward(new Generator(1).Normal([2, 3, 4, 6])));
        Assert.Equal(
            "MultiscaleDenseNet: images must be [batch, channels, height, width] with height and width divisible by 4, for 3 scales; they are [2, 3, 4, 6]",
            error.Message);
        var scales = Assert.Throws<ArgumentOutOfRangeException>(() => new MultiscaleDenseNet(3, 6, new DenseNetSettings()));
        Assert.StartsWith("MultiscaleDenseNet: settings.Scales must be 2 to 30; it is 1", scales.Message, StringComparison.Ordinal);
    }

    /// <summary>PyTorch takes the second axis of the kernel as fan-in, which is that of the outputs: the bound is 1/sqrt(O k k).</summary>
    [Fact]
    public void ConvTranspose2d_Enlarges_AndStartsWithinPyTorchsBound()
    {
        var layer = new ConvTranspose2d(64, 9, 2, stride: 2, generator: new Generator(0));
        Assert.Equal(["weight [64, 9, 2, 2]", "bias [9]"], layer.State().Select(entry => $"{entry.Key} {entry.Value.Tensor.Shape}"));
        Assert.Equal([2, 9, 6, 10], layer.Forward(Tensor.Ones([2, 64, 3, 5])).Shape);
        float[] weights = layer.State()["weight"].Tensor.ToArray<float>();
        Assert.InRange(weights.Max(), 0.99 / 6, 1.0 / 6);
        Assert.InRange(weights.Min(), -1.0 / 6, -0.99 / 6);
    }

    [Fact]
    public void Linear_MultipliesByTheTransposedWeight()
    {
        var layer = new Linear(2, 1, generator: new Generator(0));
        layer.LoadState(new StateDictionary { { "weight", Tensor.FromArray([2f, 3f], [1, 2]) }, { "bias", Tensor.FromArray([1f], [1]) } });
        Assert.Equal([33f], layer.Forward(Tensor.FromArray([4f, 8f], [1, 2])).ToArray<float>());
    }

    [Fact]
    public void Dropout_DropsInTrainingOnly_KeepsTheMean_AndRepeatsFromItsOffset()
    {
        var layer = new Dropout(0.25, new Generator(0));
        Tensor ones = Tensor.Ones([100, 100]);
        Generator own = layer.NamedGenerators().Single().Generator;
        float[] first = layer.Forward(ones).ToArray<float>();
        Assert.Equal([0f, 1 / 0.75f], first.Distinct().Order());

        // The share of 10,000 that is kept lies within five standard deviations of 3/4.
        Assert.InRange(first.Count(value => value > 0) / 1e4, 0.75 - 0.0217, 0.75 + 0.0217);

        Assert.NotEqual(first, layer.Forward(ones).ToArray<float>());
        own.Offset = 0;
        Assert.Equal(first, layer.Forward(ones).ToArray<float>());
        layer.Eval();
        Assert.Same(ones, layer.Forward(ones));
    }

    [Fact]
    public void SpectralNorm_ConvergesToTheNorm_AndBoundsTheKernel()
    {
        const double Coefficient = 0.9;
        Tensor kernel = new Generator(0).Normal([4, 4, 3, 3], D);
        var norm = new SpectralNorm("kernel", kernel, 5, 6, Coefficient, new Generator(1));
        Assert.Equal(["kernel_orig", "kernel_u", "kernel_v", "kernel_sigma"], norm.State().Keys);
        for (int i = 0; i < 300; i++)
        {
            norm.Weight();
        }

        double truth = LargestSingularValue(new Convolution(kernel, 5, 6).ToDense());
        Assert.Equal(truth, norm.State()["kernel_sigma"].Tensor.ToScalar(), 1e-6 * truth);
        norm.Eval();
        double normalised = LargestSingularValue(new Convolution(norm.Weight().Detach(), 5, 6).ToDense());
        Assert.Equal(truth / ((truth / Coefficient) + 1e-5), normalised, 1e-6);
    }

    [Fact]
    public void SpectralNorm_RefusesKernelsWithoutACentre()
    {
        foreach (Shape shape in (Shape[])[[2, 2, 3], [2, 2, 2, 3], [2, 2, 3, 4]])
        {
            var error = Assert.Throws<ArgumentException>(() => new SpectralNorm("kernel", Tensor.Ones(shape), 4, 4, 0.9));
            Assert.Equal(
                $"SpectralNorm: kernel must be [out, in, height, width] with odd height and width; it is {shape} (Parameter 'kernel')", error.Message);
        }

        var coefficient = Assert.Throws<ArgumentOutOfRangeException>(() => new SpectralNorm("kernel", Tensor.Ones([2, 2, 3, 3]), 4, 4, double.NaN));
        Assert.StartsWith("SpectralNorm: coefficient must be positive; it is NaN", coefficient.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SpectralNorm_RecoversFromAKernelOfZeros()
    {
        var norm = new SpectralNorm("kernel", Tensor.Zeros([2, 2, 3, 3], D), 4, 4, 0.5, new Generator(1));
        norm.Weight();
        Assert.Equal(0, norm.State()["kernel_u"].Tensor.Abs().Max().ToScalar());
        norm.Original.Value = new Generator(0).Normal([2, 2, 3, 3], D);
        norm.Weight();
        Assert.True(norm.State()["kernel_sigma"].Tensor.ToScalar() > 0.1);
    }

    [Fact]
    public void SpectralNorm_InEvaluationMovesNothing_AndPassesAGradientThroughSigma()
    {
        var norm = new SpectralNorm("kernel", new Generator(0).Normal([2, 2, 3, 3], D), 4, 4, 0.5, new Generator(1));
        norm.Weight();
        norm.Eval();
        double[] u = norm.State()["kernel_u"].Tensor.ToArray<double>();
        Tensor gradient = norm.Weight().Sum().Backward()[norm.Original];
        Assert.Equal(u, norm.State()["kernel_u"].Tensor.ToArray<double>());

        // Along the kernel itself the normalised kernel hardly changes: W / (sigma / c + 1e-5) has derivative 1e-5 / (sigma / c) of it.
        Tensor radial = (gradient * norm.Original.Value.Detach()).Sum();
        double scale = norm.Weight().Detach().Abs().Sum().ToScalar();
        Assert.InRange(Math.Abs(radial.ToScalar()), 0, 1e-5 * scale);
    }

    private static double LargestSingularValue(Tensor matrix)
    {
        Tensor vector = Tensor.Ones([matrix.Shape[1], 1], D);
        double length = 0;
        for (int i = 0; i < 3000; i++)
        {
            Tensor next = matrix.Transpose(0, 1).MatMul(matrix.MatMul(vector));
            length = Math.Sqrt(next.Square().Sum().ToScalar());
            vector = next / length;
        }

        return Math.Sqrt(length);
    }
}
