namespace Exponential.Core.Tests;

internal static partial class OpCatalogue
{
    private const string Square = "Conv2d(Tensor, Tensor, Int32, Int32)";
    private const string Oblong = "Conv2d(Tensor, Tensor, (Int32, Int32), (Int32, Int32))";

    private static IEnumerable<OpEntry> Contractions()
    {
        (int[] A, int[] B)[] products =
        [
            ([3, 4], [4, 5]), ([1, 4], [4, 1]), ([2, 3, 4], [2, 4, 2]), ([2, 3, 4], [4, 2]), ([3, 4], [2, 4, 2]), ([2, 1, 2, 3], [3, 3, 2]),
            ([1, 1], [1, 1]), ([2, 0], [0, 3]), ([0, 2], [2, 3]), ([2, 3], [3, 0]), ([0, 2, 3], [3, 2]),
        ];
        (int[] A, int[] B)[] large = [([129, 131], [131, 67]), ([40, 9, 17], [17, 33]), ([3, 300], [300, 1])];
        yield return new OpEntry
        {
            Name = "MatMul",
            Covers = "MatMul(Tensor)",
            Cases = [.. products.Select(Factors)],
            LargeCases = [.. large.Select(Factors)],
            Function = x => [x[0].MatMul(x[1])],
            Reference = x => [NaiveContractions.MatMul(x[0], x[1])],
            Magnitude = x => [NaiveContractions.MatMul(x[0].Map(Math.Abs), x[1].Map(Math.Abs))],
            Roundings = x => x[0].Shape[^1] + 2,
        };
        yield return new OpEntry
        {
            Name = "MatMul of transposed operands",
            Covers = "MatMul(Tensor)",
            Cases = [s => [s.Normal([4, 3]), s.Normal([5, 4])], s => [s.Normal([2, 4, 3]), s.Normal([2, 4])]],
            LargeCases = [s => [s.Normal([131, 129]), s.Normal([67, 131])]],
            Function = x => [x[0].Transpose().MatMul(x[1].Transpose())],
            Reference = x => [NaiveContractions.MatMul(Transposed(x[0]), Transposed(x[1]))],
            Magnitude = x => [NaiveContractions.MatMul(Transposed(x[0]).Map(Math.Abs), Transposed(x[1]).Map(Math.Abs))],
            Roundings = x => x[0].Shape[^2] + 2,
        };

        yield return Conv("3x3, padding 1", Square, [2, 2, 4, 5], [3, 2, 3, 3], true, (1, 1), (1, 1));
        yield return Conv("3x3, no padding, no bias", Square, [2, 2, 4, 5], [3, 2, 3, 3], false, (1, 1), (0, 0));
        yield return Conv("1x1", Square, [2, 3, 3, 2], [2, 3, 1, 1], true, (1, 1), (0, 0));
        yield return Conv("stride 2 that leaves a rest", Square, [1, 2, 6, 5], [2, 2, 3, 3], true, (2, 2), (1, 1));
        yield return Conv("2x2, stride 2", Square, [2, 2, 4, 6], [3, 2, 2, 2], false, (2, 2), (0, 0));
        yield return Conv("stride larger than the kernel", Square, [1, 2, 7, 5], [2, 2, 2, 2], true, (3, 3), (0, 0));
        yield return Conv("padding larger than the kernel", Square, [1, 2, 3, 2], [2, 2, 2, 2], true, (1, 1), (3, 3));
        yield return Conv("an image of one pixel", Square, [2, 3, 1, 1], [2, 3, 3, 3], true, (1, 1), (1, 1));
        yield return Conv("a kernel of the whole image", Square, [2, 2, 3, 4], [3, 2, 3, 4], true, (1, 1), (0, 0));
        yield return Conv("an empty batch", Square, [0, 2, 4, 4], [3, 2, 3, 3], true, (1, 1), (1, 1));
        yield return Conv("oblong kernel, stride and padding", Oblong, [2, 2, 5, 4], [3, 2, 2, 3], true, (2, 1), (0, 2));
        yield return Conv("oblong the other way", Oblong, [1, 2, 3, 7], [2, 2, 1, 4], false, (1, 3), (1, 0));
        yield return Conv("large", Square, [1, 1, 3, 3], [1, 1, 3, 3], true, (1, 1), (1, 1)) with { LargeCases = [s => [s.Normal([5, 12, 16, 16]), s.Normal([20, 12, 3, 3]), s.Normal([20])]] };

        yield return Rectified(Conv("rectified 3x3", string.Empty, [2, 2, 4, 5], [3, 2, 3, 3], true, (1, 1), (1, 1)), stride: 1, padding: 1);
        yield return Rectified(Conv("rectified 2x2, stride 2, no bias", string.Empty, [2, 2, 4, 6], [3, 2, 2, 2], false, (2, 2), (0, 0)), stride: 2, padding: 0);

        yield return ConvTranspose("2x2, stride 2", [2, 2, 3, 2], [2, 3, 2, 2], true, 2, 0);
        yield return ConvTranspose("3x3, stride 2, padding 1", [1, 2, 3, 4], [2, 2, 3, 3], true, 2, 1);
        yield return ConvTranspose("3x3", [2, 2, 3, 3], [2, 3, 3, 3], false, 1, 0);
        yield return ConvTranspose("stride larger than the kernel", [1, 2, 2, 3], [2, 2, 2, 2], true, 3, 0);

        foreach ((int terms, int steps, bool adjoint, double scale) in ((int, int, bool, double)[])
            [(6, 1, false, 1), (6, 1, true, 1), (4, 2, false, 0.5), (3, 3, true, -0.5), (1, 1, false, 1), (0, 1, false, 1), (0, 2, true, 1)])
        {
            yield return ConvExp($"{terms} terms, {steps} steps{(adjoint ? ", adjoint" : string.Empty)}, scale {scale}", [2, 2, 3, 4], [2, 2, 3, 3], terms, steps, adjoint, scale);
        }

        yield return ConvExp("oblong kernel", [1, 3, 4, 3], [3, 3, 1, 3], 5, 1, false, 1);
        yield return ConvExp("kernel larger than the image", [2, 2, 2, 1], [2, 2, 3, 5], 5, 2, true, 1);
        yield return ConvExp("1x1", [2, 3, 2, 2], [3, 3, 1, 1], 5, 1, false, -1);
        yield return ConvExp("large", [1, 1, 2, 2], [1, 1, 1, 1], 6, 1, false, 1) with { LargeCases = [s => [s.Normal([5, 12, 8, 8]), s.Normal([12, 12, 3, 3], 0.03)]] };

        foreach ((string name, int[] x) in ((string, int[])[])
            [("", [2, 2, 3, 4]), (", one channel", [3, 1, 4, 2]), (", one row", [2, 3, 1, 3]), (", one column", [1, 2, 4, 1]), (", one pixel", [2, 3, 1, 1]), (", an empty batch", [0, 2, 2, 3])])
        {
            yield return Autoregressive(name, x);
            yield return AutoregressiveInverse(name, x, AutoregressiveConvolution.Inverse);
        }

        yield return AutoregressiveInverse(", composite", [2, 2, 3, 4], AutoregressiveConvolution.Composite);
        yield return AutoregressiveInverse(", composite of one pixel", [2, 3, 1, 1], AutoregressiveConvolution.Composite);
        yield return Autoregressive(", large", [1, 1, 2, 2]) with { LargeCases = [s => [s.Normal([5, 12, 16, 16]), AutoregressiveKernel(s, 12, 0.2), s.Normal([12])]] };
        yield return AutoregressiveInverse(", large", [1, 1, 2, 2], AutoregressiveConvolution.Inverse) with
        {
            LargeCases = [s => [s.Normal([19, 12, 16, 16]), AutoregressiveKernel(s, 12, 0.02)], s => [s.Normal([3, 7, 5, 33]), AutoregressiveKernel(s, 7, 0.05)]],
        };

        yield return new OpEntry
        {
            Name = "Recompute",
            Covers = string.Empty,
            Cases = [s => [s.Normal([2, 3])]],
            Function = x => [Exponential.Autograd.Recompute(y => y.Tanh() * y.Exp(), x[0])],
            Reference = x => [x[0].Map(value => Math.Tanh(value) * Math.Exp(value))],
            Roundings = _ => 12,
        };

        static Func<Sampler, NaiveArray[]> Factors((int[] A, int[] B) shapes) => s => [s.Normal(shapes.A), s.Normal(shapes.B)];
    }

