namespace Exponential;

/// <summary>Reads the elements as another shape: a view where the strides allow it, else a copy.</summary>
internal sealed class ReshapeOperation(Shape shape) : Operation
{
    public override string Name => "Reshape";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Operand x = inputs[0];
        if (x.Layout.TryReshape(shape, out Layout layout))
        {
            outputs[0] = x.View(layout);
            return;
        }

        Operand copy = backend.Allocate(x.DType, x.Shape);
        backend.Copy(x, copy);
        outputs[0] = new Operand(copy.Storage, Layout.RowMajor(shape));
    }

    public override void Vjp(VjpContext context) => context.Set(0, context.Cotangent.Reshape(context.InputShape(0)));
}

/// <summary>Reorders the axes.</summary>
internal sealed class PermuteOperation(int[] axes) : Operation
{
    public override string Name => "Permute";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Layout from = inputs[0].Layout;
        int[] dimensions = new int[axes.Length];
        int[] strides = new int[axes.Length];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            dimensions[axis] = from.Shape[axes[axis]];
            strides[axis] = from.Strides[axes[axis]];
        }

        outputs[0] = inputs[0].View(new Layout(dimensions, strides, from.Offset));
    }

    public override void Vjp(VjpContext context)
    {
        int[] inverse = new int[axes.Length];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            inverse[axes[axis]] = axis;
        }

        context.Set(0, context.Cotangent.Permute(inverse));
    }
}

/// <summary>Stretches axes of length 1.</summary>
internal sealed class ExpandOperation(Shape shape) : Operation
{
    public override string Name => "Expand";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs) =>
        outputs[0] = inputs[0].View(inputs[0].Layout.Broadcast(shape));

    public override void Vjp(VjpContext context) => context.Set(0, context.Cotangent);
}

/// <summary>Takes length positions of an axis from start on.</summary>
internal sealed class NarrowOperation(int axis, int start, int length) : Operation
{
    public override string Name => "Narrow";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Layout from = inputs[0].Layout;
        int[] dimensions = from.Shape.Dimensions.ToArray();
        dimensions[axis] = length;
        outputs[0] = inputs[0].View(new Layout(dimensions, from.Strides, from.Offset + (start * from.Strides[axis])));
    }

    public override void Vjp(VjpContext context) => context.Set(0, new PlaceOperation(context.InputShape(0), axis, start).Apply(context.Cotangent));
}

/// <summary>Puts a tensor at a place of an axis of zeros: the adjoint of <see cref="NarrowOperation"/>.</summary>
internal sealed class PlaceOperation(Shape shape, int axis, int start) : Operation
{
    public override string Name => "Place";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Operand y = backend.Allocate(inputs[0].DType, shape);
        backend.Fill(y, 0);
        int[] dimensions = shape.Dimensions.ToArray();
        dimensions[axis] = inputs[0].Shape[axis];
        backend.Copy(inputs[0], new Operand(y.Storage, new Layout(dimensions, y.Layout.Strides, start * y.Layout.Strides[axis])));
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context) => context.Set(0, context.Cotangent.Narrow(axis, start, context.InputShape(0)[axis]));
}

/// <summary>Reverses axes.</summary>
internal sealed class FlipOperation(bool[] mask) : Operation
{
    public override string Name => "Flip";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Layout from = inputs[0].Layout;
        int[] strides = [.. from.Strides];
        int offset = from.Offset;
        for (int axis = 0; axis < strides.Length; axis++)
        {
            if (mask[axis] && from.Shape[axis] > 0)
            {
                offset += (from.Shape[axis] - 1) * strides[axis];
                strides[axis] = -strides[axis];
            }
        }

        outputs[0] = inputs[0].View(new Layout(from.Shape, strides, offset));
    }

    public override void Vjp(VjpContext context) => context.Set(0, new FlipOperation(mask).Apply(context.Cotangent));
}

/// <summary>Copies into row-major order.</summary>
internal sealed class ContiguousOperation : Operation
{
    public override string Name => "Contiguous";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Operand y = backend.Allocate(inputs[0].DType, inputs[0].Shape);
        backend.Copy(inputs[0], y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context) => context.Set(0, context.Cotangent);
}

/// <summary>Converts the element type.</summary>
internal sealed class ConvertOperation(DType from, DType to) : Operation
{
    public override string Name => "To";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Operand y = backend.Allocate(to, inputs[0].Shape);
        backend.Copy(inputs[0], y);
        outputs[0] = y;
    }

    public override void Vjp(VjpContext context) => context.Set(0, context.Cotangent.To(from));
}

public sealed partial class Tensor
{
    /// <summary>A view of part of the tensor: <c>x[.., ..3]</c> takes the first three of axis 1; an integer drops its axis.</summary>
    /// <param name="slices">One for each of the first axes; the rest is taken whole.</param>
    /// <exception cref="ArgumentException">There are more slices than axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A slice lies outside its axis.</exception>
    public Tensor this[params ReadOnlySpan<Slice> slices]
    {
        get
        {
            if (slices.Length > Rank)
            {
                throw new ArgumentException($"Slice: {slices.Length} slices for {Shape}, which has {Rank} axes");
            }

            Tensor result = this;
            var dropped = new List<int>(slices.Length);
            for (int axis = 0; axis < slices.Length; axis++)
            {
                int length = Shape[axis];
                int start = slices[axis].Range.Start.GetOffset(length);
                int end = slices[axis].Range.End.GetOffset(length);
                if (start < 0 || end < start || end > length)
                {
                    throw new ArgumentOutOfRangeException(nameof(slices), $"Slice: {slices[axis].Range} lies outside axis {axis} of {Shape}");
                }

                if (start != 0 || end != length)
                {
                    result = result.Narrow(axis, start, end - start);
                }

                if (slices[axis].DropsAxis)
                {
                    dropped.Add(axis);
                }
            }

            if (dropped.Count > 0)
            {
                bool[] mask = new bool[Rank];
                dropped.ForEach(axis => mask[axis] = true);
                result = result.Reshape(Axes.Dropped(result.Shape, mask));
            }

            return result;
        }
    }

