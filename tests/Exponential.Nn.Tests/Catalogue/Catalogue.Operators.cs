using Exponential.Tests;

namespace Exponential.Nn.Tests;

internal static partial class Catalogue
{
    /// <summary>The linear operators.</summary>
    public static IReadOnlyList<OperatorCase> Operators { get; } =
    [
        new("Convolution", Kernels([3, 3, 3, 3]), t => new Convolution(t[0], 4, 3), t => DenseReference.Convolution(t[0], 4, 3)),
        new("Convolution of a row", Kernels([2, 2, 1, 5]), t => new Convolution(t[0], 3, 6), t => DenseReference.Convolution(t[0], 3, 6)),
        new("Convolution to more channels", Kernels([4, 2, 3, 1]), t => new Convolution(t[0], 3, 3), t => DenseReference.Convolution(t[0], 3, 3))
        {
            HasTrace = false,
        },
        new("Convolution wider than the image", Kernels([2, 2, 5, 5]), t => new Convolution(t[0], 2, 2), t => DenseReference.Convolution(t[0], 2, 2)),
        new("DenseMatrix", Kernels([6, 6]), t => new DenseMatrix(t[0]), t => t[0]),
        new("DenseMatrix, not square", Kernels([4, 7]), t => new DenseMatrix(t[0]), t => t[0]) { HasTrace = false },
        new("ScaledOperator", Kernels([5, 5]), t => new DenseMatrix(t[0]) * -0.7, t => t[0] * -0.7),
        new("AdjointOperator", Kernels([2, 3, 3, 3]), t => new Convolution(t[0], 3, 4).Adjoint(), t => DenseReference.Convolution(t[0], 3, 4).Transpose())
        {
            HasTrace = false,
        },
        new(
            "SumOperator",
            Kernels([2, 2, 3, 3], [2, 2, 1, 1]),
            t => new Convolution(t[0], 3, 4) - (2 * new Convolution(t[1], 3, 4)),
            t => DenseReference.Convolution(t[0], 3, 4) - (DenseReference.Convolution(t[1], 3, 4) * 2))
        {
            NormFactor = 2, // the triangle inequality
        },
        ExponentialCase("OperatorExponential of fixed terms", [2, 2, 3, 3], m => m.Exp(7)) with { Dense = t => DenseReference.Series(DenseOf(t), 7) },
        ExponentialCase("OperatorExponential to a tolerance", [2, 2, 3, 3], m => m.Exp(1e-6)) with { Truncation = 1e-6 },
        ExponentialCase("OperatorExponential to rounding", [3, 3, 3, 3], m => m.Exp(1e-15)),
        ExponentialCase("OperatorExponential, inverse", [2, 2, 3, 3], m => m.Exp(1e-15).Inverse()) with { Dense = t => DenseReference.Exp(-DenseOf(t)) },
        ExponentialCase("OperatorExponential, adjoint", [2, 2, 3, 3], m => m.Exp(1e-15).Adjoint()) with { Dense = t => DenseReference.Exp(DenseOf(t)).Transpose() },
        ExponentialCase("OperatorExponential of a large norm", [2, 2, 3, 3], m => (m * 6).Exp(1e-9)) with
        {
            Dense = t => DenseReference.Exp(DenseOf(t) * 6),
            Truncation = 1e-9,
        },
        ExponentialCase("OperatorExponential with a shift", [2, 2, 3, 3], m => (m + (3 * Identity(m))).Exp(1e-9)) with
        {
            Dense = t => DenseReference.Exp(DenseOf(t) + (Tensor.Eye(24, DType.Float64) * 3)),
            Truncation = 1e-9,
        },
        new("OperatorExponential of a matrix", Kernels([5, 5]), t => new DenseMatrix(t[0]).Exp(1e-12), t => DenseReference.Exp(t[0]))
        {
            HasTrace = false,
            NormFactor = double.PositiveInfinity,
            Truncation = 1e-12,
        },
    ];

    /// <summary>The exponential of a convolution on images of 3 x 4.</summary>
    private static OperatorCase ExponentialCase(string name, Shape kernel, Func<LinearOperator, OperatorExponential> exponential) =>
        new(name, Kernels(kernel), t => exponential(new Convolution(t[0], 3, 4)), t => DenseReference.Exp(DenseOf(t)))
        {
            HasTrace = false,
            NormFactor = double.PositiveInfinity, // e^rho, however small the exponential is
            Work = 256,
        };

    private static Tensor DenseOf(Tensor[] tensors) => DenseReference.Convolution(tensors[0], 3, 4);

    /// <summary>The identity on the images of an operator, as a convolution.</summary>
    private static Convolution Identity(LinearOperator m)
    {
        int channels = m.Domain[0];
        return new Convolution(Tensor.Eye(channels, m.DType!.Value).Reshape([channels, channels, 1, 1]), m.Domain[1], m.Domain[2]);
    }

    /// <summary>Gaussian tensors that make operators of norm about 1.</summary>
    private static Func<Generator, Tensor[]> Kernels(params Shape[] shapes) => generator =>
        [.. shapes.Select(shape => generator.Normal(shape, DType.Float64) * (0.6 / Math.Sqrt(shape[1..].ElementCount)))];
}
