namespace Exponential;

/// <summary>
/// The convolution of neural networks (a cross-correlation): y[b, o, h, w] = bias[o] + sum over i, k, l of
/// kernel[o, i, k, l] x[b, i, s h + k - p, s w + l - p], with x zero outside. It and its two adjoints are each other's derivatives.
/// The last <paramref name="cut"/> rows and columns of y are left out: with a cut of p there is padding on the leading sides alone.
/// <paramref name="rectified"/>, it is max(y, 0), in the memory of y: the values before are neither kept nor needed.
/// </summary>
internal sealed class Conv2dOperation(
    int strideHeight, int strideWidth, int paddingHeight, int paddingWidth, int cut = 0, bool rectified = false) : Operation
{
    public override string Name => rectified ? "Conv2dRelu" : "Conv2d";

    public override bool SavesInput(int index) => index < 2;

    public override bool SavesOutput(int index) => rectified;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Shape x = inputs[0].Shape;
        Shape kernel = inputs[1].Shape;
        if (x.Rank != 4 || kernel.Rank != 4)
        {
            throw new ArgumentException($"Conv2d: expects input [B, C, H, W] and kernel [O, C, k, k]; got {x} and {kernel}");
        }

        if (kernel[0] == 0 || kernel[1] == 0)
        {
            throw new ArgumentException($"Conv2d: kernel {kernel} has no channels; expects [O, C, k, l] with O and C of 1 or more");
        }

        if (x[1] != kernel[1])
        {
            throw new ArgumentException($"Conv2d: kernel has {kernel[1]} input channels {kernel}; input has {x[1]} {x}");
        }

        if (inputs.Length > 2 && inputs[2].Shape != [kernel[0]])
        {
            throw new ArgumentException($"Conv2d: bias is {inputs[2].Shape}; kernel {kernel} has {kernel[0]} output channels");
        }

        if (kernel[2] == 0 || kernel[3] == 0)
        {
            throw new ArgumentException($"Conv2d: kernel {kernel} has no taps");
        }

        int height = OutputLength(x[2], kernel[2], strideHeight, paddingHeight) - cut;
        int width = OutputLength(x[3], kernel[3], strideWidth, paddingWidth) - cut;
        if (height < 1 || width < 1)
        {
            throw new ArgumentException($"Conv2d: kernel {kernel} is larger than the padded input {x} (padding {paddingHeight}, {paddingWidth})");
        }

        ConvolutionGeometry geometry = Geometry(x, kernel, height, width);
        using OperandLease input = OperandLease.Contiguous(backend, inputs[0]);
        using OperandLease weights = OperandLease.Contiguous(backend, inputs[1]);
        using OperandLease bias = OperandLease.Contiguous(backend, inputs.Length > 2 ? inputs[2] : inputs[1]);
        Operand y = backend.Allocate(inputs[0].DType, [x[0], kernel[0], height, width]);
        backend.Conv2d(geometry, input.Operand, weights.Operand, inputs.Length > 2 ? bias.Operand : null, rectified, y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        bool biased = context.InputCount > 2 && context.Needs(2);
        Tensor g = context.Cotangent;
        if (rectified && biased)
        {
            (g, Tensor sums) = FusedOps.RectifierGradient(g, context.Output());
            context.Set(2, sums);
        }
        else if (rectified)
        {
            g = Tensor.Binary(BinaryKind.ReluGradient, g, context.Output());
        }
        else if (biased)
        {
            context.Set(2, g.Sum([0, 2, 3]));
        }

        Conv2dOperation linear = rectified ? new Conv2dOperation(strideHeight, strideWidth, paddingHeight, paddingWidth, cut) : this;
        if (context.Needs(0))
        {
            context.Set(0, new Conv2dInputGradientOperation(linear, context.InputShape(0)).Apply(g, context.Input(1)));
        }

        if (context.Needs(1))
        {
            context.Set(1, new Conv2dKernelGradientOperation(linear, context.InputShape(1)).Apply(context.Input(0), g));
        }
    }

    public ConvolutionGeometry Geometry(Shape x, Shape kernel, int outputHeight, int outputWidth) => new(
        x[0], x[1], x[2], x[3], kernel[0], outputHeight, outputWidth, kernel[2], kernel[3], strideHeight, strideWidth, paddingHeight, paddingWidth);

    /// <summary>How many steps of a kernel fit.</summary>
    public static int OutputLength(int input, int kernel, int stride, int padding)
    {
        long rest = input + (2L * padding) - kernel;
        long length = rest < 0 ? 0 : (rest / stride) + 1;
        return length <= int.MaxValue ? (int)length : throw new ArgumentException($"Conv2d: padding {padding} makes an axis of {length} positions");
    }
}

