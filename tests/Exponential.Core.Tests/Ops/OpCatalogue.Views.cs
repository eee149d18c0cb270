namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    private static IEnumerable<OpEntry> Views()
    {
        yield return View("Reshape", "Reshape(Shape)", [[2, 3, 4], [24], [4, 6]], x => x.Reshape([2, 2, 6]), x => x.Reshape(2, 2, 6));
        yield return View("Reshape to a scalar", "Reshape(Shape)", [[1], [1, 1, 1], []], x => x.Reshape([]), x => x.Reshape());
        yield return View("Permute", "Permute(ReadOnlySpan<Int32>)", [[2, 3, 4], [1, 3, 1], [2, 0, 3]], x => x.Permute(2, 0, -2), x => Rearranged(x, [x.Shape[2], x.Shape[0], x.Shape[1]], i => [i[1], i[2], i[0]]));
        yield return View("Transpose", "Transpose(Int32, Int32)", [[2, 3, 4], [3, 3, 1]], x => x.Transpose(), x => Rearranged(x, [x.Shape[0], x.Shape[2], x.Shape[1]], i => [i[0], i[2], i[1]]));
        yield return View("Transpose of two axes", "Transpose(Int32, Int32)", [[2, 3, 4]], x => x.Transpose(0, -1), x => Rearranged(x, [4, 3, 2], i => [i[2], i[1], i[0]]));
        yield return View("Narrow", "Narrow(Int32, Int32, Int32)", [[2, 5, 3], [1, 4, 1]], x => x.Narrow(-2, 1, 3), x => Rearranged(x, [x.Shape[0], 3, x.Shape[2]], i => [i[0], i[1] + 1, i[2]]));
        yield return View("Narrow to nothing", "Narrow(Int32, Int32, Int32)", [[2, 5]], x => x.Narrow(1, 5, 0), x => new NaiveArray([2, 0], []));
        yield return View("Expand", "Expand(Shape)", [[3, 1], [1, 1], [3, 4], [1], []], x => x.Expand([2, 3, 4]), x => NaiveArray.Build([2, 3, 4], i => x[i]));
        yield return View("Unsqueeze", "Unsqueeze(Int32)", [[2, 3]], x => x.Unsqueeze(1), x => x.Reshape(2, 1, 3));
        yield return View("Unsqueeze at the end", "Unsqueeze(Int32)", [[2, 3]], x => x.Unsqueeze(-1), x => x.Reshape(2, 3, 1));
        yield return View("Squeeze", "Squeeze(Int32)", [[2, 1, 3]], x => x.Squeeze(-2), x => x.Reshape(2, 3));
        yield return View("Flatten", "Flatten(Int32)", [[2, 3, 4], [6, 2, 2]], x => x.Flatten(), x => x.Reshape(24));
        yield return View("Flatten from 1", "Flatten(Int32)", [[2, 3, 4], [2, 12]], x => x.Flatten(1), x => x.Reshape(2, 12));
        yield return View("Flip", "Flip(ReadOnlySpan<Int32>)", [[2, 3, 4], [1, 2, 5]], x => x.Flip(0, -1), x => Rearranged(x, x.Shape, i => [x.Shape[0] - 1 - i[0], i[1], x.Shape[2] - 1 - i[2]]));
        yield return View("Flip of no axis", "Flip(ReadOnlySpan<Int32>)", [[2, 3]], x => x.Flip(), x => x);
        yield return View("Contiguous", "Contiguous()", [[3, 4], []], x => x.Transpose(0, 0).Contiguous(), x => x) with { Cases = [s => [s.Normal([3, 4])]] };

        const string Slices = "get_Item(ReadOnlySpan<Slice>)";
        yield return View("[.., ..3]", Slices, [[2, 5, 3], [4, 3]], x => x[.., ..3], x => Rearranged(x, [x.Shape[0], 3, .. x.Shape[2..]], i => i));
        yield return View("[1]", Slices, [[3, 4], [2, 1, 3]], x => x[1], x => Rearranged(x, x.Shape[1..], i => [1, .. i]));
        yield return View("[^1, 1..^1]", Slices, [[3, 4], [2, 5, 2]], x => x[^1, 1..^1], x => Rearranged(x, [x.Shape[1] - 2, .. x.Shape[2..]], i => [x.Shape[0] - 1, i[0] + 1, .. i[1..]]));
        yield return View("[2, 1, ^3] to a scalar", Slices, [[3, 2, 4]], x => x[2, 1, ^3], x => new NaiveArray([], [x[2, 1, 1]]));
        yield return View("[] of everything", Slices, [[2, 2]], x => x[..], x => x);
        yield return View("[1..1] of nothing", Slices, [[3, 2]], x => x[1..1], x => new NaiveArray([0, 2], []));

        // In float64 the identity, in float32 a true conversion; the other way round is in ConvertTests.
        yield return View("To", "To(DType)", [[3, 4], [], [40_000]], x => x.To(DType.Float64), x => x) with { Cases = [s => [s.Normal([3, 4])], s => [s.Normal([])]] };

        // A chain of views: strides that are permuted, negative and 0 at once, then read through a copy.
        yield return View(
            "views of views",
            string.Empty,
            [[4, 1, 6]],
            x => x.Flip(2).Expand([4, 3, 6]).Permute(2, 1, 0).Narrow(0, 1, 4).Flip(0)[.., 1..],
            x => Rearranged(x, [4, 2, 4], i => [i[2], 0, 1 + i[0]]));
        yield return View(
            "reshape of a view that needs a copy", string.Empty, [[3, 4]], x => x.Transpose().Reshape([2, 6]), x => Rearranged(x, [4, 3], i => [i[1], i[0]]).Reshape(2, 6));
    }

    private static NaiveArray Rearranged(NaiveArray x, int[] shape, Func<int[], int[]> source) => NaiveArray.Build(shape, index => x[source(index)]);

    private static OpEntry View(string name, string covers, int[][] shapes, Func<Tensor, Tensor> function, Func<NaiveArray, NaiveArray> reference) => new()
    {
        Name = name,
        Covers = covers,
        Cases = [.. shapes.Select(shape => (Func<Sampler, NaiveArray[]>)(s => [s.Normal(shape)]))],
        Function = inputs => [function(inputs[0])],
        Reference = inputs => [reference(inputs[0])],
        Roundings = _ => 0,
    };
}
