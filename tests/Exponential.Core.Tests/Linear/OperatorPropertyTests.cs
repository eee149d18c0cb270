using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Exponential.Tests;

/// <summary>
/// Properties of convolutions and their exponentials on random kernels and image sizes, in float64 against dense matrices. A failure prints
/// the case, which makes the same kernel again, and FsCheck's own replay.
/// </summary>
public sealed class OperatorPropertyTests
{
    private const double Epsilon = 1.0 / (1L << 52);

    /// <summary>The dense matrix made by loops, and applications one by one, agree with the operator.</summary>
    [Property(MaxTest = 60)]
    public Property ToDenseAgreesWithApply() => ForAll(Kernels(largestNorm: 3), test =>
    {
        Convolution m = test.Operator();
        Tensor dense = DenseReference.Convolution(m.Kernel, test.Height, test.Width);
        AssertClose(dense, m.ToDense(), test.Rounding(Norm(dense)));
        Tensor x = test.Images(3);
        AssertClose(x.Flatten(1).MatMul(dense.Transpose()), m.Apply(x).Flatten(1), test.Rounding(Norm(dense) * Norm(x)));
    });

    /// <summary>⟨M x, y⟩ = ⟨x, M* y⟩, for M and for exp(M) by whatever plan.</summary>
    [Property(MaxTest = 60)]
    public Property TheAdjointIsTheAdjoint() => ForAll(Kernels(largestNorm: 3), test =>
    {
        Convolution m = test.Operator();
        LinearOperator[] operators = [m, m.Exp(4), m.Exp(1e-9), m.Exp(1e-9).Inverse()];
        foreach (LinearOperator a in operators)
        {
            (Tensor x, Tensor y) = (test.Images(2), test.Images(2, offset: 1));
            double left = (a.Apply(x) * y).Sum().ToScalar();
            double scale = Math.Exp(test.Norm) * Norm(x) * Norm(y);
            AssertClose(left, (x * a.ApplyAdjoint(y)).Sum().ToScalar(), test.Rounding(scale));
            AssertClose(left, (x * a.Adjoint().Apply(y)).Sum().ToScalar(), test.Rounding(scale));
        }
    });

    /// <summary>The certified bound is between the largest singular value and 1.05 times it.</summary>
    [Property(MaxTest = 80)]
    public Property TheNormBoundIsTight() => ForAll(Kernels(largestNorm: 3), test =>
    {
        double norm = DenseReference.Norm(test.Operator().ToDense());
        double ratio = test.Operator().NormBound().Value / norm;
        Assert.InRange(ratio, 1 - 1e-12, 1.05);
    });

    /// <summary>exp(-M) exp(M) x = x, and exp(M) exp(-M) x = x.</summary>
    [Property(MaxTest = 60)]
    public Property TheInverseUndoesTheExponential() => ForAll(Kernels(largestNorm: 6), Tolerances, (test, tolerance) =>
    {
        OperatorExponential exponential = test.Operator().Exp(tolerance);
        Tensor x = test.Images(2);

        // With E = exp(M), and both ways off by at most t: (2 e^rho + t) t, and rounding that e^M and e^-M both amplify.
        double t = Math.Max(tolerance, ExponentialPlan.LeastTolerance(DType.Float64));
        double growth = Math.Exp(test.Norm);
        double allowed = (((2 * growth) + t) * t * Norm(x)) + test.Rounding(growth * growth * Norm(x));
        AssertClose(x, exponential.Inverse().Apply(exponential.Apply(x)), allowed);
        AssertClose(x, exponential.Apply(exponential.Inverse().Apply(x)), allowed);
    });

    /// <summary>ln det exp(M): the operator's, the trace of the dense matrix, and slogdet of the dense exponential.</summary>
    [Property(MaxTest = 60)]
    public Property TheLogDeterminantIsTheTrace() => ForAll(Kernels(largestNorm: 4), test =>
    {
        Convolution m = test.Operator();
        Tensor dense = DenseReference.Convolution(m.Kernel, test.Height, test.Width);
        double trace = DenseReference.Trace(dense);
        int n = dense.Shape[0];
        AssertClose(trace, m.Exp(1e-9).LogDet().ToScalar(), test.Rounding(n * test.Norm));
        AssertClose(trace, m.Exp(2).LogDet().ToScalar(), test.Rounding(n * test.Norm));
        AssertClose(-trace, m.Exp(1e-9).Inverse().LogDet().ToScalar(), test.Rounding(n * test.Norm));
        AssertClose(trace, m.Exp(1e-9).Adjoint().LogDet().ToScalar(), test.Rounding(n * test.Norm));

        (Tensor sign, Tensor logAbsDet) = DenseReference.Exp(dense).SlogDet();
        Assert.Equal(1, sign.ToScalar());
        AssertClose(trace, logAbsDet.ToScalar(), test.Rounding(n * Math.Exp(2 * test.Norm)));
    });