/// <summary>The adjoint of the convolution for its input: from a cotangent [B, O, H', W'] and the kernel to [B, C, H, W].</summary>
internal sealed class Conv2dInputGradientOperation(Conv2dOperation convolution, Shape inputShape, string name = "Conv2dInputGradient") : Operation
{
    public override string Name => name;

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease g = OperandLease.Contiguous(backend, inputs[0]);
        using OperandLease kernel = OperandLease.Contiguous(backend, inputs[1]);
        Operand y = backend.Allocate(inputs[0].DType, inputShape);
        backend.Conv2dInputGradient(convolution.Geometry(inputShape, inputs[1].Shape, inputs[0].Shape[2], inputs[0].Shape[3]), g.Operand, kernel.Operand, y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        if (context.Needs(0))
        {
            context.Set(0, convolution.Apply(context.Cotangent, context.Input(1)));
        }

        if (context.Needs(1))
        {
            context.Set(1, new Conv2dKernelGradientOperation(convolution, context.InputShape(1)).Apply(context.Cotangent, context.Input(0)));
        }
    }
}

/// <summary>The adjoint of the convolution for its kernel: from the input and a cotangent to [O, C, k, k].</summary>
internal sealed class Conv2dKernelGradientOperation(Conv2dOperation convolution, Shape kernelShape) : Operation
{
    public override string Name => "Conv2dKernelGradient";

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        using OperandLease g = OperandLease.Contiguous(backend, inputs[1]);
        Operand y = backend.Allocate(inputs[0].DType, kernelShape);
        backend.Conv2dKernelGradient(convolution.Geometry(inputs[0].Shape, kernelShape, inputs[1].Shape[2], inputs[1].Shape[3]), x.Operand, g.Operand, y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        if (context.Needs(0))
        {
            context.Set(0, new Conv2dInputGradientOperation(convolution, context.InputShape(0)).Apply(context.Input(1), context.Cotangent));
        }

        if (context.Needs(1))
        {
            context.Set(1, convolution.Apply(context.Input(0), context.Cotangent));
        }
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// The convolution of neural networks, a cross-correlation with zero padding: [B, C, H, W] and kernel [O, C, k, l] to
    /// [B, O, (H + 2p - k)/s + 1, (W + 2p - l)/s + 1].
    /// </summary>
    /// <param name="kernel">The kernel [O, C, k, l].</param>
    /// <param name="bias">Added by channel, [O], or null.</param>
    /// <param name="stride">The step s of both axes.</param>
    /// <param name="padding">The zeros p around both axes.</param>
    /// <exception cref="ArgumentException">Shapes disagree, or the kernel is larger than the padded image.</exception>
    public Tensor Conv2d(Tensor kernel, Tensor? bias = null, int stride = 1, int padding = 0) =>
        Conv2d(kernel, bias, (stride, stride), (padding, padding));

    /// <summary>The same with a stride and a padding of its own for each axis, height first.</summary>
    /// <param name="kernel">The kernel [O, C, k, l].</param>
    /// <param name="bias">Added by channel, [O], or null.</param>
    /// <param name="stride">The steps of the two axes.</param>
    /// <param name="padding">The zeros around the two axes.</param>
    /// <exception cref="ArgumentException">Shapes disagree, or the kernel is larger than the padded image.</exception>
    public Tensor Conv2d(Tensor kernel, Tensor? bias, (int Height, int Width) stride, (int Height, int Width) padding)
    {
        Conv2dOperation convolution = Convolution("Conv2d", stride, padding);
        return bias is null ? convolution.Apply(this, kernel) : convolution.Apply(this, kernel, bias);
    }

    /// <summary>max(y, 0) of the <see cref="Conv2d(Tensor, Tensor?, int, int)"/> y, in one tensor.</summary>
    internal Tensor Conv2dRelu(Tensor kernel, Tensor? bias, int stride, int padding)
    {
        Conv2dOperation convolution = Convolution("Conv2d", (stride, stride), (padding, padding), rectified: true);
        return bias is null ? convolution.Apply(this, kernel) : convolution.Apply(this, kernel, bias);
    }

    /// <summary>
    /// The adjoint of the convolution as a layer: [B, I, H, W] and kernel [I, O, k, l] to [B, O, (H - 1) s - 2p + k, ...].
    /// </summary>
    /// <param name="kernel">The kernel [I, O, k, l].</param>
    /// <param name="bias">Added by channel, [O], or null.</param>
    /// <param name="stride">The step s of both axes.</param>
    /// <param name="padding">The rim p cut off both axes.</param>
    /// <exception cref="ArgumentException">Shapes disagree, or nothing is left of the image.</exception>
    public Tensor ConvTranspose2d(Tensor kernel, Tensor? bias = null, int stride = 1, int padding = 0)
    {
        Conv2dOperation convolution = Convolution("ConvTranspose2d", (stride, stride), (padding, padding));
        if (Rank != 4 || kernel.Rank != 4)
        {
            throw new ArgumentException($"ConvTranspose2d: expects input [B, I, H, W] and kernel [I, O, k, k]; got {Shape} and {kernel.Shape}");
        }

        if (kernel.Shape[0] == 0 || kernel.Shape[1] == 0)
        {
            throw new ArgumentException($"ConvTranspose2d: kernel {kernel.Shape} has no channels; expects [I, O, k, l] with I and O of 1 or more");
        }

        if (Shape[1] != kernel.Shape[0])
        {
            throw new ArgumentException($"ConvTranspose2d: kernel has {kernel.Shape[0]} input channels {kernel.Shape}; input has {Shape[1]} {Shape}");
        }

        if (bias is not null && bias.Shape != [kernel.Shape[1]])
        {
            throw new ArgumentException($"ConvTranspose2d: bias is {bias.Shape}; kernel {kernel.Shape} has {kernel.Shape[1]} output channels");
        }

        long height = ((Shape[2] - 1L) * stride) - (2L * padding) + kernel.Shape[2];
        long width = ((Shape[3] - 1L) * stride) - (2L * padding) + kernel.Shape[3];
        if (height < 1 || width < 1 || Shape[2] == 0 || Shape[3] == 0 || kernel.Shape[2] == 0 || kernel.Shape[3] == 0)
        {
            throw new ArgumentException($"ConvTranspose2d: nothing is left of {Shape} with kernel {kernel.Shape}, stride {stride} and padding {padding}");
        }

        if (height > int.MaxValue || width > int.MaxValue)
        {
            throw new ArgumentException($"ConvTranspose2d: stride {stride} makes an image of {height} x {width}");
        }

        Shape result = [Shape[0], kernel.Shape[1], (int)height, (int)width];
        Tensor y = new Conv2dInputGradientOperation(convolution, result, "ConvTranspose2d").Apply(this, kernel);
        return bias is null ? y : y + bias.Reshape([bias.ElementCount, 1, 1]);
    }

    private static Conv2dOperation Convolution(
        string operation, (int Height, int Width) stride, (int Height, int Width) padding, bool rectified = false) =>
        stride.Height >= 1 && stride.Width >= 1 && padding.Height >= 0 && padding.Width >= 0
            ? new Conv2dOperation(stride.Height, stride.Width, padding.Height, padding.Width, rectified: rectified)
            : throw new ArgumentException($"{operation}: expects strides of 1 or more and paddings of 0 or more; got {stride} and {padding}");
}
