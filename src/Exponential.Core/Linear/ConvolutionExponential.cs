namespace Exponential;

/// <summary>
/// The convolution exponential as two functions (Hoogeboom, Garcia Satorras, Tomczak and Welling, "The Convolution Exponential and
/// Generalized Sylvester Flows", 2020). For an error bound, an adjoint or a log-determinant use <see cref="Convolution"/> and
/// <see cref="LinearOperator.Exp(double)"/>.
/// </summary>
public static class ConvolutionExponential
{
    /// <summary>exp(M) x = x + M x + M² x / 2! + ... for the zero-padded convolution M with a kernel, cut after a number of terms.</summary>
    /// <param name="x">Images [B, C, H, W].</param>
    /// <param name="kernel">[C, C, kh, kw] with odd kh and kw.</param>
    /// <param name="terms">The products with M.</param>
    /// <returns>[B, C, H, W].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Apply(Tensor x, Tensor kernel, int terms = 10) => Operator(x, kernel).Exp(terms).Apply(x);

    /// <summary>exp(-M) x: undoes <see cref="Apply"/> up to the remainders of both series.</summary>
    /// <param name="x">Images [B, C, H, W].</param>
    /// <param name="kernel">[C, C, kh, kw] with odd kh and kw.</param>
    /// <param name="terms">The products with M.</param>
    /// <returns>[B, C, H, W].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor ApplyInverse(Tensor x, Tensor kernel, int terms = 10) => Operator(x, kernel).Exp(terms).Inverse().Apply(x);

    private static Convolution Operator(Tensor x, Tensor kernel)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Rank == 4
            ? new Convolution(kernel, x.Shape[2], x.Shape[3])
            : throw new ArgumentException($"ConvolutionExponential: x must be [batch, channels, height, width]; it is {x.Shape}", nameof(x));
    }
}