    private static NaiveArray Transposed(NaiveArray x) =>
        NaiveArray.Build([.. x.Shape[..^2], x.Shape[^1], x.Shape[^2]], index => x[[.. index[..^2], index[^1], index[^2]]]);

    private static OpEntry Conv(string name, string covers, int[] x, int[] kernel, bool bias, (int Height, int Width) stride, (int Height, int Width) padding) => new()
    {
        Name = $"Conv2d {name}",
        Covers = covers,
        Cases = [s => bias ? [s.Normal(x), s.Normal(kernel), s.Normal([kernel[0]])] : [s.Normal(x), s.Normal(kernel)]],
        Function = inputs => [covers == Oblong
            ? inputs[0].Conv2d(inputs[1], inputs.ElementAtOrDefault(2), stride, padding)
            : inputs[0].Conv2d(inputs[1], inputs.ElementAtOrDefault(2), stride.Height, padding.Height)],
        Reference = inputs => [NaiveContractions.Conv2d(inputs[0], inputs[1], inputs.ElementAtOrDefault(2), stride, padding)],
        Magnitude = Absolute(inputs => [NaiveContractions.Conv2d(inputs[0], inputs[1], inputs.ElementAtOrDefault(2), stride, padding)]),
        Roundings = inputs => inputs[1].Shape[1] * inputs[1].Shape[2] * inputs[1].Shape[3] + 2,
    };

    private static OpEntry Rectified(OpEntry convolution, int stride, int padding) => convolution with
    {
        Function = inputs => [inputs[0].Conv2dRelu(inputs[1], inputs.ElementAtOrDefault(2), stride, padding)],
        Reference = inputs => [convolution.Reference(inputs)[0].Map(value => Math.Max(value, 0))],
    };

