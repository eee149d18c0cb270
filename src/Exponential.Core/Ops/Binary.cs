namespace Exponential;

/// <summary>An element-wise function of two tensors that stretch to a common shape. Derivatives are summed back by the context.</summary>
internal sealed class BinaryOperation(BinaryKind kind) : Operation
{
    public override string Name => kind.ToString();

    public override bool SavesInput(int index) => kind switch
    {
        BinaryKind.Add or BinaryKind.Subtract => false,
        BinaryKind.ReluGradient => index == 1,
        BinaryKind.Less or BinaryKind.LessOrEqual or BinaryKind.Greater or BinaryKind.GreaterOrEqual or BinaryKind.Equal => false,
        _ => true,
    };

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        if (!Shape.TryBroadcast(inputs[0].Shape, inputs[1].Shape, out Shape shape))
        {
            throw new ArgumentException($"{Name}: shapes do not broadcast: {inputs[0].Shape} and {inputs[1].Shape}");
        }

        Operand y = backend.Allocate(inputs[0].DType, shape);
        backend.Binary(kind, inputs[0].Broadcast(shape), inputs[1].Broadcast(shape), y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor g = context.Cotangent;
        switch (kind)
        {
            case BinaryKind.Add:
                context.Set(0, g);
                context.Set(1, g);
                break;
            case BinaryKind.Subtract:
                context.Set(0, g);
                if (context.Needs(1))
                {
                    context.Set(1, -g);
                }

                break;
            case BinaryKind.Multiply:
                SetIfNeeded(context, 0, () => g * context.Input(1));
                SetIfNeeded(context, 1, () => g * context.Input(0));
                break;
            case BinaryKind.Divide:
                SetIfNeeded(context, 0, () => g / context.Input(1));
                SetIfNeeded(context, 1, () => -(g / context.Input(1) * (context.Input(0) / context.Input(1))));
                break;
            case BinaryKind.Minimum:
                SetShared(context, g, context.Input(0).Less(context.Input(1)), context.Input(0).EqualTo(context.Input(1)));
                break;
            case BinaryKind.Maximum:
                SetShared(context, g, context.Input(0).Greater(context.Input(1)), context.Input(0).EqualTo(context.Input(1)));
                break;
            case BinaryKind.Power:
                // Where a factor is 0 the other may be infinite: 0 x^-1 at exponent 0, and 0^y ln 0; the limits are 0.
                SetIfNeeded(context, 0, () => g * WhereNotZero(context.Input(1), context.Input(1) * context.Input(0).Pow(context.Input(1) - 1)));
                SetIfNeeded(context, 1, () => g * context.Input(0).Pow(context.Input(1)) * WhereNotZero(context.Input(0), context.Input(0).Log()));
                break;
            case BinaryKind.TanhGradient:
                SetIfNeeded(context, 0, () => g * (1 - context.Input(1).Square()));
                SetIfNeeded(context, 1, () => g * context.Input(0) * context.Input(1) * -2);
                break;
            case BinaryKind.SigmoidGradient:
                SetIfNeeded(context, 0, () => g * (context.Input(1) - context.Input(1).Square()));
                SetIfNeeded(context, 1, () => g * context.Input(0) * (1 - (context.Input(1) * 2)));
                break;
            case BinaryKind.ReluGradient:
                SetIfNeeded(context, 0, () => Tensor.Binary(BinaryKind.ReluGradient, g, context.Input(1)));
                break;
            default:
                // A comparison is constant almost everywhere.
                break;
        }
    }

    private static void SetIfNeeded(VjpContext context, int input, Func<Tensor> gradient)
    {
        if (context.Needs(input))
        {
            context.Set(input, gradient());
        }
    }

    private static Tensor WhereNotZero(Tensor test, Tensor value) => Tensor.Where(test, value, Tensor.Scalar(0, value.DType));

    /// <summary>The chosen operand takes the cotangent; where both are equal each takes half.</summary>
    private static void SetShared(VjpContext context, Tensor g, Tensor firstWins, Tensor tie)
    {
        Tensor share = firstWins + (tie * 0.5);
        context.Set(0, g * share);
        context.Set(1, g * (1 - share));
    }
}

