namespace LibtorchPeer;

/// <summary>The element-wise functions and reductions of the table.</summary>
internal enum Function
{
    Tanh,
    Exp,

    /// <summary>a * b + c.</summary>
    MultiplyAdd,
    Sum,
}

/// <summary>The other library: the same work from the same numbers, in its fastest form.</summary>
internal interface IPeer
{
    /// <summary>Its name and version.</summary>
    string Name { get; }

    /// <summary>The truncated exponential of a 3x3 convolution; with a cotangent, its gradients for x and the kernel too.</summary>
    Side Exponential(float[] x, int[] shape, float[] kernel, int terms, float[]? cotangent, int threads);

    /// <summary>A convolution that keeps the image's size; with a cotangent, its gradients for x, the kernel and the bias too.</summary>
    Side Convolution(float[] x, int[] shape, float[] kernel, int[] kernelShape, float[] bias, float[]? cotangent);

    /// <summary>The product of two square matrices.</summary>
    Side Product(float[] a, float[] b, int size);

    /// <summary>A function of arrays of equal length.</summary>
    Side Elements(Function function, float[] a, float[] b, float[] c);

    /// <summary>The original's mixing flow with a mixing of this name, and 16 images.</summary>
    IPeerFlow MixingFlow(string mixing, float[] images);
}

/// <summary>The other library's mixing flow.</summary>
internal interface IPeerFlow : IDisposable
{
    long ParameterCount { get; }

    /// <summary>One optimizer step; returns bits/dim.</summary>
    double Step();

    /// <summary>Draws images of values 0..256 and returns their mean.</summary>
    double Sample(int count);
}
