using Xunit;

namespace Exponential.Nn.Tests;

public sealed class ImageModelTests
{
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
        model.Eval();
        Tensor elbo = model.Elbo(images, new Generator(2));
        Tensor bits = model.BitsPerDim(images, new Generator(2));
        Assert.Equal([4], elbo.Shape);

        // A factor is rounded, and the product with it.
        double expected = -elbo.Mean().ToScalar() / (192 * Math.Log(2));
        Closeness.AssertClose(expected, bits.ToScalar(), 4 * Closeness.EpsilonSingle * Math.Abs(expected), "bits/dim");
        Assert.True(bits.RequiresGradient);
        Tensor sample = model.Sample(2, new Generator(3));
        Assert.Equal([2, 3, 8, 8], sample.Shape);
        Assert.False(sample.RequiresGradient);

        // ReconstructionTests say how near the images they are.
        Tensor reconstruction = model.Reconstruct(images);
        Assert.Equal(model.Flow.Decode(model.Flow.Encode(images)).ToArray<float>(), reconstruction.ToArray<float>());
        Assert.False(reconstruction.RequiresGradient);
    }
}