    /// <summary>The exponential agrees with the dense one: to its tolerance, for fixed terms to that series.</summary>
    [Property(MaxTest = 60)]
    public Property TheExponentialIsTheDenseOne() => ForAll(Kernels(largestNorm: 6), Tolerances, (test, tolerance) =>
    {
        Convolution m = test.Operator();
        Tensor dense = DenseReference.Convolution(m.Kernel, test.Height, test.Width);
        OperatorExponential exponential = m.Exp(tolerance);
        double rounding = test.Rounding(Math.Exp(test.Norm));
        double error = DenseReference.Norm(exponential.ToDense() - DenseReference.Exp(dense));
        Assert.InRange(error, 0, Math.Max(tolerance, ExponentialPlan.LeastTolerance(DType.Float64)) + rounding);

        int terms = 1 + (test.Seed % 8);
        AssertClose(DenseReference.Series(dense, terms), m.Exp(terms).ToDense(), rounding * Math.Sqrt(dense.Shape[0]));
    });

    /// <summary>The certificate bounds the operator norm of what the series leaves out.</summary>
    [Property(MaxTest = 60)]
    public Property TheCertificateHolds() => ForAll(Kernels(largestNorm: 4), test =>
    {
        Convolution m = test.Operator();
        double rho = m.NormBound().Value;
        Tensor dense = m.ToDense();
        foreach (int terms in (int[])[1, 2, 4, 8])
        {
            double remainder = DenseReference.Norm(DenseReference.Tail(dense, terms));
            double certified = ExponentialPlan.Fixed(terms, rho).RemainderBound;
            Assert.True(remainder <= certified * (1 + 1e-12), $"{terms} terms leave {remainder}; certified is {certified}");
        }
    });

    /// <summary>
    /// On self-adjoint kernels, whose powers have the powers of their norm, the certificate of a plan is at most ten times the operator norm
    /// of the true remainder. It knows the norm only: the powers of a general kernel of several channels are smaller.
    /// </summary>
    [Property(MaxTest = 60)]
    public Property TheCertificateIsAtMostTenTimesTheRemainder() => ForAll(Kernels(largestNorm: 6), CoarseTolerances, (test, tolerance) =>
    {
        Convolution m = (test with { IsSelfAdjoint = true }).Operator();
        Tensor dense = m.ToDense();
        ExponentialPlan plan = ExponentialPlan.ForTolerance(m.NormBound().Value, tolerance, DType.Float64);
        double remainder = Remainder(dense, plan.Terms, plan.Steps);
        double rounding = test.Rounding(Math.Exp(test.Norm));
        Assert.InRange(remainder, (plan.RemainderBound / 10) - rounding, plan.RemainderBound + rounding);
    });

    /// <summary>
    /// On a self-adjoint kernel a plan takes at most four products more than the least number of terms known afterwards: the certificate is
    /// within 10 of the remainder, and with a norm of 2 (2.1 with the bound's slack) four more terms after the first divide it by
    /// (3 4 5 6)/2.1^4 = 18 at least. On other kernels no such limit exists: of a nilpotent one the norm says nothing.
    /// </summary>
    [Property(MaxTest = 60)]
    public Property APlanTakesFewMoreTermsThanItMust() => ForAll(Kernels(largestNorm: 2), CoarseTolerances, (test, tolerance) =>
    {
        Convolution m = (test with { IsSelfAdjoint = true }).Operator();
        Tensor dense = m.ToDense();
        ExponentialPlan plan = ExponentialPlan.ForTolerance(m.NormBound().Value, tolerance, DType.Float64);
        int enough = Enumerable.Range(1, 60).First(terms => Remainder(dense, terms, steps: 1) <= tolerance);
        Assert.InRange(plan.Terms * plan.Steps, 1, enough + 4);
    });

