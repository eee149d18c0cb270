using Xunit;

namespace Exponential.Nn.Tests;

public sealed class ImageModelTests
{
    [Fact]
    public void DequantizedValues_NeverReachTheNextBin()
    {
        var dequantization = new UniformDequantization();
        Tensor images = Tensor.Arange(256).Reshape([1, 1, 16, 16]).Expand([64, 1, 16, 16]);
        Tensor noisy = images + dequantization.Sample(images, new Generator(0)).Noise;
        Assert.Equal(images.ToArray<float>(), noisy.Floor().ToArray<float>());

        // The largest noise there is, beside the largest value.
        Assert.True(255f + (1 - (1f / (1 << 16))) < 256f);
    }

    [Fact]
    public void Model_ScoresSamplesAndReconstructs()
    {
        var settings = new MixingFlowSettings
        {
            Mixing = Mixing.ConvExp,
            SplitPrior = true,
            Subflows = 1,
            Network = new DenseNetSettings { IntermediateChannels = 6, Depth = 1, Growth = 3 },
        };
        var model = new ImageModel(MixingFlow.Create([3, 8, 8], settings, new Generator(0)), new UniformDequantization());
        Assert.Contains("model_pv.transformations.0.translation", model.State().Keys);
        Assert.Contains("model_qu_x.buffer", model.State().Keys);

        Tensor images = (new Generator(1).Uniform([4, 3, 8, 8]) * 256).Floor();
        Tensor elbo = model.Elbo(images, new Generator(2));
        Tensor bits = model.BitsPerDim(images, new Generator(2));
        Assert.Equal([4], elbo.Shape);
        Assert.Equal(-elbo.Mean().ToScalar() / (192 * Math.Log(2)), bits.ToScalar(), 1e-5);
        Assert.True(bits.RequiresGradient);
        model.Eval();
        Tensor sample = model.Sample(2, new Generator(3));
        Assert.Equal([2, 3, 8, 8], sample.Shape);
        Assert.False(sample.RequiresGradient);
        Assert.InRange((model.Reconstruct(images) - images).Abs().Max().ToScalar() / 256, 0, 1e-5);
    }
}
