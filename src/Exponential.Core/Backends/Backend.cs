namespace Exponential;

/// <summary>
/// What a device must implement: one page. Every operation is written once in terms of it. Operands may be strided views unless a
/// member says otherwise; destinations are row-major and do not overlap their inputs, save that an element-wise result may take the
/// place of an input of the same layout. Shapes and element types have been checked.
/// </summary>
internal abstract class Backend
{
    /// <summary>The fused convolution exponential, where the device has one; else it is composed of convolutions.</summary>
    public virtual IConvolutionExponential? ConvolutionExponential => null;

    /// <summary>The fused inverse of an autoregressive convolution, where the device has one; else it is composed of convolutions.</summary>
    public virtual IAutoregressiveInverse? AutoregressiveInverse => null;

    /// <summary>Chains of element-wise functions and sums in one pass, where the device has them; else they are composed.</summary>
    public virtual IFusedPasses? FusedPasses => null;

    /// <summary>Uninitialised memory, row-major, with one reference that the caller owns.</summary>
    public abstract Operand Allocate(DType dtype, Shape shape);

    /// <summary>Copies elements in from the host.</summary>
    public abstract void Upload<T>(ReadOnlySpan<T> source, Operand destination)
        where T : unmanaged;

    /// <summary>Waits for everything submitted and copies elements out to the host.</summary>
    public abstract void Read<T>(Operand source, Span<T> destination)
        where T : unmanaged;

    /// <summary>destination = value.</summary>
    public abstract void Fill(Operand destination, double value);

    /// <summary>destination = source, converting between element types; both may be strided.</summary>
    public abstract void Copy(Operand source, Operand destination);

    /// <summary>y = op(x; p, q), element by element; x is row-major.</summary>
    public abstract void Unary(UnaryKind op, Operand x, Operand y, double p, double q);

    /// <summary>y = op(a, b), element by element; a and b are already stretched to the shape of y by strides of 0.</summary>
    public abstract void Binary(BinaryKind op, Operand a, Operand b, Operand y);

    /// <summary>y = condition is not 0 ? a : b; all four of one shape, all but y perhaps strided.</summary>
    public abstract void Select(Operand condition, Operand a, Operand b, Operand y);

    /// <summary>Reduces the axes in which y has length 1 and x has not; x is row-major and y has the rank of x.</summary>
    public abstract void Reduce(ReduceKind op, Operand x, Operand y);

    /// <summary>y[.., m, n] = a[.., m, k] b[.., k, n]; the leading axes of a and b are stretched to those of y.</summary>
    public abstract void MatMul(Operand a, Operand b, Operand y);

    /// <summary>y = x * kernel + bias, a cross-correlation, or rectified max(y, 0) of that; all row-major, the bias perhaps absent.</summary>
    public abstract void Conv2d(in ConvolutionGeometry geometry, Operand x, Operand kernel, Operand? bias, bool rectified, Operand y);

    /// <summary>The adjoint of <see cref="Conv2d"/> for its input.</summary>
    public abstract void Conv2dInputGradient(in ConvolutionGeometry geometry, Operand outputGradient, Operand kernel, Operand inputGradient);

    /// <summary>The adjoint of <see cref="Conv2d"/> for its kernel.</summary>
    public abstract void Conv2dKernelGradient(in ConvolutionGeometry geometry, Operand x, Operand outputGradient, Operand kernelGradient);

    /// <summary>Fills with element number 0, 1, ... of the stream (seed, offset).</summary>
    public abstract void FillRandom(RandomKind kind, ulong seed, ulong offset, Operand destination);
}

/// <summary>The fused convolution exponential of a device. All operands are row-major.</summary>
internal interface IConvolutionExponential
{
    /// <summary>y = (sum over i up to terms of (scale M)^i / i!)^steps x, or with M* for M.</summary>
    void Apply(in ConvolutionExponentialGeometry geometry, Operand x, Operand kernel, double scale, int terms, int steps, bool adjoint, Operand y);