    private static OpEntry ConvTranspose(string name, int[] x, int[] kernel, bool bias, int stride, int padding) => new()
    {
        Name = $"ConvTranspose2d {name}",
        Covers = "ConvTranspose2d(Tensor, Tensor, Int32, Int32)",
        Cases = [s => bias ? [s.Normal(x), s.Normal(kernel), s.Normal([kernel[1]])] : [s.Normal(x), s.Normal(kernel)]],
        Function = inputs => [inputs[0].ConvTranspose2d(inputs[1], inputs.ElementAtOrDefault(2), stride, padding)],
        Reference = inputs => [NaiveContractions.ConvTranspose2d(inputs[0], inputs[1], inputs.ElementAtOrDefault(2), stride, padding)],
        Magnitude = Absolute(inputs => [NaiveContractions.ConvTranspose2d(inputs[0], inputs[1], inputs.ElementAtOrDefault(2), stride, padding)]),
        Roundings = inputs => inputs[1].Shape[0] * inputs[1].Shape[2] * inputs[1].Shape[3] + 2,
    };

    private static OpEntry ConvExp(string name, int[] x, int[] kernel, int terms, int steps, bool adjoint, double scale) => new()
    {
        Name = $"ConvolutionExponential {name}",
        Covers = string.Empty,
        Cases = [s => [s.Normal(x), s.Normal(kernel, 0.2)]],
        Function = inputs => [FusedOps.ConvolutionExponential(inputs[0], inputs[1], terms, steps, adjoint, scale)],
        Reference = inputs => [NaiveContractions.ConvolutionExponential(inputs[0], inputs[1], terms, steps, adjoint, scale)],
        Magnitude = inputs => [NaiveContractions.ConvolutionExponential(inputs[0].Map(Math.Abs), inputs[1].Map(Math.Abs), terms, steps, adjoint, Math.Abs(scale))],
        Roundings = inputs => steps * ((terms * (inputs[1].Shape[1] * inputs[1].Shape[2] * inputs[1].Shape[3] + 3)) + 1),
    };

    private static OpEntry Autoregressive(string name, int[] x) => new()
    {
        Name = $"AutoregressiveConvolution{name}",
        Covers = string.Empty,
        Cases = [s => [s.Normal(x), s.Normal([x[1], x[1], 2, 2]), s.Normal([x[1]])], s => [s.Normal(x), s.Normal([x[1], x[1], 2, 2])]],
        Function = inputs => [AutoregressiveConvolution.Apply(inputs[0], inputs[1], inputs.ElementAtOrDefault(2))],
        Reference = inputs => [NaiveContractions.Autoregressive(inputs[0], inputs[1], inputs.ElementAtOrDefault(2))],
        Magnitude = Absolute(inputs => [NaiveContractions.Autoregressive(inputs[0], inputs[1], inputs.ElementAtOrDefault(2))]),
        Roundings = inputs => (inputs[1].Shape[1] * 4) + 2,
    };

    private static OpEntry AutoregressiveInverse(string name, int[] x, Func<Tensor, Tensor, Tensor> function) => new()
    {
        Name = $"AutoregressiveInverse{name}",
        Covers = string.Empty,
        Cases = [s => [s.Normal(x), AutoregressiveKernel(s, x[1], 0.3)]],
        Function = inputs => [function(inputs[0], inputs[1])],
        Reference = inputs => [NaiveContractions.AutoregressiveInverse(inputs[0], inputs[1])],
        Magnitude = inputs => [NaiveContractions.AutoregressiveInverse(inputs[0], inputs[1], bound: true)],
        Roundings = inputs => AutoregressiveRoundings(inputs[0].Shape),
        EventRank = 4,
    };

    /// <summary>
    /// A value is a sum of 4 C terms with weights of a few roundings, which errs by a multiple of the bound b that its terms keep; and so do
    /// the up to C (H + W - 1) values before it in a chain, whose errors it passes on as b is passed on.
    /// </summary>
    private static double AutoregressiveRoundings(int[] shape) => ((4 * shape[1]) + 4) * shape[1] * (shape[2] + shape[3] - 1);

    /// <summary>A kernel [C, C, 2, 2] with a diagonal of the last tap between 1/2 and 2, of both signs.</summary>
    private static NaiveArray AutoregressiveKernel(Sampler s, int channels, double deviation)
    {
        NaiveArray noise = s.Normal([channels, channels, 2, 2], deviation);
        NaiveArray size = s.Uniform([channels], 0.5, 2);
        NaiveArray sign = s.Choice([channels], -1, 1);
        return NaiveArray.Build(noise.Shape, index =>
            index[0] == index[1] && index[2] == 1 && index[3] == 1 ? size[index[0]] * sign[index[0]] : noise[index]);
    }

    /// <summary>The same sums over absolute values: what the roundings of a contraction are relative to.</summary>
    private static Func<NaiveArray[], NaiveArray[]> Absolute(Func<NaiveArray[], NaiveArray[]> reference) =>
        inputs => reference([.. inputs.Select(input => input.Map(Math.Abs))]);
}
