using Exponential;

namespace LibtorchPeer;

/// <summary>The exponential of a 3x3 convolution, six terms: forward, and with both gradients.</summary>
internal static class ExponentialCases
{
    private const int Terms = 6;

    /// <summary>Batch, channels and side of the baselines' images.</summary>
    private static readonly (int Batch, int Channels, int Side)[] Shapes =
        [(64, 12, 16), (64, 24, 8), (16, 48, 8), (64, 3, 32), (16, 64, 16), (4, 96, 32)];

    private static readonly (int Batch, int Channels, int Side)[] SingleImages = [(1, 12, 16), (1, 3, 32)];

    /// <summary>The direct algorithm alone, without a peer: its fraction of the peak.</summary>
    public static IEnumerable<Case> Direct() =>
        Shapes.Select(shape => Create(shape, gradients: false, ArithmeticAccuracy.Tight, null, 0));

    /// <summary>The library's default, which allows Winograd's algorithm.</summary>
    public static IEnumerable<Case> Default(bool gradients, IPeer? peer) =>
        Shapes.Select(shape => Create(shape, gradients, ArithmeticAccuracy.Fast, peer, Environment.ProcessorCount));

    /// <summary>One image; libtorch on one thread, where it is faster.</summary>
    public static IEnumerable<Case> Single(IPeer? peer) =>
        SingleImages.Select(shape => Create(shape, gradients: false, ArithmeticAccuracy.Fast, peer, 1));

    private static Case Create((int Batch, int Channels, int Side) shape, bool gradients, ArithmeticAccuracy accuracy, IPeer? peer, int peerThreads)
    {
        (int batch, int channels, int side) = shape;
        int[] images = [batch, channels, side, side];
        float[] x = Numbers.Signed(batch * channels * side * side);
        float[] kernel = Numbers.Signed(channels * channels * 9, 0.5 / channels);
        float[] cotangent = Numbers.Signed(x.Length, 2);
        Tensor ourX = Tensor.FromArray(x, images);
        Tensor ourKernel = Tensor.FromArray(kernel, [channels, channels, 3, 3]);
        Tensor ourCotangent = Tensor.FromArray(cotangent, images);

        // Forward plus backward: the terms, then the powers again but for the first, the adjoint's terms, and as many correlations.
        double product = 2.0 * batch * channels * channels * 9 * side * side;
        return new Case(
            $"{batch} x {channels}, {side}x{side}{(accuracy == ArithmeticAccuracy.Tight ? ", direct" : "")}",
            product * (gradients ? (4 * Terms) - 1 : Terms),
            Ours.Side(accuracy, () => Apply(ourX, ourKernel, gradients ? ourCotangent : null)),
            peer?.Exponential(x, images, kernel, Terms, gradients ? cotangent : null, peerThreads),
            Ours.Exact(() => Apply(
                ourX.To(DType.Float64), ourKernel.To(DType.Float64), gradients ? ourCotangent.To(DType.Float64) : null)));
    }

    private static Tensor[] Apply(Tensor x, Tensor kernel, Tensor? cotangent)
    {
        if (cotangent is null)
        {
            using Autograd.NoGradScope noGrad = Autograd.NoGrad();
            return [ConvolutionExponential.Apply(x, kernel, Terms)];
        }

        Tensor leaf = x.WithGradient();
        Tensor weights = kernel.WithGradient();
        Tensor y = ConvolutionExponential.Apply(leaf, weights, Terms);
        return [y.Detach(), .. Autograd.Gradient(y, [leaf, weights], cotangent)];
    }
}
