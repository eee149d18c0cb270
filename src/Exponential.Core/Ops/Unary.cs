namespace Exponential;

/// <summary>
/// An element-wise function of one tensor. Its derivative is one line of the table below, written with the context's cotangent and
/// either the saved input or the saved output.
/// </summary>
internal sealed class UnaryOperation(UnaryKind kind, double p = 0, double q = 0) : Operation
{
    private enum Saved
    {
        Nothing,
        Input,
        Output,
    }

    public override string Name => kind.ToString();

    public override bool SavesInput(int index) => SavedValue == Saved.Input;

    public override bool SavesOutput(int index) => SavedValue == Saved.Output;

    private Saved SavedValue => kind switch
    {
        UnaryKind.Affine or UnaryKind.Divide or UnaryKind.Sign or UnaryKind.Floor or UnaryKind.Round => Saved.Nothing,
        UnaryKind.Power when p == 0 => Saved.Nothing,
        UnaryKind.Exp or UnaryKind.Expm1 or UnaryKind.Sqrt or UnaryKind.Reciprocal or UnaryKind.Tanh or UnaryKind.Sigmoid or UnaryKind.Relu => Saved.Output,
        _ => Saved.Input,
    };

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        Operand y = backend.Allocate(x.Operand.DType, x.Operand.Shape);
        backend.Unary(kind, x.Operand, y, p, q);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor g = context.Cotangent;
        context.Set(0, kind switch
        {
            UnaryKind.Affine => g * p,
            UnaryKind.Divide => g / p,
            UnaryKind.Power when p == 0 => Tensor.Zeros(context.InputShape(0), g.DType),
            UnaryKind.Power => g * (context.Input(0).Pow(p - 1) * p),
            UnaryKind.Clamp => g * (context.Input(0).GreaterOrEqual(p) * context.Input(0).LessOrEqual(q)),
            UnaryKind.Exp => g * context.Output(),
            UnaryKind.Expm1 => g * (context.Output() + 1),
            UnaryKind.Log => g / context.Input(0),
            UnaryKind.Log1p => g / (context.Input(0) + 1),
            UnaryKind.Sqrt => g / (context.Output() * 2),
            UnaryKind.Reciprocal => -(g * context.Output().Square()),
            UnaryKind.Tanh => Tensor.Binary(BinaryKind.TanhGradient, g, context.Output()),
            UnaryKind.Sigmoid => Tensor.Binary(BinaryKind.SigmoidGradient, g, context.Output()),
            UnaryKind.Softplus => g * context.Input(0).Sigmoid(),
            UnaryKind.Relu => Tensor.Binary(BinaryKind.ReluGradient, g, context.Output()),
            UnaryKind.Abs => g * context.Input(0).Sign(),
            UnaryKind.Square => g * (context.Input(0) * 2),
            UnaryKind.Sin => g * context.Input(0).Cos(),
            UnaryKind.Cos => -(g * context.Input(0).Sin()),
            UnaryKind.Sign or UnaryKind.Floor or UnaryKind.Round => Tensor.Zeros(context.InputShape(0), g.DType),
            _ => throw new InvalidOperationException($"{Name}: no derivative"),
        });
    }
}

public sealed partial class Tensor
{
    /// <summary>e^x, element by element.</summary>
    public Tensor Exp() => Unary(UnaryKind.Exp);

    /// <summary>e^x - 1, accurate near 0.</summary>
    public Tensor Expm1() => Unary(UnaryKind.Expm1);

    /// <summary>The natural logarithm.</summary>
    public Tensor Log() => Unary(UnaryKind.Log);

    /// <summary>ln(1 + x), accurate near 0.</summary>
    public Tensor Log1p() => Unary(UnaryKind.Log1p);

    /// <summary>The square root.</summary>
    public Tensor Sqrt() => Unary(UnaryKind.Sqrt);

    /// <summary>1/x.</summary>
    public Tensor Reciprocal() => Unary(UnaryKind.Reciprocal);

    /// <summary>The hyperbolic tangent.</summary>
    public Tensor Tanh() => Unary(UnaryKind.Tanh);

    /// <summary>The logistic sigmoid 1/(1 + e^-x).</summary>
    public Tensor Sigmoid() => Unary(UnaryKind.Sigmoid);

    /// <summary>ln(1 + e^x), without overflow.</summary>
    public Tensor Softplus() => Unary(UnaryKind.Softplus);

    /// <summary>ln of the sigmoid, -softplus(-x), without overflow.</summary>
    public Tensor LogSigmoid() => -(-this).Softplus();

    /// <summary>max(x, 0).</summary>
    public Tensor Relu() => Unary(UnaryKind.Relu);

    /// <summary>|x|; the derivative at 0 is taken as 0.</summary>
    public Tensor Abs() => Unary(UnaryKind.Abs);

    /// <summary>x^2.</summary>
    public Tensor Square() => Unary(UnaryKind.Square);

    /// <summary>The sine of an angle in radians.</summary>
    public Tensor Sin() => Unary(UnaryKind.Sin);

    /// <summary>The cosine of an angle in radians.</summary>
    public Tensor Cos() => Unary(UnaryKind.Cos);

    /// <summary>-1, 0 or 1; the derivative is 0.</summary>
    public Tensor Sign() => Unary(UnaryKind.Sign);

    /// <summary>The largest integer not above x; the derivative is 0.</summary>
    public Tensor Floor() => Unary(UnaryKind.Floor);

    /// <summary>The nearest integer, ties to even; the derivative is 0.</summary>
    public Tensor Round() => Unary(UnaryKind.Round);

    /// <summary>x^exponent for a fixed exponent; 1 with derivative 0 for an exponent of 0, whatever x is: that derivative is a constant, without a graph.</summary>
    public Tensor Pow(double exponent) => exponent switch
    {
        1 => this,
        2 => Square(),
        _ => Unary(UnaryKind.Power, exponent),
    };

    /// <summary>min(max(x, min), max); the derivative is 1 inside the closed interval and 0 outside.</summary>
    /// <exception cref="ArgumentException">The limits are not in order.</exception>
    public Tensor Clamp(double min, double max) =>
        min <= max ? Unary(UnaryKind.Clamp, min, max) : throw new ArgumentException($"Clamp: min {min} is above max {max}");

    /// <summary>-x.</summary>
    public static Tensor operator -(Tensor x) => x.Affine(-1, 0);

    /// <summary>x + a.</summary>
    public static Tensor operator +(Tensor x, double a) => x.Affine(1, a);

    /// <summary>a + x.</summary>
    public static Tensor operator +(double a, Tensor x) => x.Affine(1, a);

    /// <summary>x - a.</summary>
    public static Tensor operator -(Tensor x, double a) => x.Affine(1, -a);

    /// <summary>a - x.</summary>
    public static Tensor operator -(double a, Tensor x) => x.Affine(-1, a);

    /// <summary>a x.</summary>
    public static Tensor operator *(Tensor x, double a) => x.Affine(a, 0);

    /// <summary>a x.</summary>
    public static Tensor operator *(double a, Tensor x) => x.Affine(a, 0);

    /// <summary>x / a.</summary>
    public static Tensor operator /(Tensor x, double a) => x.Unary(UnaryKind.Divide, a);

    /// <summary>a / x.</summary>
    public static Tensor operator /(double a, Tensor x) => Scalar(a, x.DType) / x;

    internal Tensor Affine(double scale, double shift) => Unary(UnaryKind.Affine, scale, shift);

    private Tensor Unary(UnaryKind kind, double p = 0, double q = 0) => new UnaryOperation(kind, p, q).Apply(this);
}
