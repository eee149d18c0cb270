using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>What every bijection must do, over the catalogue, in float64.</summary>
public sealed class BijectionPropertyTests
{
    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (BijectionCase test in Catalogue.Bijections)
        {
            cases.Add(test.Name, 1);
            cases.Add(test.Name, 2);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void InverseUndoesForward(string name, int seed)
    {
        BijectionProbe probe = Probe(name, seed);
        DenseJacobian jacobian = probe.Jacobian();
        Tensor z = probe.Forward(probe.X).Value;
        double scale = (jacobian.InverseNorm * Closeness.Norm(z)) + Closeness.Norm(probe.X);
        double allowed = (probe.Test.Work * Closeness.Epsilon * scale) + TruncatedRoundTrip(probe, jacobian.InverseNorm, z);
        Closeness.AssertClose(probe.X, probe.Inverse(z).Value, allowed, probe.Label);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardUndoesInverse(string name, int seed)
    {
        BijectionProbe probe = Probe(name, seed);
        DenseJacobian jacobian = probe.Jacobian();
        Tensor z = probe.Forward(probe.X).Value;
        Tensor x = probe.Inverse(z).Value;
        double scale = (jacobian.Norm * Closeness.Norm(x)) + Closeness.Norm(z) + probe.BiasNorm();
        double allowed = (probe.Test.Work * Closeness.Epsilon * scale) + TruncatedRoundTrip(probe, jacobian.Norm, z);
        Closeness.AssertClose(z, probe.Forward(x).Value, allowed, probe.Label);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LogDetIsThatOfTheDenseJacobian(string name, int seed)
    {
        BijectionProbe probe = Probe(name, seed);
        DenseJacobian jacobian = probe.Jacobian();
        double logDet = probe.Forward(probe.X).LogDet.ToScalar();
        double allowed = (probe.Test.Work * Closeness.Epsilon * jacobian.LogDetScale) + TruncatedLogDet(probe, jacobian.Dimension);
        Closeness.AssertClose(jacobian.LogAbsDet, logDet, allowed, probe.Label);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LogDetOfTheInverseIsTheNegative(string name, int seed)
    {
        BijectionProbe probe = Probe(name, seed);
        DenseJacobian jacobian = probe.Jacobian();
        (Tensor z, Tensor logDet) = probe.Forward(probe.X);
        double scale = jacobian.LogDetScale + (jacobian.InverseNorm * Closeness.Norm(z));
        double truncation = probe.Test.Truncation is null ? 0 : LogDetChange(probe, z);
        double allowed = (probe.Test.Work * Closeness.Epsilon * scale) + truncation;
        Closeness.AssertClose(-logDet.ToScalar(), probe.Inverse(z).LogDet.ToScalar(), allowed, probe.Label);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void RowsOfABatchDoNotSeeEachOther(string name, int seed)
    {
        BijectionProbe probe = Probe(name, seed, batch: 3);
        (Tensor z, Tensor logDet) = probe.Forward(probe.X);
        bool equal = true;
        for (int row = 0; row < 3; row++)
        {
            Tensor x = probe.X.Narrow(0, row, 1);
            (Tensor alone, Tensor aloneLogDet) = probe.Forward(x, probe.Context?.Narrow(0, row, 1));
            Tensor together = z.Narrow(0, row, 1);
            double togetherLogDet = (logDet.Rank == 0 ? logDet : logDet.Narrow(0, row, 1)).ToScalar();
            if (probe.Test.BatchDependence is not null)
            {
                equal &= Closeness.Values(alone).SequenceEqual(Closeness.Values(together));
                continue;
            }

            // Only the order of additions may differ.
            double allowed = probe.Test.Work * Closeness.Epsilon;
            Closeness.AssertClose(alone, together, allowed * (Closeness.Norm(alone) + Closeness.Norm(x) + probe.BiasNorm()), probe.Label);
            Closeness.AssertClose(aloneLogDet.ToScalar(), togetherLogDet, allowed * x.ElementCount * (1 + Math.Abs(togetherLogDet)), probe.Label);
        }

        Assert.True(equal == probe.Test.BatchDependence is null, $"{probe.Label}: the rows are independent, though {probe.Test.BatchDependence}");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SinglePrecisionAgreesWithDouble(string name, int seed)
    {
        BijectionCase test = Catalogue.Bijections.Single(item => item.Name == name);
        Bijection single = test.Instance(seed, DType.Float32);
        StateDictionary state = single.State();
        ulong[] offsets = [.. single.NamedGenerators().Select(item => item.Generator.Offset)];

        // The same numbers, exactly representable in both.
        BijectionProbe probe = Probe(name, seed);
        Tensor x = probe.X.To(DType.Float32);
        Tensor? context = probe.Context?.To(DType.Float32);
        Bijection twin = probe.Bijection;
        twin.LoadState(state);
        foreach (((_, Generator generator), ulong offset) in twin.NamedGenerators().Zip(offsets))
        {
            generator.Offset = offset;
        }

        if (test.BatchDependence is not null)
        {
            // Uniform numbers of the two types are different draws, so the masks differ: compare in evaluation.
            single.Eval();
            twin.Eval();
        }

        (Tensor z, Tensor logDet) = single.Forward(x, context);
        Tensor leaf = x.To(DType.Float64).WithGradient();
        (Tensor exact, Tensor exactLogDet) = twin.Forward(leaf, context?.To(DType.Float64));
        double slope = exactLogDet.RequiresGradient ? Closeness.Norm(Autograd.Gradient(exactLogDet.Sum(), [leaf])[0]) : 0;
        DenseJacobian jacobian = probe.Jacobian();
        double unit = test.Work * Closeness.EpsilonSingle;
        double valueScale = (jacobian.Norm * (Closeness.Norm(x) + probe.BiasNorm())) + Closeness.Norm(exact) + probe.BiasNorm();
        Assert.Equal(DType.Float32, z.DType);
        Assert.Equal(DType.Float32, logDet.DType);
        Closeness.AssertClose(exact, z, unit * valueScale, probe.Label);
        double logDetScale = (slope * Closeness.Norm(x)) + (jacobian.Dimension * (1 + Math.Log(jacobian.Condition)));
        Closeness.AssertClose(exactLogDet.ToScalar(), logDet.ToScalar(), unit * logDetScale, probe.Label);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void StateSurvivesAFile(string name, int seed)
    {
        BijectionProbe probe = Probe(name, seed);
        Bijection other = probe.Test.Instance(seed + 100);
        using var folder = new TemporaryFolder();
        string path = folder.File("state.safetensors");
        probe.Restore();
        probe.Bijection.State().Save(path);
        other.LoadState(StateDictionary.Load(path));

        // Masks of dropout are drawn from generators, which a state does not hold: so all in evaluation.
        probe.Bijection.Eval();
        other.Eval();
        (Tensor z, Tensor logDet) = probe.Bijection.Forward(probe.X, probe.Context);
        (Tensor again, Tensor logDetAgain) = other.Forward(probe.X, probe.Context);
        Assert.Equal(Closeness.Values(z), Closeness.Values(again));
        Assert.Equal(Closeness.Values(logDet), Closeness.Values(logDetAgain));
    }

    private static BijectionProbe Probe(string name, int seed, int batch = 1) =>
        new(Catalogue.Bijections.Single(test => test.Name == name), seed, batch);

    /// <summary>
    /// With E = exp(M), |E| and |E^-1| at most e^rho, and both series off by at most d: S(-M) S(M) - I = E^-1 R + R' E + R' R, at most
    /// (2 e^rho + d) d. What it acts on is at most e^rho (|z| + |bias|) long, and what follows amplifies by at most the Jacobian's norm
    /// over the exponential's, at most e^rho (plus d).
    /// </summary>
    private static double TruncatedRoundTrip(BijectionProbe probe, double amplification, Tensor z)
    {
        if (probe.Test.Truncation is not { } truncation)
        {
            return 0;
        }

        (double d, double rho) = truncation(probe.Bijection);
        probe.Restore();
        double growth = Math.Exp(rho) + d;
        return amplification * growth * growth * ((2 * Math.Exp(rho)) + d) * d * (Closeness.Norm(z) + probe.BiasNorm());
    }

    /// <summary>ln |det S(M)| - trace M = ln |det(I + E^-1 R)|, at most n ln(1 / (1 - e^rho d)).</summary>
    private static double TruncatedLogDet(BijectionProbe probe, int dimension)
    {
        if (probe.Test.Truncation is not { } truncation)
        {
            return 0;
        }

        (double d, double rho) = truncation(probe.Bijection);
        probe.Restore();
        return -dimension * Math.Log(1 - (Math.Exp(rho) * d));
    }

    private static double LogDetChange(BijectionProbe probe, Tensor z) =>
        probe.Bijection.HasConstantLogDet ? 0 : TruncatedRoundTrip(probe, 1, z);
}