    /// <summary>Several steps give the same as one, and their certificate holds too.</summary>
    [Property(MaxTest = 60)]
    public Property StepsChangeNothing() => ForAll(Kernels(largestNorm: 8, smallestNorm: 2), Tolerances, (test, tolerance) =>
    {
        Convolution m = test.Operator();
        OperatorExponential planned = m.Exp(tolerance);
        OperatorExponential oneStep = m.Exp(60);
        Assert.Equal(1, oneStep.Plan.Steps);
        Tensor x = test.Images(2);
        double allowed = (planned.Plan.RemainderBound * Math.Exp(planned.Shift) * Norm(x)) + test.Rounding(Math.Exp(test.Norm) * Norm(x));
        AssertClose(oneStep.Apply(x), planned.Apply(x), allowed);
    });

    /// <summary>exp(aM) exp(bM) = exp((a + b) M), by scalings and by a sum of operators.</summary>
    [Property(MaxTest = 60)]
    public Property ScalingsOfOneOperatorCommute() => ForAll(Kernels(largestNorm: 2), test =>
    {
        Convolution m = test.Operator();
        (double a, double b) = (0.3 + (test.Seed % 7 / 10.0), -1.2 + (test.Seed % 11 / 5.0));
        Tensor x = test.Images(2);
        Tensor product = (m * a).Exp(1e-14).Apply((m * b).Exp(1e-14).Apply(x));
        double allowed = test.Rounding(Math.Exp((Math.Abs(a) + Math.Abs(b)) * test.Norm) * Norm(x));
        AssertClose(product, (m * (a + b)).Exp(1e-14).Apply(x), allowed);
        AssertClose(product, ((m * a) + (b * m)).Exp(1e-14).Apply(x), allowed);
    });

    /// <summary>exp(p(M)) exp(q(M)) = exp(p(M) + q(M)) for polynomials of one matrix.</summary>
    [Property(MaxTest = 40)]
    public Property PolynomialsOfOneOperatorCommute() => ForAll(Kernels(largestNorm: 1), test =>
    {
        Tensor m = test.Operator().ToDense();
        Tensor square = DenseReference.Product(m, m);
        LinearOperator p = new DenseMatrix((m * 0.7) + (square * 0.5));
        LinearOperator q = new DenseMatrix(square - (m * 0.4));
        Tensor x = test.Images(2).Flatten(1);
        double allowed = test.Rounding(Math.Exp(2.6 * Math.Max(1, test.Norm)) * Norm(x));
        AssertClose((p + q).Exp(1e-14).Apply(x), p.Exp(1e-14).Apply(q.Exp(1e-14).Apply(x)), allowed);
    });

    /// <summary>exp(M + mu I) = e^mu exp(M), whether or not the plan shifts.</summary>
    [Property(MaxTest = 60)]
    public Property AShiftChangesNothing() => ForAll(Kernels(largestNorm: 1), test =>
    {
        double mu = (test.Seed % 13) - 6;
        Convolution m = test.Operator();
        var identity = new Convolution(Tensor.Eye(test.Channels, DType.Float64).Reshape([test.Channels, test.Channels, 1, 1]), test.Height, test.Width);
        OperatorExponential shifted = (m + (identity * mu)).Exp(1e-12);
        Tensor centre = (Tensor.Arange(test.KernelHeight * test.KernelWidth, DType.Float64).EqualTo(test.KernelHeight * test.KernelWidth / 2) * mu)
            .Reshape([1, 1, test.KernelHeight, test.KernelWidth]);
        Tensor diagonal = Tensor.Eye(test.Channels, DType.Float64).Reshape([test.Channels, test.Channels, 1, 1]);
        OperatorExponential inKernel = new Convolution(m.Kernel + (diagonal * centre), test.Height, test.Width).Exp(1e-12);
        Tensor x = test.Images(2);
        Tensor expected = m.Exp(1e-14).Apply(x) * Math.Exp(mu);

        // The result may be small beside e^rho, by which tolerance and rounding are measured.
        double allowed = (1e-12 * Norm(x)) + test.Rounding(Math.Exp(Math.Abs(mu) + test.Norm) * Norm(x));
        AssertClose(expected, shifted.Apply(x), allowed);
        AssertClose(expected, inKernel.Apply(x), allowed);
        AssertClose(x, inKernel.Inverse().Apply(inKernel.Apply(x)), allowed * Math.Exp(Math.Abs(mu) + test.Norm));
    });