public sealed partial class Tensor
{
    /// <summary>x + y, broadcasting.</summary>
    public static Tensor operator +(Tensor x, Tensor y) => Binary(BinaryKind.Add, x, y);

    /// <summary>x - y, broadcasting.</summary>
    public static Tensor operator -(Tensor x, Tensor y) => Binary(BinaryKind.Subtract, x, y);

    /// <summary>x y, element by element, broadcasting.</summary>
    public static Tensor operator *(Tensor x, Tensor y) => Binary(BinaryKind.Multiply, x, y);

    /// <summary>x / y, element by element, broadcasting.</summary>
    public static Tensor operator /(Tensor x, Tensor y) => Binary(BinaryKind.Divide, x, y);

    /// <summary>The smaller of two, element by element; where they are equal each takes half of the gradient.</summary>
    public static Tensor Minimum(Tensor x, Tensor y) => Binary(BinaryKind.Minimum, x, y);

    /// <summary>The larger of two, element by element; where they are equal each takes half of the gradient.</summary>
    public static Tensor Maximum(Tensor x, Tensor y) => Binary(BinaryKind.Maximum, x, y);

    /// <summary>x^y, element by element.</summary>
    public Tensor Pow(Tensor exponent) => Binary(BinaryKind.Power, this, exponent);

    /// <summary>1 where x is less than y, else 0; without gradient.</summary>
    public Tensor Less(Tensor other) => Binary(BinaryKind.Less, Detach(), other.Detach());

    /// <summary>1 where x is at most y, else 0; without gradient.</summary>
    public Tensor LessOrEqual(Tensor other) => Binary(BinaryKind.LessOrEqual, Detach(), other.Detach());

    /// <summary>1 where x is greater than y, else 0; without gradient.</summary>
    public Tensor Greater(Tensor other) => Binary(BinaryKind.Greater, Detach(), other.Detach());

    /// <summary>1 where x is at least y, else 0; without gradient.</summary>
    public Tensor GreaterOrEqual(Tensor other) => Binary(BinaryKind.GreaterOrEqual, Detach(), other.Detach());

    /// <summary>1 where x equals y, else 0; without gradient.</summary>
    public Tensor EqualTo(Tensor other) => Binary(BinaryKind.Equal, Detach(), other.Detach());

    /// <summary>1 where x is less than a, else 0; without gradient.</summary>
    public Tensor Less(double a) => Less(Scalar(a, DType));

    /// <summary>1 where x is at most a, else 0; without gradient.</summary>
    public Tensor LessOrEqual(double a) => LessOrEqual(Scalar(a, DType));

    /// <summary>1 where x is greater than a, else 0; without gradient.</summary>
    public Tensor Greater(double a) => Greater(Scalar(a, DType));

    /// <summary>1 where x is at least a, else 0; without gradient.</summary>
    public Tensor GreaterOrEqual(double a) => GreaterOrEqual(Scalar(a, DType));

    /// <summary>1 where x equals a, else 0; without gradient.</summary>
    public Tensor EqualTo(double a) => EqualTo(Scalar(a, DType));

    /// <summary>Whether every element is finite: neither infinite nor NaN.</summary>
    public bool IsFinite()
    {
        using (Autograd.NoGrad())
        {
            // 0 x is 0 exactly for finite x and NaN otherwise, and NaN survives a sum.
            return (Detach() * 0.0).Sum().ToScalar() == 0;
        }
    }

    internal static Tensor Binary(BinaryKind kind, Tensor x, Tensor y) => new BinaryOperation(kind).Apply(x, y);

    /// <summary>target += addend, in place. Only for a tensor that nobody else holds.</summary>
    internal static void AddInPlace(Tensor target, Tensor addend)
    {
        target.Backend.Binary(BinaryKind.Add, target.Data, addend.Data.Broadcast(target.Shape), target.Data);
        target.Storage.Written();
        GC.KeepAlive(target);
        GC.KeepAlive(addend);
    }
}
