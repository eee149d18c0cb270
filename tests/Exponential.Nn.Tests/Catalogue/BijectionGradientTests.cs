using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>Gradients of values and log-determinants, both ways, by inputs, context and every parameter, against numerical derivatives.</summary>
public sealed class BijectionGradientTests
{
    public static TheoryData<string> Cases() => [.. Catalogue.Bijections.Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardGradientsAreRight(string name)
    {
        BijectionProbe probe = Probe(name);
        Check(probe, probe.X, probe.Bijection.Forward);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void InverseGradientsAreRight(string name)
    {
        BijectionProbe probe = Probe(name);
        Check(probe, probe.Forward(probe.X).Value.Detach(), probe.Bijection.Inverse);
    }

    /// <summary>The loss w.value + v.logDet, with random w and v.</summary>
    private static void Check(BijectionProbe probe, Tensor input, Func<Tensor, Tensor?, (Tensor Value, Tensor LogDet)> map)
    {
        probe.Restore();
        (Tensor value, Tensor logDet) = map(input, probe.Context);
        Tensor w = probe.Generator.Normal(value.Shape, DType.Float64);
        Tensor v = probe.Generator.Normal(logDet.Shape, DType.Float64);
        probe.Restore();

        var check = new GradientCheck(probe.Label, probe.Generator);
        Func<Tensor> x = check.Input("input", input);
        Func<Tensor>? context = probe.Context is null ? null : check.Input("context", probe.Context);
        check.Parameters(probe.Bijection);
        check.Run(probe.Restore, () =>
        {
            (Tensor y, Tensor l) = map(x(), context?.Invoke());
            return (w * y).Sum() + (v * l).Sum();
        });
    }

    private static BijectionProbe Probe(string name) => new(Catalogue.Bijections.Single(test => test.Name == name), seed: 3, batch: 2);
}
