namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    /// <summary>Fused passes, and the composites that stand in for them on a device without any.</summary>
    private static IEnumerable<OpEntry> FusedPasses()
    {
        foreach (bool inverse in (bool[])[false, true])
        {
            string name = inverse ? "AffineCoupling inverse" : "AffineCoupling";
            yield return Coupling(name, inverse, (x, h) =>
            {
                (Tensor value, Tensor logDet) = FusedOps.AffineCoupling(x, h, inverse);
                return [value, logDet];
            });
            yield return Coupling($"{name}, composite", inverse, (x, h) => CouplingOperation.Composite(x, h, inverse));
        }

        yield return Gate("Gate", FusedOps.Gate);
        yield return Gate("Gate, composite", GateOperation.Composite);
        yield return RectifierGradient("RectifierGradient", (g, y) =>
        {
            (Tensor gradient, Tensor sums) = FusedOps.RectifierGradient(g, y);
            return [gradient, sums];
        });
        yield return RectifierGradient("RectifierGradient, composite", RectifierGradientOperation.Composite);
        yield return LogDensity("GaussianLogDensity", FusedOps.GaussianLogDensity);
        yield return LogDensity("GaussianLogDensity, composite", GaussianLogDensityOperation.Composite);
    }

    private static OpEntry Coupling(string name, bool inverse, Func<Tensor, Tensor, Tensor[]> function) => new()
    {
        Name = name,
        Covers = string.Empty,
        Cases = [.. ((int[][])[[2, 4, 3, 5], [1, 2, 1, 1], [3, 2, 4, 4], [0, 2, 2, 2], [2, 0, 2, 2]]).Select(Pair)],
        LargeCases = [.. ((int[][])[[3, 6, 17, 31], [5, 12, 16, 16]]).Select(Pair)],
        Function = inputs => function(inputs[0], inputs[1]),
        Reference = inputs => [Moved(inputs[0], inputs[1], inverse), LogDet(inputs[1], inverse, s => s)],

        // What is moved is rounded before it is scaled, so terms that cancel count with their sizes.
        Magnitude = inputs => [Moved(inputs[0].Map(Math.Abs), AbsoluteTranslation(inputs[1], inverse), inverse), LogDet(inputs[1], inverse, Math.Abs)],

        // The exponential multiplies the roundings of s, which is at most 2; the log-det is a sum over an image.
        Roundings = inputs => 24 + (inputs[0].Count / Math.Max(1, inputs[0].Shape[0])),
        EventRank = 4,

        // e^s and its derivatives are at most e^2.
        Condition = _ => Math.Exp(2),
    };

    private static OpEntry Gate(string name, Func<Tensor, Tensor> function) => new()
    {
        Name = name,
        Covers = string.Empty,
        Cases = [.. ((int[][])[[2, 6, 3, 5], [1, 3, 1, 1], [3, 9], [0, 3, 2], [2, 0, 2]]).Select(One)],
        LargeCases = [.. ((int[][])[[5, 12, 31, 31], [3, 192, 16, 16]]).Select(One)],
        Function = inputs => [function(inputs[0])],
        Reference = inputs => [Gated(inputs[0], absolute: false)],
        Magnitude = inputs => [Gated(inputs[0], absolute: true)],
        Roundings = _ => 8,
    };

    /// <summary>a + b s(c), or |a| + |b| s(c).</summary>
    private static NaiveArray Gated(NaiveArray x, bool absolute)
    {
        int third = x.Shape[1] / 3;
        return NaiveArray.Build([x.Shape[0], third, .. x.Shape[2..]], index =>
        {
            double Part(int part) => x[[index[0], index[1] + (part * third), .. index[2..]]];
            double gate = 1 / (1 + Math.Exp(-Part(2)));
            return absolute ? Math.Abs(Part(0)) + (Math.Abs(Part(1)) * gate) : Part(0) + (Part(1) * gate);
        });
    }

    private static OpEntry RectifierGradient(string name, Func<Tensor, Tensor, Tensor[]> function) => new()
    {
        Name = name,
        Covers = string.Empty,
        Cases = [.. ((int[][])[[2, 3, 3, 5], [1, 1, 1, 1], [3, 2], [0, 2, 2], [2, 0, 2]]).Select(Rectified)],
        LargeCases = [.. ((int[][])[[5, 3, 31, 67], [2, 3, 65, 67], [7, 33, 8, 8]]).Select(Rectified)],
        Function = inputs => function(inputs[0], inputs[1]),
        Reference = inputs => [Masked(inputs[0], inputs[1]), ByChannel(Masked(inputs[0], inputs[1]))],
        Magnitude = inputs => [inputs[0].Map(Math.Abs), ByChannel(inputs[0].Map(Math.Abs))],
        Roundings = inputs => 1 + (inputs[0].Count / Math.Max(1, inputs[0].Shape[1])),
        Constants = [1],
    };

    private static OpEntry LogDensity(string name, Func<Tensor, Tensor> function) => new()
    {
        Name = name,
        Covers = string.Empty,
        Cases = [.. ((int[][])[[2, 3, 3, 5], [1, 1], [4], [3, 2], [0, 2], [2, 0]]).Select(One)],
        LargeCases = [.. ((int[][])[[5, 3, 67, 31], [3, 20_001], [50_000]]).Select(One)],
        Function = inputs => [function(inputs[0])],
        Reference = inputs => [NaiveArray.Build([inputs[0].Shape[0]], index => -0.5 * Item(inputs[0], index[0]).Sum(value => (value * value) + Math.Log(2 * Math.PI)))],
        Roundings = inputs => 4 + (inputs[0].Count / Math.Max(1, inputs[0].Shape[0])),
    };

    private static Func<Sampler, NaiveArray[]> One(int[] shape) => s => [s.Normal(shape)];

    private static Func<Sampler, NaiveArray[]> Pair(int[] shape) => s => [s.Normal(shape), s.Normal(shape)];

    /// <summary>A cotangent, and values of a rectified layer, half of them zeros.</summary>
    private static Func<Sampler, NaiveArray[]> Rectified(int[] shape) => s => [s.Normal(shape), s.Distinct(shape).Map(value => Math.Max(value, 0))];

    /// <summary>The second half of the channels of x scaled and moved.</summary>
    private static NaiveArray Moved(NaiveArray x, NaiveArray h, bool inverse) => NaiveArray.Build(x.Shape, index =>
    {
        int channel = index[1] - (x.Shape[1] / 2);
        if (channel < 0)
        {
            return x[index];
        }

        double scale = Math.Exp(2 * Math.Tanh(h[index[0], 2 * channel, index[2], index[3]] / 2));
        double translation = h[index[0], (2 * channel) + 1, index[2], index[3]];
        return inverse ? (x[index] - translation) / scale : (x[index] * scale) + translation;
    });

    /// <summary>h with translations of the sign with which they do not cancel a positive x.</summary>
    private static NaiveArray AbsoluteTranslation(NaiveArray h, bool inverse) =>
        NaiveArray.Build(h.Shape, index => index[1] % 2 == 0 ? h[index] : inverse ? -Math.Abs(h[index]) : Math.Abs(h[index]));

    private static NaiveArray LogDet(NaiveArray h, bool inverse, Func<double, double> term)
    {
        NaiveArray logScales = NaiveArray.Build(
            h.Shape, index => index[1] % 2 == 0 ? term((inverse ? -2 : 2) * Math.Tanh(h[index] / 2)) : 0);
        return NaiveArray.Build([h.Shape[0]], index => Item(logScales, index[0]).Sum());
    }

    private static NaiveArray Masked(NaiveArray g, NaiveArray y) => NaiveArray.Zip(g, y, (cotangent, value) => value > 0 ? cotangent : 0);

    private static NaiveArray ByChannel(NaiveArray x) => x.Reduce([0, .. Enumerable.Range(2, x.Shape.Length - 2)], false, run => run.Sum());

    private static double[] Item(NaiveArray x, int item)
    {
        int length = x.Shape[1..].Aggregate(1, (product, axis) => product * axis);
        return x.Values[(item * length)..((item + 1) * length)];
    }
}
