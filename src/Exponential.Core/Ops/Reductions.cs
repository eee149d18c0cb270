namespace Exponential;

/// <summary>Sum, maximum or minimum over the axes in which the result has length 1.</summary>
internal sealed class ReduceOperation(ReduceKind kind, Shape kept) : Operation
{
    public override string Name => kind.ToString();

    public override bool SavesInput(int index) => kind != ReduceKind.Sum;

    public override bool SavesOutput(int index) => kind != ReduceKind.Sum;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using OperandLease x = OperandLease.Contiguous(backend, inputs[0]);
        Operand y = backend.Allocate(x.Operand.DType, kept);
        backend.Reduce(kind, x.Operand, y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        Tensor g = context.Cotangent.Expand(context.InputShape(0));
        if (kind == ReduceKind.Sum)
        {
            context.Set(0, g);
            return;
        }

        // Equal extremes share the cotangent.
        Tensor hit = context.Input(0).EqualTo(context.Output().Expand(context.InputShape(0)));
        Tensor count = new ReduceOperation(ReduceKind.Sum, kept).Apply(hit);
        context.Set(0, g * (hit / count));
    }
}

public sealed partial class Tensor
{
    /// <summary>The sum of all elements, a scalar.</summary>
    public Tensor Sum() => Sum([]);

