using Exponential.Tests;
using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>What every linear operator must do, over the catalogue.</summary>
public sealed class OperatorPropertyTests
{
    public static TheoryData<string> Cases() => [.. Catalogue.Operators.Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void ApplyIsTheDenseMatrix(string name)
    {
        Probe probe = new(name);
        Tensor expected = probe.X.Flatten(1).MatMul(probe.Dense.Transpose());
        double allowed = probe.Rounding(probe.X) + (probe.Test.Truncation * Closeness.Norm(probe.X));
        Closeness.AssertClose(expected, probe.Operator.Apply(probe.X).Flatten(1), allowed, name);
        double columns = Math.Sqrt(probe.Dense.Shape[1]);
        double denseAllowed = (probe.Test.Work * Closeness.Epsilon * Closeness.Norm(probe.Dense)) + (probe.Test.Truncation * columns);
        Closeness.AssertClose(probe.Dense, probe.Operator.ToDense(), denseAllowed, name);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AdjointIsTheTranspose(string name)
    {
        Probe probe = new(name);
        LinearOperator m = probe.Operator;
        double allowed = (probe.Test.Work * Closeness.Epsilon * Closeness.Norm(probe.Dense)) + (probe.Test.Truncation * Math.Sqrt(probe.Dense.Shape[1]));
        Closeness.AssertClose(probe.Dense.Transpose(), m.Adjoint().ToDense(), allowed, name);
        Closeness.AssertClose(m.Adjoint().Apply(probe.Y), m.ApplyAdjoint(probe.Y), 0, name);
        Assert.Equal(m.Domain, m.Adjoint().Range);
        Assert.Equal(m.Range, m.Adjoint().Domain);

        // <M x, y> = <x, M* y>, with the same series on both sides.
        double left = (m.Apply(probe.X) * probe.Y).Sum().ToScalar();
        double right = (probe.X * m.ApplyAdjoint(probe.Y)).Sum().ToScalar();
        double scale = Closeness.Norm(probe.Dense) * Closeness.Norm(probe.X) * Closeness.Norm(probe.Y);
        Closeness.AssertClose(left, right, probe.Test.Work * Closeness.Epsilon * scale, name);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TraceIsTheSumOfTheDiagonal(string name)
    {
        Probe probe = new(name);
        Assert.Equal(probe.Test.HasTrace, probe.Operator.HasTrace);
        if (!probe.Test.HasTrace)
        {
            string error = Assert.Throws<NotSupportedException>(() => probe.Operator.Trace()).Message;
            Assert.Contains("Trace: ", error, StringComparison.Ordinal);
            return;
        }

        double allowed = probe.Test.Work * Closeness.Epsilon * Closeness.Norm(probe.Dense) * Math.Sqrt(probe.Dense.Shape[0]);
        Closeness.AssertClose(DenseReference.Trace(probe.Dense), probe.Operator.Trace().ToScalar(), allowed, name);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void NormBoundHolds(string name)
    {
        Probe probe = new(name);
        OperatorNorm bound = probe.Operator.NormBound();
        double norm = DenseReference.Norm(probe.Dense);
        Assert.Equal("2-norm", bound.Norm);
        Assert.True(bound.Value >= norm * (1 - 1e-12), FormattableString.Invariant($"{name}: the bound {bound.Value} is below the norm {norm}"));
        Assert.True(
            bound.Value <= probe.Test.NormFactor * norm,
            FormattableString.Invariant($"{name}: the bound {bound.Value} is {bound.Value / norm:G4} times the norm {norm}"));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void GradientsAreRight(string name)
    {
        Probe probe = new(name);
        Tensor w = probe.Generator.Normal(probe.Y.Shape, DType.Float64);
        Tensor v = probe.Generator.Normal(probe.X.Shape, DType.Float64);
        var check = new GradientCheck(name, probe.Generator);
        Func<Tensor> x = check.Input("x", probe.X);
        Func<Tensor> y = check.Input("y", probe.Y);
        Func<Tensor>[] tensors = [.. probe.Tensors.Select((tensor, i) => check.Input($"tensor {i}", tensor))];
        check.Run(
            () => { },
            () =>
            {
                LinearOperator m = probe.Test.Build([.. tensors.Select(tensor => tensor())]);
                Tensor loss = (w * m.Apply(x())).Sum() + (v * m.ApplyAdjoint(y())).Sum();
                return m switch
                {
                    OperatorExponential exponential => loss + exponential.LogDet(),
                    _ => m.HasTrace ? loss + m.Trace() : loss,
                };
            });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void RowsOfABatchDoNotSeeEachOther(string name)
    {
        Probe probe = new(name);
        Tensor together = probe.Operator.Apply(probe.X);
        for (int row = 0; row < probe.X.Shape[0]; row++)
        {
            Tensor x = probe.X.Narrow(0, row, 1);
            Closeness.AssertClose(probe.Operator.Apply(x), together.Narrow(0, row, 1), probe.Rounding(x), name);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SinglePrecisionAgreesWithDouble(string name)
    {
        Probe probe = new(name);
        Tensor[] single = [.. probe.Tensors.Select(tensor => tensor.To(DType.Float32))];
        Tensor x = probe.X.To(DType.Float32);
        Tensor expected = probe.Test.Build([.. single.Select(tensor => tensor.To(DType.Float64))]).Apply(x.To(DType.Float64));
        Tensor actual = probe.Test.Build(single).Apply(x);
        Assert.Equal(DType.Float32, actual.DType);
        double ratio = Closeness.EpsilonSingle / Closeness.Epsilon;
        double allowed = (ratio * probe.Rounding(x)) + (2 * probe.Test.Truncation * Closeness.Norm(x));
        Closeness.AssertClose(expected, actual, allowed, name);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void WhatDoesNotFitIsRefused(string name)
    {
        Probe probe = new(name);
        LinearOperator m = probe.Operator;
        Shape wide = [2, m.Domain[0] + 1, .. m.Domain[1..]];
        string type = m.GetType().Name;
        ArgumentException shape = Assert.Throws<ArgumentException>(() => m.Apply(Tensor.Zeros(wide, DType.Float64)));
        Assert.StartsWith(
            $"{type}.Apply: input must be [batch, {string.Join(", ", m.Domain.Dimensions.ToArray())}]; it is {wide}", shape.Message, StringComparison.Ordinal);
        ArgumentException dtype = Assert.Throws<ArgumentException>(() => m.ApplyAdjoint(probe.Y.To(DType.Float32)));
        Assert.StartsWith($"{type}.ApplyAdjoint: the operator is Float64, the input Float32", dtype.Message, StringComparison.Ordinal);
        if (m.Domain != m.Range)
        {
            ArgumentException square = Assert.Throws<ArgumentException>(() => m.Exp(3));
            Assert.StartsWith(
                $"Exp: the operator must map a space to itself; it maps {m.Domain} to {m.Range}", square.Message, StringComparison.Ordinal);
        }
    }

    private sealed class Probe
    {
        public Probe(string name)
        {
            Test = Catalogue.Operators.Single(test => test.Name == name);
            Generator = new Generator(11);
            Tensors = Test.Draw(Generator);
            Operator = Test.Build(Tensors);
            Dense = Test.Dense(Tensors);
            X = Generator.Normal([3, .. Operator.Domain], DType.Float64);
            Y = Generator.Normal([3, .. Operator.Range], DType.Float64);
        }

        public OperatorCase Test { get; }

        public Generator Generator { get; }

        public Tensor[] Tensors { get; }

        public LinearOperator Operator { get; }

        public Tensor Dense { get; }

        public Tensor X { get; }

        public Tensor Y { get; }

        public double Rounding(Tensor x) => Test.Work * Closeness.Epsilon * Closeness.Norm(Dense) * Closeness.Norm(x);
    }
}
