namespace Exponential.Nn.Tests;

/// <summary>Generic states of modules: nothing stays at the zero or identity that it was initialised with.</summary>
internal static class RandomState
{
    /// <summary>
    /// Perturbs every parameter, and lets the power iterations of <see cref="ConvExp"/> come to rest: there the norm does not change with
    /// their vectors, and the gradient that holds them fixed is the whole one.
    /// </summary>
    /// <param name="module">The module, in training mode.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <param name="kernelGain">What the kernels of convolution exponentials are multiplied by.</param>
    public static void Draw(Module module, Generator generator, double kernelGain = 1)
    {
        HashSet<Parameter> autoregressive = [.. module.NamedModules().Select(item => item.Module).OfType<AutoregressiveConv2d>().SelectMany(layer => layer.Parameters())];
        foreach ((string name, Parameter parameter) in module.NamedParameters())
        {
            bool isKernel = name.EndsWith("kernel_orig", StringComparison.Ordinal);
            double deviation = isKernel ? 0.5 / (9 * parameter.Shape[0])
                : parameter.Shape.Rank == 2 ? 0.3 / Math.Sqrt(Math.Max(parameter.Shape[0], parameter.Shape[1])) // a matrix that is to be inverted
                : autoregressive.Contains(parameter) ? 0.3 / Math.Sqrt(parameter.Shape.ElementCount) * Math.Sqrt(parameter.Shape[0]) // and a kernel
                : 0.3;
            Tensor value = parameter.Value.Detach() + (generator.Normal(parameter.Shape, parameter.DType) * deviation);
            parameter.Value = isKernel ? value * kernelGain : value;
        }

        using (Autograd.NoGrad())
        {
            foreach (ConvExp layer in module.NamedModules().Select(item => item.Module).OfType<ConvExp>())
            {
                for (int i = 0; i < 400; i++)
                {
                    layer.Operator();
                }
            }
        }
    }

    /// <summary>Adds Gaussian noise to every parameter.</summary>
    public static void Perturb(Module module, Generator generator, double deviation)
    {
        foreach (Parameter parameter in module.Parameters())
        {
            parameter.Value = parameter.Value.Detach() + (generator.Normal(parameter.Shape, parameter.DType) * deviation);
        }
    }
}