    /// <summary>The sum over some axes, or over all when none is named.</summary>
    /// <param name="axes">Axes; a negative one counts from the end.</param>
    /// <param name="keepDims">Whether the reduced axes stay, with length 1.</param>
    public Tensor Sum(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce(ReduceKind.Sum, axes, keepDims);

    /// <summary>The mean of all elements, a scalar.</summary>
    public Tensor Mean() => Mean([]);

    /// <summary>The mean over some axes, or over all when none is named.</summary>
    /// <param name="axes">Axes; a negative one counts from the end.</param>
    /// <param name="keepDims">Whether the reduced axes stay, with length 1.</param>
    /// <exception cref="ArgumentException">There are no elements along the axes.</exception>
    public Tensor Mean(ReadOnlySpan<int> axes, bool keepDims = false)
    {
        int count = ReducedCount("Mean", axes);
        return Sum(axes, keepDims) / count;
    }

    /// <summary>The largest element, a scalar.</summary>
    /// <exception cref="ArgumentException">There are no elements.</exception>
    public Tensor Max() => Max([]);

    /// <summary>The largest element over some axes, or over all when none is named; equal ones share the gradient.</summary>
    /// <param name="axes">Axes; a negative one counts from the end.</param>
    /// <param name="keepDims">Whether the reduced axes stay, with length 1.</param>
    /// <exception cref="ArgumentException">There are no elements along the axes.</exception>
    public Tensor Max(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce(ReduceKind.Max, axes, keepDims);

    /// <summary>The smallest element, a scalar.</summary>
    /// <exception cref="ArgumentException">There are no elements.</exception>
    public Tensor Min() => Min([]);

    /// <summary>The smallest element over some axes, or over all when none is named; equal ones share the gradient.</summary>
    /// <param name="axes">Axes; a negative one counts from the end.</param>
    /// <param name="keepDims">Whether the reduced axes stay, with length 1.</param>
    /// <exception cref="ArgumentException">There are no elements along the axes.</exception>
    public Tensor Min(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce(ReduceKind.Min, axes, keepDims);

    /// <summary>ln(sum of e^x) over all elements, without overflow; see <see cref="LogSumExp(ReadOnlySpan{int}, bool)"/>.</summary>
    /// <exception cref="ArgumentException">There are no elements.</exception>
    public Tensor LogSumExp() => LogSumExp([]);

    /// <summary>
    /// ln(sum of e^x) over some axes, without overflow; -infinity where every element is. The gradient, e^x over the sum, is 0/0 there and
    /// taken as 0: a row that is masked whole must not spoil the others' gradients.
    /// </summary>
    /// <param name="axes">Axes; a negative one counts from the end.</param>
    /// <param name="keepDims">Whether the reduced axes stay, with length 1.</param>
    /// <exception cref="ArgumentException">There are no elements along the axes.</exception>
    public Tensor LogSumExp(ReadOnlySpan<int> axes, bool keepDims = false) => LogSumExp("LogSumExp", axes, keepDims);

    /// <summary>The variance of all elements, a scalar.</summary>
    public Tensor Variance() => Variance([]);

    /// <summary>The variance over some axes, or over all when none is named.</summary>
    /// <param name="axes">Axes; a negative one counts from the end.</param>
    /// <param name="unbiased">Divides by n - 1 rather than n.</param>
    /// <param name="keepDims">Whether the reduced axes stay, with length 1.</param>
    public Tensor Variance(ReadOnlySpan<int> axes, bool unbiased = true, bool keepDims = false)
    {
        int count = ReducedCount("Variance", axes);
        if (unbiased && count < 2)
        {
            throw new ArgumentException($"Variance: the unbiased estimate needs two elements or more; the axes of {Shape} hold {count}. Pass unbiased: false");
        }

        return (this - Mean(axes, keepDims: true)).Square().Sum(axes, keepDims) / (unbiased ? count - 1 : count);
    }

    /// <summary>e^x / sum of e^x along an axis.</summary>
    /// <exception cref="ArgumentException">There are no elements along the axis.</exception>
    public Tensor Softmax(int axis) => LogSoftmax("Softmax", axis).Exp();

    /// <summary>x - ln(sum of e^x) along an axis.</summary>
    /// <exception cref="ArgumentException">There are no elements along the axis.</exception>
    public Tensor LogSoftmax(int axis) => LogSoftmax("LogSoftmax", axis);

    /// <summary>Sums stretched axes away, so that the result has the given shape, which broadcasts to this one.</summary>
    internal Tensor SumTo(Shape shape)
    {
        if (Shape == shape)
        {
            return this;
        }

        int lead = Rank - shape.Rank;
        int[] kept = new int[Rank];
        for (int axis = 0; axis < Rank; axis++)
        {
            kept[axis] = axis < lead ? 1 : shape[axis - lead];
        }

        return new ReduceOperation(ReduceKind.Sum, kept).Apply(this).Reshape(shape);
    }

    private Tensor LogSoftmax(string operation, int axis) => this - LogSumExp(operation, [Axes.Normalise(operation, axis, Shape)], keepDims: true);

    private Tensor LogSumExp(string operation, ReadOnlySpan<int> axes, bool keepDims)
    {
        ReducedCount(operation, axes);
        Tensor max = Detach().Max(axes, keepDims: true);

        // An infinite maximum would give infinity minus infinity.
        Tensor shift = Where(max.Abs().Less(double.PositiveInfinity), max, max.ZerosLike());
        Tensor sum = (this - shift).Exp().Sum(axes, keepDims: true);

        // The sum is 0 only where every element is -infinity. The logarithm is then of a constant 1, or its derivative would be 0/0.
        Tensor isEmpty = sum.EqualTo(0);
        Tensor logarithm = Where(isEmpty, Scalar(double.NegativeInfinity, DType), Where(isEmpty, Scalar(1, DType), sum).Log()) + shift;
        return keepDims ? logarithm : logarithm.Reshape(Axes.Dropped(Shape, Axes.Mask(operation, axes, Shape)));
    }

    private Tensor Reduce(ReduceKind kind, ReadOnlySpan<int> axes, bool keepDims)
    {
        if (kind != ReduceKind.Sum)
        {
            ReducedCount(kind.ToString(), axes);
        }

        bool[] mask = Axes.Mask(kind.ToString(), axes, Shape);
        Tensor kept = new ReduceOperation(kind, Axes.Kept(Shape, mask)).Apply(this);
        return keepDims ? kept : kept.Reshape(Axes.Dropped(Shape, mask));
    }

    /// <summary>The elements that one result is made of, which must be one or more, even where there are no results.</summary>
    private int ReducedCount(string operation, ReadOnlySpan<int> axes)
    {
        bool[] mask = Axes.Mask(operation, axes, Shape);
        int count = 1;
        for (int axis = 0; axis < Rank; axis++)
        {
            count *= mask[axis] ? Shape[axis] : 1;
        }

        return count > 0 ? count : throw new ArgumentException($"{operation}: no elements along the axes of {Shape}");
    }
}
