namespace Exponential;

/// <summary>
/// The truncated exponential of a zero-padded convolution M by a kernel [C, C, k, l] with odd k and l:
/// y = (sum over i up to terms of (scale M)^i / i!)^steps x, or with the adjoint M* for M. One fused kernel where the device has one.
/// </summary>
internal sealed class ConvolutionExponentialOperation(double scale, int terms, int steps, bool adjoint) : Operation
{
    public override string Name => "ConvolutionExponential";

    public override bool SavesInput(int index) => true;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        using OperandLease kernel = OperandLease.Contiguous(backend, inputs[1]);
        Operand y = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        backend.ConvolutionExponential!.Apply(Geometry(inputs[0].Shape, inputs[1].Shape), x.Operand, kernel.Operand, scale, terms, steps, adjoint, y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor x = context.Input(0);
        Tensor kernel = context.Input(1);
        Tensor g = context.Cotangent;
        if (!context.Needs(1))
        {
            context.Set(0, new ConvolutionExponentialOperation(scale, terms, steps, !adjoint).Apply(g, kernel));
            return;
        }

        // <g, exp(M*) x> = <x, exp(M) g>: the adjoint's kernel gradient is the plain one's with the two exchanged.
        Tensor[] gradients = adjoint
            ? new ConvolutionExponentialGradientOperation(scale, terms, steps).ApplyMany(g, kernel, x)
            : new ConvolutionExponentialGradientOperation(scale, terms, steps).ApplyMany(x, kernel, g);
        if (context.Needs(0))
        {
            context.Set(0, adjoint ? new ConvolutionExponentialOperation(scale, terms, steps, adjoint: false).Apply(g, kernel) : gradients[0]);
        }

        context.Set(1, gradients[1]);
    }

    public static ConvolutionExponentialGeometry Geometry(Shape x, Shape kernel) => new(x[0], x[1], x[2], x[3], kernel[2], kernel[3]);

    /// <summary>
    /// The same function made of convolutions: the oracle of the fused kernel, its fallback on a device without one, and what it is
    /// differentiated through a second time.
    /// </summary>
    public static Tensor Composite(Tensor x, Tensor kernel, double scale, int terms, int steps, bool adjoint)
    {
        Tensor weights = (adjoint ? kernel.Flip(2, 3).Transpose(0, 1) : kernel) * scale;
        (int Height, int Width) padding = (kernel.Shape[2] / 2, kernel.Shape[3] / 2);
        Tensor y = x;
        for (int step = 0; step < steps; step++)
        {
            // Horner's form: r = x + M r / i for i = terms..1. The values stay near x.
            Tensor start = y;
            for (int i = terms; i >= 1; i--)
            {
                y = start + (y.Conv2d(weights, null, (1, 1), padding) / i);
            }
        }

        return y;
    }
}

/// <summary>Both gradients of the product of a cotangent g with the exponential of a convolution: exp(M*) g, and the kernel's.</summary>
internal sealed class ConvolutionExponentialGradientOperation(double scale, int terms, int steps) : FusedGradientOperation(inputs: 2)
{
    public override string Name => "ConvolutionExponentialGradient";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        using OperandLease kernel = OperandLease.Contiguous(backend, inputs[1]);
        using OperandLease g = OperandLease.Contiguous(backend, inputs[2]);
        Operand xGradient = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        Operand kernelGradient = backend.Allocate(inputs[1].DType, inputs[1].Shape);
        backend.ConvolutionExponential!.Gradient(
            ConvolutionExponentialOperation.Geometry(inputs[0].Shape, inputs[1].Shape), x.Operand, kernel.Operand, scale, terms, steps, g.Operand, xGradient, kernelGradient);
        outputs[0] = xGradient;
        outputs[1] = kernelGradient;
    }

    protected override Tensor[] Composite(ReadOnlySpan<Tensor> inputs) =>
        [ConvolutionExponentialOperation.Composite(inputs[0], inputs[1], scale, terms, steps, adjoint: false)];
}

/// <summary>Fused operations for the operators and modules above.</summary>
internal static partial class FusedOps
{
    /// <summary>The truncated exponential of a zero-padded convolution; see <see cref="ConvolutionExponentialOperation"/>.</summary>
    /// <exception cref="ArgumentException">Shapes disagree, the kernel is not odd, or terms or steps are out of range.</exception>
    public static Tensor ConvolutionExponential(Tensor x, Tensor kernel, int terms, int steps, bool adjoint, double scale)
    {
        Shape k = kernel.Shape;
        if (x.Rank != 4 || k.Rank != 4 || k[0] != k[1] || k[0] == 0 || k[2] % 2 == 0 || k[3] % 2 == 0)
        {
            throw new ArgumentException($"ConvolutionExponential: expects input [B, C, H, W] and a kernel [C, C, k, l] with odd k and l; got {x.Shape} and {k}");
        }

        if (x.Shape[1] != k[0])
        {
            throw new ArgumentException($"ConvolutionExponential: kernel has {k[0]} channels {k}; input has {x.Shape[1]} {x.Shape}");
        }

        if (terms < 0 || terms > ExponentialPlan.MostTerms || steps < 1)
        {
            throw new ArgumentException(
                $"ConvolutionExponential: expects 0 to {ExponentialPlan.MostTerms} terms and 1 step or more; got {terms} and {steps}");
        }

        return x.Backend.ConvolutionExponential is null
            ? ConvolutionExponentialOperation.Composite(x, kernel, scale, terms, steps, adjoint)
            : new ConvolutionExponentialOperation(scale, terms, steps, adjoint).Apply(x, kernel);
    }
}
