namespace Exponential.Nn.Tests.Readme;

internal static class EmbeddingExample
{
    public static (Tensor Nats, Tensor Samples, Tensor Back) Run(float[] pixels, int n)
    {
        // <example>
        var network = new DenseInResidualNet(6, 12, new DenseNetSettings { Depth = 2, Growth = 16 });
        var flow = new Flow(
            new Chain(new Normalize(128, 256), new Squeeze(), new ConvExp([12, 16, 16]), new AffineCoupling([12, 16, 16], network)),
            prior: new StandardGaussian([12, 16, 16]));
        var optimizer = new Adamax(flow.Parameters(), learningRate: 1e-3);

        Tensor images = Tensor.FromSpan<float>(pixels, [n, 3, 32, 32]);          // values 0..256
        Gradients gradients = (-flow.LogProb(images).Mean()).Backward();
        optimizer.Step(gradients.ClipNorm(1).Gradients);

        flow.Eval();
        Tensor nats = flow.LogProb(images);                                      // [n], in nats
        Tensor samples = flow.Sample(4, new Generator(seed: 0)).Value;           // [4, 3, 32, 32]
        Tensor back = flow.Decode(flow.Encode(images));                          // images again, to rounding
        // </example>
        return (nats, samples, back);
    }
}