    /// <summary>Zero-padded convolutions do not commute in general: exp(M) exp(N) is another map than exp(M + N).</summary>
    [Fact]
    public void ConvolutionsDoNotCommuteInGeneral()
    {
        var m = new Convolution(Tensor.FromArray([0.0, 0, 1], [1, 1, 1, 3]), 1, 4);
        var n = new Convolution(Tensor.FromArray([1.0, 0, 0], [1, 1, 1, 3]), 1, 4);
        Tensor product = DenseReference.Product(m.Exp(1e-14).ToDense(), n.Exp(1e-14).ToDense());
        Assert.True(Norm(product - (m + n).Exp(1e-14).ToDense()) > 0.1);
    }

    private static readonly Gen<double> Tolerances = Gen.Elements(1e-3, 1e-6, 1e-9, 1e-12, 1e-16);

    // Far enough above rounding for a remainder to be measured.
    private static readonly Gen<double> CoarseTolerances = Gen.Elements(1e-2, 1e-3, 1e-5, 1e-7, 1e-9);

    private static Gen<RandomConvolution> Kernels(double largestNorm, double smallestNorm = 0.02) =>
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from channels in Gen.Choose(1, 4)
        from tall in Gen.Elements(1, 3, 5)
        from wide in Gen.Elements(1, 3, 3, 5)
        from height in Gen.Choose(1, 5)
        from width in Gen.Choose(1, 5)
        from part in Gen.Choose(0, 1000)
        select new RandomConvolution(
            seed, channels, tall, wide, height, width, smallestNorm * Math.Pow(largestNorm / smallestNorm, part / 1000.0));

    private static Property ForAll<T>(Gen<T> cases, Action<T> check) => Prop.ForAll(cases.ToArbitrary(), check);

    private static Property ForAll<T, TOther>(Gen<T> cases, Gen<TOther> others, Action<T, TOther> check) =>
        Prop.ForAll(cases.ToArbitrary(), others.ToArbitrary(), check);

    /// <summary>The 2-norm of exp(M) - (series of M / s)^s.</summary>
    private static double Remainder(Tensor dense, int terms, int steps)
    {
        if (steps == 1)
        {
            return DenseReference.Norm(DenseReference.Tail(dense, terms));
        }

        Tensor step = DenseReference.Series(dense * (1.0 / steps), terms);
        Tensor power = step;
        for (int i = 1; i < steps; i++)
        {
            power = DenseReference.Product(power, step);
        }

        return DenseReference.Norm(DenseReference.Exp(dense) - power);
    }

    private static double Norm(Tensor tensor) => Math.Sqrt(DenseReference.Values(tensor).Sum(value => value * value));

    private static void AssertClose(Tensor expected, Tensor actual, double allowed)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double error = Norm(expected - actual);
        Assert.True(error <= allowed, $"differs by {error:G3} where {allowed:G3} is allowed");
    }

    private static void AssertClose(double expected, double actual, double allowed) =>
        Assert.True(Math.Abs(expected - actual) <= allowed, $"{actual} differs from {expected} by more than {allowed:G3}");

    /// <summary>A Gaussian kernel scaled so that its convolution has a given 2-norm, the true one.</summary>
    private sealed record RandomConvolution(int Seed, int Channels, int KernelHeight, int KernelWidth, int Height, int Width, double Norm)
    {
        public bool IsSelfAdjoint { get; init; }

        public Convolution Operator()
        {
            Tensor kernel = new Generator((ulong)Seed).Normal([Channels, Channels, KernelHeight, KernelWidth], DType.Float64);
            kernel = IsSelfAdjoint ? kernel + kernel.Transpose(0, 1).Flip(2, 3) : kernel;
            double norm = DenseReference.Norm(DenseReference.Convolution(kernel, Height, Width));
            return new Convolution(kernel * (Norm / norm), Height, Width);
        }

        public Tensor Images(int count, int offset = 0) =>
            new Generator((ulong)Seed + 1 + (ulong)offset).Normal([count, Channels, Height, Width], DType.Float64);

        /// <summary>c eps scale, with c the additions behind one output of one product, and a few products that add up.</summary>
        public double Rounding(double scale) => 8 * ((Channels * KernelHeight * KernelWidth) + 16) * Epsilon * Math.Max(scale, 1e-300);
    }
}
