namespace Exponential;

/// <summary>Puts tensors one after another along an axis.</summary>
internal sealed class CatOperation(int axis, int[] lengths) : Operation
{
    public override string Name => "Cat";

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        int[] dimensions = inputs[0].Shape.Dimensions.ToArray();
        dimensions[axis] = lengths.Sum();
        Operand y = backend.Allocate(inputs[0].DType, dimensions);
        int start = 0;
        for (int index = 0; index < inputs.Length; index++)
        {
            backend.Copy(inputs[index], new Operand(y.Storage, new Layout(inputs[index].Shape, y.Layout.Strides, start * y.Layout.Strides[axis])));
            start += lengths[index];
        }

        outputs[0] = y;
    }

    public override void Vjp(VjpContext context)
    {
        int start = 0;
        for (int index = 0; index < lengths.Length; index++)
        {
            if (context.Needs(index))
            {
                context.Set(index, context.Cotangent.Narrow(axis, start, lengths[index]));
            }

            start += lengths[index];
        }
    }
}

/// <summary>Cuts a tensor along an axis into views; the derivative joins the cotangents in one pass.</summary>
internal sealed class SplitOperation(int axis, int[] lengths) : Operation
{
    public override string Name => "Split";

    public override int OutputCount => lengths.Length;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        Layout from = inputs[0].Layout;
        int start = 0;
        for (int index = 0; index < lengths.Length; index++)
        {
            int[] dimensions = from.Shape.Dimensions.ToArray();
            dimensions[axis] = lengths[index];
            outputs[index] = inputs[0].View(new Layout(dimensions, from.Strides, from.Offset + (start * from.Strides[axis])));
            start += lengths[index];
        }
    }

    public override void Vjp(VjpContext context)
    {
        var parts = new Tensor[lengths.Length];
        for (int index = 0; index < parts.Length; index++)
        {
            parts[index] = context.CotangentOf(index);
        }

        context.Set(0, Tensor.Cat(parts, axis));
    }
}

public sealed partial class Tensor
{
    /// <summary>Joins tensors along an axis; their other axes agree.</summary>
    /// <exception cref="ArgumentException">There is no tensor, or shapes disagree.</exception>
    public static Tensor Cat(ReadOnlySpan<Tensor> tensors, int axis)
    {
        if (tensors.IsEmpty)
        {
            throw new ArgumentException("Cat: expects one tensor or more");
        }

        Shape first = tensors[0].Shape;
        int at = Axes.Normalise("Cat", axis, first);
        int[] lengths = new int[tensors.Length];
        for (int index = 0; index < tensors.Length; index++)
        {
            Shape shape = tensors[index].Shape;
            bool agrees = shape.Rank == first.Rank;
            for (int other = 0; agrees && other < first.Rank; other++)
            {
                agrees = other == at || shape[other] == first[other];
            }

            if (!agrees)
            {
                throw new ArgumentException($"Cat: tensors agree in every axis but {axis}: {first} and {shape} do not");
            }

            lengths[index] = shape[at];
        }

        return tensors.Length == 1 ? tensors[0] : new CatOperation(at, lengths).Apply(tensors);
    }

    /// <summary>Joins tensors of one shape along a new axis.</summary>
    /// <exception cref="ArgumentException">There is no tensor, or shapes differ.</exception>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int axis)
    {
        var parts = new Tensor[tensors.Length];
        for (int index = 0; index < parts.Length; index++)
        {
            if (tensors[index].Shape != tensors[0].Shape)
            {
                throw new ArgumentException($"Stack: expects tensors of one shape; got {tensors[0].Shape} and {tensors[index].Shape}");
            }

            parts[index] = tensors[index].Unsqueeze(axis);
        }

        return Cat(parts, axis);
    }

    /// <summary>Cuts an axis into views of these lengths.</summary>
    /// <exception cref="ArgumentException">The lengths do not add up to the axis.</exception>
    public Tensor[] Split(ReadOnlySpan<int> lengths, int axis)
    {
        int at = Axes.Normalise("Split", axis, Shape);
        long sum = 0;
        foreach (int length in lengths)
        {
            sum += length < 0 ? throw new ArgumentException($"Split: a length is negative: {length}") : length;
        }

        return sum == Shape[at] && !lengths.IsEmpty
            ? new SplitOperation(at, lengths.ToArray()).ApplyMany(this)
            : throw new ArgumentException($"Split: the lengths add up to {sum}; axis {axis} of {Shape} has {Shape[at]}");
    }

    /// <summary>Cuts an axis into equal views.</summary>
    /// <exception cref="ArgumentException">The axis does not divide.</exception>
    public Tensor[] Chunk(int count, int axis)
    {
        int at = Axes.Normalise("Chunk", axis, Shape);
        if (count < 1 || Shape[at] % count != 0)
        {
            throw new ArgumentException($"Chunk: axis {axis} of {Shape} does not divide into {count} equal parts");
        }

        int[] lengths = new int[count];
        Array.Fill(lengths, Shape[at] / count);
        return Split(lengths, at);
    }

    /// <summary>Moves blocks of pixels to channels: [B, C, H, W] to [B, C b^2, H/b, W/b], channel b^2 c + b i + j = x[c, b h + i, b w + j].</summary>
    /// <exception cref="ArgumentException">The image does not divide into blocks.</exception>
    public Tensor SpaceToDepth(int block = 2)
    {
        if (Rank != 4 || block < 1 || Shape[2] % block != 0 || Shape[3] % block != 0)
        {
            throw new ArgumentException($"SpaceToDepth: expects [B, C, H, W] with H and W multiples of {block}; got {Shape}");
        }

        (int batch, int channels, int height, int width) = (Shape[0], Shape[1], Shape[2] / block, Shape[3] / block);
        return Reshape([batch, channels, height, block, width, block]).Permute(0, 1, 3, 5, 2, 4).Contiguous()
            .Reshape([batch, channels * block * block, height, width]);
    }

    /// <summary>The inverse of <see cref="SpaceToDepth"/>: [B, C b^2, H, W] to [B, C, H b, W b].</summary>
    /// <exception cref="ArgumentException">The channels do not divide by b^2.</exception>
    public Tensor DepthToSpace(int block = 2)
    {
        if (Rank != 4 || block < 1 || Shape[1] % ((long)block * block) != 0)
        {
            throw new ArgumentException($"DepthToSpace: expects [B, C, H, W] with C a multiple of {(long)block * block}; got {Shape}");
        }

        (int batch, int channels, int height, int width) = (Shape[0], Shape[1] / (block * block), Shape[2], Shape[3]);
        return Reshape([batch, channels, block, block, height, width]).Permute(0, 1, 4, 2, 5, 3).Contiguous()
            .Reshape([batch, channels, height * block, width * block]);
    }
}