    /// <summary>The same elements in row-major order under another shape. A view where the layout allows it.</summary>
    /// <param name="shape">Lengths with the same product.</param>
    /// <exception cref="ArgumentException">The number of elements differs.</exception>
    public Tensor Reshape(Shape shape)
    {
        if (shape == Shape)
        {
            return this;
        }

        return shape.ElementCount == ElementCount
            ? new ReshapeOperation(shape).Apply(this)
            : throw new ArgumentException($"Reshape: {Shape} has {ElementCount} elements; {shape} has {shape.ElementCount}");
    }

    /// <summary>A view with the axes in another order: axis k of the result is axis <c>axes[k]</c> of this tensor.</summary>
    /// <exception cref="ArgumentException">The axes are not a permutation.</exception>
    public Tensor Permute(params ReadOnlySpan<int> axes)
    {
        if (axes.Length != Rank)
        {
            throw new ArgumentException($"Permute: {axes.Length} axes named; {Shape} has {Rank}");
        }

        int[] normalised = new int[axes.Length];
        bool[] seen = new bool[axes.Length];
        for (int index = 0; index < axes.Length; index++)
        {
            normalised[index] = Axes.Normalise("Permute", axes[index], Shape);
            if (seen[normalised[index]])
            {
                throw new ArgumentException($"Permute: axis {axes[index]} of {Shape} is named twice");
            }

            seen[normalised[index]] = true;
        }

        return new PermuteOperation(normalised).Apply(this);
    }

    /// <summary>A view with two axes exchanged; the last two by default, the transpose of a matrix.</summary>
    public Tensor Transpose(int first = -2, int second = -1)
    {
        int[] axes = new int[Rank];
        for (int axis = 0; axis < Rank; axis++)
        {
            axes[axis] = axis;
        }

        int a = Axes.Normalise("Transpose", first, Shape);
        int b = Axes.Normalise("Transpose", second, Shape);
        (axes[a], axes[b]) = (axes[b], axes[a]);
        return new PermuteOperation(axes).Apply(this);
    }

    /// <summary>A view of <paramref name="length"/> positions of an axis, from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The positions lie outside the axis.</exception>
    public Tensor Narrow(int axis, int start, int length)
    {
        int normalised = Axes.Normalise("Narrow", axis, Shape);
        if (start < 0 || length < 0 || start > Shape[normalised] - length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"Narrow: {length} positions from {start} on lie outside axis {axis} of {Shape}");
        }

        return new NarrowOperation(normalised, start, length).Apply(this);
    }

    /// <summary>A view in which axes of length 1, and new leading axes, are stretched to the given shape.</summary>
    /// <exception cref="ArgumentException">The shape does not stretch so.</exception>
    public Tensor Expand(Shape shape)
    {
        if (shape == Shape)
        {
            return this;
        }

        return Shape.TryBroadcast(Shape, shape, out Shape result) && result == shape
            ? new ExpandOperation(shape).Apply(this)
            : throw new ArgumentException($"Expand: {Shape} does not stretch to {shape}");
    }

    /// <summary>A view with an axis of length 1 put in before <paramref name="axis"/>.</summary>
    public Tensor Unsqueeze(int axis)
    {
        int at = axis < 0 ? axis + Rank + 1 : axis;
        if (at < 0 || at > Rank)
        {
            throw new ArgumentOutOfRangeException(nameof(axis), $"Unsqueeze: axis {axis} cannot be put into {Shape}");
        }

        return Reshape([.. Shape.Dimensions[..at], 1, .. Shape.Dimensions[at..]]);
    }

    /// <summary>A view without an axis of length 1.</summary>
    /// <exception cref="ArgumentException">The axis is longer.</exception>
    public Tensor Squeeze(int axis)
    {
        int at = Axes.Normalise("Squeeze", axis, Shape);
        return Shape[at] == 1
            ? Reshape([.. Shape.Dimensions[..at], .. Shape.Dimensions[(at + 1)..]])
            : throw new ArgumentException($"Squeeze: axis {axis} of {Shape} has length {Shape[at]}, not 1");
    }

    /// <summary>Joins all axes from <paramref name="startAxis"/> on into one.</summary>
    public Tensor Flatten(int startAxis = 0)
    {
        int start = Axes.Normalise("Flatten", startAxis, Shape);
        int product = 1;
        foreach (int dimension in Shape.Dimensions[start..])
        {
            product *= dimension;
        }

        return Reshape([.. Shape.Dimensions[..start], product]);
    }

    /// <summary>A view with some axes reversed.</summary>
    public Tensor Flip(params ReadOnlySpan<int> axes) =>
        axes.IsEmpty ? this : new FlipOperation(Axes.Mask("Flip", axes, Shape)).Apply(this);

    /// <summary>The tensor itself where it lies in row-major order, else a copy that does.</summary>
    public Tensor Contiguous() => IsContiguous ? this : new ContiguousOperation().Apply(this);

    /// <summary>The values in another element type; the tensor itself where it has that type.</summary>
    public Tensor To(DType dtype) => dtype == DType ? this : new ConvertOperation(DType, dtype).Apply(this);
}
