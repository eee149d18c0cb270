namespace Exponential.Core.Tests.Kernels;

/// <summary>
/// Bounds, in units of eps and to first order, of the errors of the exponential and its gradients with products by F(4x4, 3x3): the
/// recursions once more, carrying beside the absolute value of each quantity a bound of its error. A product adds its own roundings,
/// relative to <see cref="WinogradScale"/>, to |M| times the error of what it multiplies.
/// </summary>
internal static class WinogradSeriesBounds
{
    public static double[] Exponential(
        ConvolutionExponentialGeometry g, double[] x, double[] kernel, double scale, int terms, int steps, bool adjoint)
    {
        var value = new Bounded(Naive.Absolute(x), new double[x.Length]);
        for (int step = 0; step < steps; step++)
        {
            Bounded start = value;
            for (int i = terms; i > 0; i--)
            {
                value = start.Plus(Product(g, value, Naive.Absolute(kernel), scale / i, adjoint));
            }
        }

        return value.Error;
    }

    public static (double[] XBar, double[] KernelBar) Gradient(
        ConvolutionExponentialGeometry g, double[] x, double[] kernel, double scale, int terms, int steps, double[] yBar)
    {
        double[] weights = Naive.Absolute(kernel);
        ConvolutionGeometry product = Naive.Geometry(g);
        var kernelBar = new double[kernel.Length];
        var cotangent = new Bounded(Naive.Absolute(yBar), new double[yBar.Length]);
        for (int step = steps - 1; step >= 0; step--)
        {
            var q = new Bounded(
                Naive.Exponential(g, Naive.Absolute(x), weights, scale, terms, step, false),
                Exponential(g, x, kernel, scale, terms, step, false));
            var powers = new List<Bounded> { q };
            for (int i = 1; i < terms; i++)
            {
                powers.Add(Product(g, powers[i - 1], weights, scale / (i + 1), false));
            }

            Bounded a = cotangent;
            for (int i = terms; i > 0; i--)
            {
                q = powers[i - 1];
                double[] own = WinogradScale.KernelGradient(product, q.Value, a.Value);
                double[] left = Naive.KernelGradient(product, q.Error, a.Value), right = Naive.KernelGradient(product, q.Value, a.Error);
                double roundings = WinogradScale.KernelRoundings(product, terms);
                for (int k = 0; k < kernelBar.Length; k++)
                {
                    kernelBar[k] += scale * (left[k] + right[k] + roundings * own[k]);
                }

                a = cotangent.Plus(Product(g, a, weights, scale / i, true));
            }

            cotangent = a;
        }

        return (cotangent.Error, kernelBar);
    }

    private static Bounded Product(ConvolutionExponentialGeometry g, Bounded x, double[] weights, double factor, bool adjoint)
    {
        ConvolutionGeometry product = Naive.Geometry(g);
        double[] own = adjoint ? WinogradScale.InputGradient(product, x.Value, weights) : WinogradScale.Forward(product, x.Value, weights);

        // Two roundings more for the factor on the kernel and the one on the product.
        double roundings = WinogradScale.Roundings(g.Channels) + 2;
        double[] inherited = Naive.Product(g, x.Error, weights, factor, adjoint);
        return new Bounded(
            Naive.Product(g, x.Value, weights, factor, adjoint), [.. inherited.Zip(own, (error, value) => error + factor * roundings * value)]);
    }

    private sealed record Bounded(double[] Value, double[] Error)
    {
        /// <summary>The sum, with its own rounding.</summary>
        public Bounded Plus(Bounded other)
        {
            double[] sum = Naive.Add(Value, other.Value);
            return new Bounded(sum, Naive.Add(sum, Naive.Add(Error, other.Error)));
        }
    }
}
