namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    private static IEnumerable<OpEntry> Joining()
    {
        const string CatSignature = "Cat(ReadOnlySpan<Tensor>, Int32)";
        yield return Rearrangement(
            "Cat", CatSignature, s => [s.Normal([2, 3, 2]), s.Normal([2, 1, 2]), s.Normal([2, 0, 2]), s.Normal([2, 2, 2])], x => [Tensor.Cat(x, -2)], x => [Cat(x, 1)]);
        yield return Rearrangement("Cat along the first axis", CatSignature, s => [s.Normal([2, 3]), s.Normal([1, 3])], x => [Tensor.Cat(x, 0)], x => [Cat(x, 0)]);
        yield return Rearrangement("Cat of one", CatSignature, s => [s.Normal([2, 3])], x => [Tensor.Cat(x, 1)], x => [x[0]]);
        yield return Rearrangement(
            "Cat of a tensor with itself", CatSignature, s => [s.Normal([2, 3])], x => [Tensor.Cat([x[0], x[0], x[0]], 1)], x => [Cat([x[0], x[0], x[0]], 1)]);

        const string StackSignature = "Stack(ReadOnlySpan<Tensor>, Int32)";
        yield return Rearrangement(
            "Stack", StackSignature, s => [s.Normal([2, 3]), s.Normal([2, 3])], x => [Tensor.Stack(x, 1)], x => [NaiveArray.Build([2, 2, 3], i => x[i[1]][i[0], i[2]])]);
        yield return Rearrangement(
            "Stack at the end", StackSignature, s => [s.Normal([2]), s.Normal([2]), s.Normal([2])], x => [Tensor.Stack(x, -1)], x => [NaiveArray.Build([2, 3], i => x[i[1]][i[0]])]);
        yield return Rearrangement("Stack of scalars", StackSignature, s => [s.Normal([]), s.Normal([])], x => [Tensor.Stack(x, 0)], x => [new NaiveArray([2], [x[0][[]], x[1][[]]])]);

        yield return Rearrangement(
            "Split",
            "Split(ReadOnlySpan<Int32>, Int32)",
            s => [s.Normal([2, 6, 3])],
            x => x[0].Split([1, 0, 3, 2], -2),
            x => [Part(x[0], 0, 1), Part(x[0], 1, 0), Part(x[0], 1, 3), Part(x[0], 4, 2)]);
        yield return Rearrangement("Split with one part used", "Split(ReadOnlySpan<Int32>, Int32)", s => [s.Normal([2, 6])], x => [x[0].Split([1, 3, 2], 1)[1]], x => [Part(x[0], 1, 3)]);
        yield return Rearrangement("Chunk", "Chunk(Int32, Int32)", s => [s.Normal([2, 6, 3])], x => x[0].Chunk(3, 1), x => [Part(x[0], 0, 2), Part(x[0], 2, 2), Part(x[0], 4, 2)]);

        foreach (int block in (int[])[1, 2, 3])
        {
            yield return Rearrangement(
                $"SpaceToDepth {block}",
                "SpaceToDepth(Int32)",
                s => [s.Normal([2, 2, 2 * block, 3 * block])],
                x => [x[0].SpaceToDepth(block)],
                x => [Rearranged(x[0], [2, 2 * block * block, 2, 3], i => [i[0], i[1] / (block * block), (block * i[2]) + (i[1] / block % block), (block * i[3]) + (i[1] % block)])]);
            yield return Rearrangement(
                $"DepthToSpace {block}",
                "DepthToSpace(Int32)",
                s => [s.Normal([2, 2 * block * block, 2, 3])],
                x => [x[0].DepthToSpace(block)],
                x => [Rearranged(x[0], [2, 2, 2 * block, 3 * block], i => [i[0], (block * block * i[1]) + (block * (i[2] % block)) + (i[3] % block), i[2] / block, i[3] / block])]);
        }
    }

    private static NaiveArray Cat(NaiveArray[] parts, int axis)
    {
        int[] shape = [.. parts[0].Shape];
        shape[axis] = parts.Sum(part => part.Shape[axis]);
        return NaiveArray.Build(shape, index =>
        {
            int[] inner = [.. index];
            int part = 0;
            for (; inner[axis] >= parts[part].Shape[axis]; part++)
            {
                inner[axis] -= parts[part].Shape[axis];
            }

            return parts[part][inner];
        });
    }

    /// <summary>Some positions of axis 1.</summary>
    private static NaiveArray Part(NaiveArray x, int start, int length) =>
        Rearranged(x, [x.Shape[0], length, .. x.Shape[2..]], i => [i[0], i[1] + start, .. i[2..]]);

    private static OpEntry Rearrangement(
        string name, string covers, Func<Sampler, NaiveArray[]> draw, Func<Tensor[], Tensor[]> function, Func<NaiveArray[], NaiveArray[]> reference) => new()
        {
            Name = name,
            Covers = covers,
            Cases = [draw],
            Function = function,
            Reference = reference,
            Roundings = _ => 0,
        };
}
