namespace Exponential.Nn;

/// <summary>Initial values of parameters and buffers. Whatever may be large comes from here, so that a model can be made of shapes alone.</summary>
internal static class Initialization
{
    [ThreadStatic]
    private static bool _isShapesOnly;

    /// <summary>
    /// Until the scope is disposed, modules made on this thread draw nothing and allocate nothing of their parameters' size: each value is
    /// one element, repeated by strides of 0. For counting parameters, and for modules that a state is loaded into at once.
    /// </summary>
    public static Scope ShapesOnly()
    {
        bool before = _isShapesOnly;
        _isShapesOnly = true;
        return new Scope(before);
    }

    /// <summary>The given generator, or a fresh one with a random seed, so that two modules made without one still differ.</summary>
    public static Generator OrFresh(Generator? generator) => generator ?? new Generator((ulong)Random.Shared.NextInt64());

    /// <summary>What <paramref name="make"/> makes, of a shape and element type.</summary>
    public static Tensor Value(Shape shape, DType dtype, Func<Tensor> make) =>
        _isShapesOnly ? Tensor.Scalar(0, dtype).Expand(shape) : make();

    /// <summary>Zeros.</summary>
    public static Tensor Zeros(Shape shape, DType dtype) => Value(shape, dtype, () => Tensor.Zeros(shape, dtype));

    /// <summary>Gaussian with mean 0 and a deviation.</summary>
    public static Tensor Normal(Shape shape, double deviation, Generator generator, DType dtype) =>
        Value(shape, dtype, () => generator.Normal(shape, dtype) * deviation);

    /// <summary>Uniform in [-bound, bound).</summary>
    public static Tensor Uniform(Shape shape, double bound, Generator generator, DType dtype) =>
        Value(shape, dtype, () => (generator.Uniform(shape, dtype) * (2 * bound)) - bound);

    /// <summary>Makes values again.</summary>
    public readonly ref struct Scope
    {
        private readonly bool _before;

        internal Scope(bool before) => _before = before;

        /// <summary>Ends the scope.</summary>
        public void Dispose() => _isShapesOnly = _before;
    }
}
