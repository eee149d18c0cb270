namespace Exponential;

/// <summary>
/// The inverse of an autoregressive convolution (see <see cref="AutoregressiveConvolution"/>): x with A x = y. With the cotangent g of x, y's
/// gradient is A⁻* g, and the kernel's is minus that of the convolution at x for the cotangent A⁻* g. A* is an autoregressive convolution of
/// images whose channels, rows and columns are in reverse order.
/// </summary>
internal sealed class AutoregressiveInverseOperation : Operation
{
    public override string Name => "AutoregressiveInverse";

    public override bool SavesInput(int index) => index == 1;

    public override bool SavesOutput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease y = OperandLease.Contiguous(backend, inputs[0]);
        using OperandLease kernel = OperandLease.Contiguous(backend, inputs[1]);
        Shape shape = inputs[0].Shape;
        Operand x = backend.Allocate(inputs[0].DType, shape);
        backend.AutoregressiveInverse!.Apply(new(shape[0], shape[1], shape[2], shape[3]), y.Operand, kernel.Operand, x);
        outputs[0] = x;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor adjoint = context.Input(1).Transpose(0, 1).Flip(0, 1);
        Tensor g = new AutoregressiveInverseOperation().Apply(context.Cotangent.Flip(1, 2, 3), adjoint).Flip(1, 2, 3);
        context.Set(0, g);
        if (context.Needs(1))
        {
            context.Set(1, AutoregressiveConvolution.KernelGradient(context.Output(), -g));
        }
    }
}

/// <summary>
/// The autoregressive convolution y[b, o, h, w] = bias[o] + sum over i, k, l of kernel[o, i, k, l] x[b, i, h + k - 1, w + l - 1], with x
/// zero outside and a kernel [C, C, 2, 2] whose last tap, kernel[o, i, 1, 1], is lower triangular: a value hangs on those above, to the left,
/// and in earlier channels of the same pixel.
/// </summary>
internal static class AutoregressiveConvolution
{
    private static readonly Conv2dOperation Convolution = new(1, 1, 1, 1, cut: 1);

    /// <summary>Ones [C, C, 2, 2] where a kernel may differ from 0, and zeros above the diagonal of the last tap.</summary>
    public static Tensor Mask(int channels, DType dtype)
    {
        double[] values = new double[channels * channels * 4];
        for (int output = 0, position = 0; output < channels; output++)
        {
            for (int input = 0; input < channels; input++, position += 4)
            {
                values.AsSpan(position, 3).Fill(1);
                values[position + 3] = output >= input ? 1 : 0;
            }
        }

        return Tensor.FromArray(values, [channels, channels, 2, 2]).To(dtype);
    }

    /// <summary>y.</summary>
    /// <param name="x">[B, C, H, W].</param>
    /// <param name="kernel">[C, C, 2, 2], used as it is.</param>
    /// <param name="bias">[C], or null.</param>
    public static Tensor Apply(Tensor x, Tensor kernel, Tensor? bias) =>
        bias is null ? Convolution.Apply(x, kernel) : Convolution.Apply(x, kernel, bias);

    /// <summary>x, from y without bias; above the diagonal of the last tap the kernel is not read.</summary>
    /// <param name="y">[B, C, H, W].</param>
    /// <param name="kernel">[C, C, 2, 2].</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    /// <exception cref="ArithmeticException">The last tap has a zero on its diagonal.</exception>
    public static Tensor Inverse(Tensor y, Tensor kernel)
    {
        Shape k = kernel.Shape;
        if (y.Rank != 4 || k.Rank != 4 || k[0] == 0 || k != [k[0], k[0], 2, 2])
        {
            throw new ArgumentException($"AutoregressiveInverse: expects images [B, C, H, W] and a kernel [C, C, 2, 2]; got {y.Shape} and {k}");
        }

        if (y.Shape[1] != k[0])
        {
            throw new ArgumentException($"AutoregressiveInverse: kernel has {k[0]} channels {k}; images have {y.Shape[1]} {y.Shape}");
        }

        return y.Backend.AutoregressiveInverse is null ? Composite(y, kernel) : new AutoregressiveInverseOperation().Apply(y, kernel);
    }

    /// <summary>
    /// The same made of convolutions: the oracle of the fused kernel and its fallback on a device without one. x &lt;- L⁻¹ y - N x, with L
    /// the last tap and N the other taps times L⁻¹, sets the next diagonal h + w = d right with each repetition, and is exact after H + W - 2.
    /// </summary>
    public static Tensor Composite(Tensor y, Tensor kernel)
    {
        int channels = kernel.Shape[0];
        Tensor masked = (kernel * Mask(channels, kernel.DType)).To(DType.Float64);
        Tensor[] taps = masked.Reshape([channels, channels, 4]).Split([3, 1], 2);
        Tensor inverse = taps[1].Reshape([channels, channels]).Inverse();
        Tensor others = inverse.MatMul(taps[0].Reshape([channels, channels * 3])).Reshape([channels, channels, 3]);
        Tensor n = Tensor.Cat([-others, others.ZerosLike()[.., .., ..1]], 2).Reshape([channels, channels, 2, 2]).To(y.DType);
        Tensor start = y.Conv2d(inverse.To(y.DType).Reshape([channels, channels, 1, 1]));
        Tensor x = start;
        for (int d = 1; d <= y.Shape[2] + y.Shape[3] - 2; d++)
        {
            x = start + Apply(x, n, null);
        }

        return x;
    }

    /// <summary>The kernel's gradient of the convolution at x for a cotangent of y.</summary>
    public static Tensor KernelGradient(Tensor x, Tensor cotangent)
    {
        int channels = x.Shape[1];
        Tensor gradient = new Conv2dKernelGradientOperation(Convolution, [channels, channels, 2, 2]).Apply(x, cotangent);
        return gradient * Mask(channels, x.DType);
    }
}
