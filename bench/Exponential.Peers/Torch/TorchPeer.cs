using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace LibtorchPeer;

/// <summary>libtorch through TorchSharp. Nothing is copied where an operation can write in place.</summary>
internal sealed class TorchPeer(int threads) : IPeer
{
    /// <summary>Read at the start, so that a library that does not load shows then.</summary>
    public string Name { get; } = $"libtorch {torch.__version__}";

    public Side Exponential(float[] x, int[] shape, float[] kernel, int terms, float[]? cotangent, int peerThreads)
    {
        bool gradients = cotangent is not null;
        Tensor images = Make(x, shape, gradients);
        Tensor weights = Make(kernel, [shape[1], shape[1], 3, 3], gradients);
        Tensor? g = cotangent is null ? null : Make(cotangent, shape);
        return Create(peerThreads, () => WithGradients(Series(images, weights, terms), g, images, weights));
    }

    public Side Convolution(float[] x, int[] shape, float[] kernel, int[] kernelShape, float[] bias, float[]? cotangent)
    {
        bool gradients = cotangent is not null;
        long padding = kernelShape[2] / 2;
        Tensor images = Make(x, shape, gradients);
        Tensor weights = Make(kernel, kernelShape, gradients);
        Tensor shift = Make(bias, [bias.Length], gradients);
        Tensor? g = cotangent is null ? null : Make(cotangent, [shape[0], kernelShape[0], shape[2], shape[3]]);
        return Create(threads, () => WithGradients(F.conv2d(images, weights, shift, padding: [padding, padding]), g, images, weights, shift));
    }

    public Side Product(float[] a, float[] b, int size)
    {
        Tensor left = Make(a, [size, size]);
        Tensor right = Make(b, [size, size]);
        return Create(threads, () => [left.matmul(right)]);
    }

    public Side Elements(Function function, float[] a, float[] b, float[] c)
    {
        Tensor[] x = [Make(a, [a.Length]), Make(b, [b.Length]), Make(c, [c.Length])];
        return Create(threads, () => function switch
        {
            Function.Tanh => [x[0].tanh()],
            Function.Exp => [x[0].exp()],
            Function.MultiplyAdd => [x[2].addcmul(x[0], x[1], 1)],
            _ => [x[0].sum()],
        });
    }

    public IPeerFlow MixingFlow(string mixing, float[] images)
    {
        torch.set_num_threads(threads);
        return new TorchMixingFlow(mixing, subflows: 4, Make(images, [images.Length / 3072, 3, 32, 32]));
    }

    private static Tensor Series(Tensor x, Tensor kernel, int terms)
    {
        Tensor result = x.clone();
        for (int term = 1; term <= terms; term++)
        {
            x = F.conv2d(x, kernel, padding: [1L, 1L]).div_(term);
            result.add_(x);
        }

        return result;
    }

    private static Tensor[] WithGradients(Tensor y, Tensor? cotangent, params Tensor[] leaves) =>
        cotangent is null ? [y] : [y.detach(), .. autograd.grad([y], leaves, [cotangent])];

    private static Tensor Make(float[] values, int[] shape, bool requiresGradient = false) =>
        tensor(values, Array.ConvertAll(shape, static length => (long)length), requires_grad: requiresGradient);

    private static Side Create(int threads, Func<Tensor[]> work) => new(
        () => torch.set_num_threads(threads),
        () =>
        {
            using DisposeScope scope = torch.NewDisposeScope();
            work();
        },
        () =>
        {
            using DisposeScope scope = torch.NewDisposeScope();
            return Array.ConvertAll(work(), static result => result.contiguous().data<float>().ToArray());
        });
}
