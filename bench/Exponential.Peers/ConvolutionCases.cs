using Exponential;

namespace LibtorchPeer;

/// <summary>Convolutions of the dense networks with a bias: forward, and with all gradients.</summary>
internal static class ConvolutionCases
{
    /// <summary>Batch, input and output channels, side and kernel of the baselines' layers.</summary>
    private static readonly (int Batch, int Inputs, int Outputs, int Side, int Kernel)[] Layers =
        [(64, 64, 64, 16, 3), (64, 128, 63, 16, 3), (64, 64, 64, 16, 1), (64, 128, 63, 16, 1), (32, 528, 528, 16, 1)];

    /// <summary>The library's default.</summary>
    public static IEnumerable<Case> Default(bool gradients, IPeer? peer) => Layers.Select(layer => Create(layer, gradients, peer));

    private static Case Create((int Batch, int Inputs, int Outputs, int Side, int Kernel) layer, bool gradients, IPeer? peer)
    {
        (int batch, int inputs, int outputs, int side, int size) = layer;
        int[] images = [batch, inputs, side, side];
        int[] kernelShape = [outputs, inputs, size, size];
        float[] x = Numbers.Signed(batch * inputs * side * side);
        float[] kernel = Numbers.Signed(outputs * inputs * size * size, 1 / Math.Sqrt(inputs * size * size));
        float[] bias = Numbers.Signed(outputs);
        float[] cotangent = Numbers.Signed(batch * outputs * side * side);
        Tensor ourX = Tensor.FromArray(x, images);
        Tensor ourKernel = Tensor.FromArray(kernel, kernelShape);
        Tensor ourBias = Tensor.FromArray(bias, [outputs]);
        Tensor ourCotangent = Tensor.FromArray(cotangent, [batch, outputs, side, side]);
        double product = 2.0 * batch * inputs * outputs * size * size * side * side;
        return new Case(
            $"{batch} x {inputs} -> {outputs}, {side}x{side}, {size}x{size}",
            product * (gradients ? 3 : 1),
            Ours.Side(ArithmeticAccuracy.Fast, () => Apply(ourX, ourKernel, ourBias, gradients ? ourCotangent : null)),
            peer?.Convolution(x, images, kernel, kernelShape, bias, gradients ? cotangent : null),
            Ours.Exact(() => Apply(
                ourX.To(DType.Float64), ourKernel.To(DType.Float64), ourBias.To(DType.Float64),
                gradients ? ourCotangent.To(DType.Float64) : null)));
    }

    private static Tensor[] Apply(Tensor x, Tensor kernel, Tensor bias, Tensor? cotangent)
    {
        int padding = kernel.Shape[2] / 2;
        if (cotangent is null)
        {
            using Autograd.NoGradScope noGrad = Autograd.NoGrad();
            return [x.Conv2d(kernel, bias, padding: padding)];
        }

        Tensor[] leaves = [x.WithGradient(), kernel.WithGradient(), bias.WithGradient()];
        Tensor y = leaves[0].Conv2d(leaves[1], leaves[2], padding: padding);
        return [y.Detach(), .. Autograd.Gradient(y, leaves, cotangent)];
    }
}