    /// <summary>The gradients of the product of <see cref="Apply"/> (not adjoint) with a cotangent; either may be left out.</summary>
    void Gradient(
        in ConvolutionExponentialGeometry geometry, Operand x, Operand kernel, double scale, int terms, int steps, Operand cotangent, Operand? xGradient, Operand? kernelGradient);
}

/// <summary>The fused inverse of an autoregressive convolution of a device. All operands are row-major.</summary>
internal interface IAutoregressiveInverse
{
    /// <summary>Solves y = A x for x, with A the convolution by a kernel [C, C, 2, 2] whose last tap counts as lower triangular.</summary>
    /// <exception cref="ArithmeticException">The last tap has a zero on its diagonal.</exception>
    void Apply(in AutoregressiveGeometry geometry, Operand y, Operand kernel, Operand x);
}

/// <summary>
/// What a device computes in one pass over memory that is otherwise a chain of operations. Sources are row-major within each item of
/// their first axis (<see cref="Layout.HasContiguousItems"/>), destinations as a whole.
/// </summary>
internal interface IFusedPasses
{
    /// <summary>z and the log-det [B] of the affine coupling of x [B, C, H, W] by h [B, C, H, W], or of its inverse; see <see cref="CouplingOperation"/>.</summary>
    void Coupling(Operand x, Operand h, bool inverse, Operand z, Operand logDet);

    /// <summary>The gradients of the product of <see cref="Coupling"/> with cotangents of z and of the log-det.</summary>
    void CouplingGradient(
        Operand x, Operand h, bool inverse, Operand zCotangent, Operand logDetCotangent, Operand xGradient, Operand hGradient);

    /// <summary>y = a + b s(c) with a, b and c the thirds of the channels of x [B, 3 C, ...] and s the sigmoid.</summary>
    void Gate(Operand x, Operand y);

    /// <summary>The gradient of the product of <see cref="Gate"/> with a cotangent of y.</summary>
    void GateGradient(Operand x, Operand cotangent, Operand xGradient);

    /// <summary>gradient = cotangent where value is positive, else 0, both [B, C, ...]; and its sums [C] over all axes but the second.</summary>
    void RectifierGradient(Operand cotangent, Operand value, Operand gradient, Operand sums);

    /// <summary>y[b] = -(sum of squares of x[b] + n ln(2 pi)) / 2 with n the number of elements of x[b].</summary>
    void GaussianLogDensity(Operand x, Operand y);

    /// <summary>y = a b + c, element by element; the three are already stretched to the shape of y by strides of 0, and may lie in any order.</summary>
    void MultiplyAdd(Operand a, Operand b, Operand c, Operand y);
}

/// <summary>Functions of one number; p and q are scalars of the op.</summary>
internal enum UnaryKind
{
    /// <summary>p x + q.</summary>
    Affine,

    /// <summary>x / p: the factor 1 / p is infinite for a tiny p, and rounded for most others.</summary>
    Divide,

    /// <summary>x to the power p.</summary>
    Power,

    /// <summary>min(max(x, p), q).</summary>
    Clamp,
    Exp,
    Expm1,
    Log,
    Log1p,
    Sqrt,
    Reciprocal,
    Tanh,
    Sigmoid,
    Softplus,
    Relu,
    Abs,
    Square,
    Sin,
    Cos,
    Sign,
    Floor,
    Round,
}

/// <summary>Functions of two numbers. Comparisons give 1 or 0.</summary>
internal enum BinaryKind
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Minimum,
    Maximum,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,

    /// <summary>a (1 - b^2): the derivative of tanh in terms of its value b.</summary>
    TanhGradient,

    /// <summary>a b (1 - b): the derivative of the sigmoid in terms of its value b.</summary>
    SigmoidGradient,

    /// <summary>b is positive ? a : 0.</summary>
    ReluGradient,
}

/// <summary>Reductions.</summary>
internal enum ReduceKind
{
    Sum,
    Max,
    Min,
}

/// <summary>Distributions of random numbers.</summary>
internal enum RandomKind
{
    /// <summary>Uniform in [0, 1).</summary>
    Uniform,

    /// <summary>Standard normal.</summary>
    Normal,
}
