using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Random chains of views, kept beside a plain array: strides, offsets and reshapes of what is not contiguous.</summary>
public sealed class ViewFuzzTests
{
    [Fact]
    public void ChainsOfViewsReadWhatAPlainArrayHolds()
    {
        for (int chain = 0; chain < 400; chain++)
        {
            var sampler = new Sampler($"{nameof(ViewFuzzTests)} {chain}");
            var random = new Generator(sampler.Seed);
            int[] shape = [.. Enumerable.Range(0, random.NextInt32(5)).Select(_ => 1 + random.NextInt32(4))];
            NaiveArray expected = NaiveArray.Build(shape, _ => random.NextDouble());
            Tensor view = expected.ToTensor(DType.Float64);
            string steps = string.Join(" ", shape);
            for (int step = 0; step < 8; step++)
            {
                (view, expected, string name) = Step(random, view, expected);
                steps += $" {name}";
                Assert.True(view.Shape.SequenceEqual(expected.Shape) && view.ToArray<double>().SequenceEqual(expected.Values), $"{steps}, {sampler}");
                Assert.Equal(view.Layout.IsContiguous, view.ElementCount == 0 || view.Layout.Strides.Zip(Layout.RowMajorStrides(view.Shape), (a, b) => a == b).Zip(view.Shape, (same, length) => same || length == 1).All(same => same));
            }
        }
    }

    private static (Tensor View, NaiveArray Expected, string Name) Step(Generator random, Tensor view, NaiveArray x)
    {
        int rank = view.Rank;
        int axis = rank == 0 ? 0 : random.NextInt32(rank);
        switch (rank == 0 ? 5 + random.NextInt32(2) : random.NextInt32(7))
        {
            case 0:
                int[] axes = [.. Enumerable.Range(0, rank)];
                random.Shuffle(axes.AsSpan());
                NaiveArray permuted = NaiveArray.Build([.. axes.Select(from => x.Shape[from])], index =>
                {
                    int[] source = new int[rank];
                    for (int to = 0; to < rank; to++)
                    {
                        source[axes[to]] = index[to];
                    }

                    return x[source];
                });
                return (view.Permute(axes), permuted, $"permute {string.Join(",", axes)}");
            case 1:
                return (view.Flip(axis), Moved(x, axis, x.Shape[axis], i => x.Shape[axis] - 1 - i), $"flip {axis}");
            case 2:
                int length = random.NextInt32(x.Shape[axis] + 1);
                int start = random.NextInt32(x.Shape[axis] - length + 1);
                length = length == 0 && random.NextInt32(8) > 0 && x.Shape[axis] > 0 ? 1 : length;
                start = Math.Min(start, x.Shape[axis] - length);
                return (view.Narrow(axis, start, length), Moved(x, axis, length, i => i + start), $"narrow {axis} {start} {length}");
            case 3:
                int[] stretched = [.. x.Shape.Select(side => side == 1 ? 1 + random.NextInt32(3) : side)];
                int[] wider = x.Count < 500 ? [2, .. stretched] : stretched;
                return (view.Expand(wider), NaiveArray.Build(wider, index => x[index]), "expand");
            case 4:
                return (view.Contiguous(), x, "contiguous");
            case 5:
                int at = random.NextInt32(rank + 1);
                return (view.Unsqueeze(at), x.Reshape([.. x.Shape[..at], 1, .. x.Shape[at..]]), $"unsqueeze {at}");
            default:
                int[] shape = Factors(random, x.Count);
                return (view.Reshape(shape), x.Reshape(shape), $"reshape {string.Join(",", shape)}");
        }
    }

    private static NaiveArray Moved(NaiveArray x, int axis, int length, Func<int, int> source) =>
        NaiveArray.Build([.. x.Shape.Select((side, other) => other == axis ? length : side)], index =>
        {
            int[] from = [.. index];
            from[axis] = source(index[axis]);
            return x[from];
        });

    /// <summary>Some lengths with a given product.</summary>
    private static int[] Factors(Generator random, int product)
    {
        List<int> factors = [];
        while (product > 1 && factors.Count < 5)
        {
            int divisor = 1 + random.NextInt32(product);
            while (product % divisor != 0)
            {
                divisor--;
            }

            factors.Add(divisor);
            product /= divisor;
        }

        factors.Add(product);
        return [.. factors];
    }
}
