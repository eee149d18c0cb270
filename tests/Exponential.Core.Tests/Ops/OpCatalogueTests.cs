using Xunit;

namespace Exponential.Core.Tests;

/// <summary>What holds for every operation: one case an entry and property.</summary>
public sealed class OpCatalogueTests
{
    public static TheoryData<string> Names() => [.. OpCatalogue.All.Select(entry => entry.Name)];

    public static TheoryData<string> DifferentiableNames() => [.. OpCatalogue.All.Where(entry => entry.IsDifferentiable).Select(entry => entry.Name)];

    [Fact]
    public void NamesAreUnique() => Assert.Equal(OpCatalogue.All.Count, OpCatalogue.All.Select(entry => entry.Name).Distinct().Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void ValueIsTheReferences(string name)
    {
        OpEntry entry = OpCatalogue.Named(name);
        foreach (DType dtype in (DType[])[DType.Float64, DType.Float32])
        {
            foreach (OpRun run in Runs(entry, dtype).Concat(Enumerable.Range(0, entry.LargeCases.Count).Select(number => new OpRun(entry, number, dtype, large: true))))
            {
                NaiveArray[] expected = entry.Reference(run.Inputs);
                NaiveArray[] scale = entry.Magnitude?.Invoke(run.Inputs) ?? expected;
                Assert.Equal(expected.Length, run.Outputs.Length);
                for (int output = 0; output < expected.Length; output++)
                {
                    Tolerance.AssertClose(expected[output], run.Outputs[output], scale[output], entry.Roundings(run.Inputs), dtype, $"{run.Name}, output {output}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(DifferentiableNames))]
    public void GradientIsTheFiniteDifference(string name)
    {
        OpEntry entry = OpCatalogue.Named(name);
        foreach (OpRun run in Runs(entry, DType.Float64))
        {
            NaiveArray[] gradients = run.Gradients(run.Inputs, run.Weights);
            foreach (int input in run.Variables)
            {
                NaiveArray expected = FiniteDifferences.Gradient(run.Loss, run.Inputs, input);
                AssertDifference(expected, gradients[input], run.LossScale(), entry.Condition(run.Inputs), $"{run.Name}, gradient of input {input}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(DifferentiableNames))]
    public void SecondDerivativeIsTheFiniteDifferenceOfTheGradient(string name)
    {
        OpEntry entry = OpCatalogue.Named(name);
        foreach (OpRun run in Runs(entry, DType.Float64))
        {
            (NaiveArray[] inputs, NaiveArray[] weights) = run.DirectionalGradients();
            double condition = entry.Condition(run.Inputs);
            NaiveArray[] gradients = run.Gradients(run.Inputs, run.Weights);
            double scale = run.Variables.Sum(input => OpRun.AbsoluteDot(gradients[input], run.Tangents[input]));
            foreach (int input in run.Variables)
            {
                NaiveArray expected = FiniteDifferences.Gradient(moved => run.Directional(moved, run.Weights), run.Inputs, input);
                AssertDifference(expected, inputs[input], scale, condition, $"{run.Name}, second derivative by input {input}");
            }

            for (int output = 0; output < weights.Length; output++)
            {
                if (run.HasGraph[output])
                {
                    NaiveArray expected = FiniteDifferences.Gradient(moved => run.Directional(run.Inputs, moved), run.Weights, output);
                    AssertDifference(expected, weights[output], scale, condition, $"{run.Name}, derivative of the gradient by cotangent {output}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(DifferentiableNames))]
    public void Float32GradientIsTheFloat64One(string name)
    {
        OpEntry entry = OpCatalogue.Named(name);
        for (int number = 0; number < entry.Cases.Count; number++)
        {
            var single = new OpRun(entry, number, DType.Float32);
            var twice = new OpRun(entry, number);
            NaiveArray[] expected = twice.Gradients(single.Inputs, single.Weights);
            NaiveArray[] actual = single.Gradients(single.Inputs, single.Weights);
            double largestWeight = single.Weights.Max(Tolerance.Largest);
            foreach (int input in single.Variables)
            {
                // An element of a gradient is a sum over at most all outputs, of terms that went through the forward's roundings.
                double roundings = (8 + entry.Roundings(single.Inputs)) * (1 + single.Outputs.Sum(output => output.Count));
                double scale = Math.Max(largestWeight, Tolerance.Largest(expected[input])) * entry.Condition(single.Inputs);
                Tolerance.AssertClose(expected[input], actual[input], scale, roundings, DType.Float32, $"{single.Name}, gradient of input {input}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ViewsGiveWhatCopiesGive(string name)
    {
        OpEntry entry = OpCatalogue.Named(name);
        foreach (OpRun run in Runs(entry, DType.Float64))
        {
            foreach (InputView view in InputView.All)
            {
                CompareWithCopies(entry, run, view);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void OnlyDifferentiableOperationsHaveAGraph(string name)
    {
        OpEntry entry = OpCatalogue.Named(name);
        foreach (OpRun run in Runs(entry, DType.Float64))
        {
            Assert.True(run.HasGraph.Any(graph => graph) == entry.IsDifferentiable, run.Name);
            using (Autograd.NoGrad())
            {
                // The tensor itself may come back, with the graph it had.
                Tensor[] inputs = run.Tensors(run.Inputs);
                Assert.All(entry.Function(inputs), output => Assert.True(!output.RequiresGradient || inputs.Contains(output), run.Name));
            }
        }
    }

    private static IEnumerable<OpRun> Runs(OpEntry entry, DType dtype) => Enumerable.Range(0, entry.Cases.Count).Select(number => new OpRun(entry, number, dtype));

    private static void CompareWithCopies(OpEntry entry, OpRun run, InputView view)
    {
        bool[] applies = [.. run.Inputs.Select(input => view.Applies(input, entry.EventRank))];
        Tensor Store(Tensor value, int index) => applies[index] ? view.Store(value) : value;
        Tensor Read(Tensor stored, int index) => applies[index] ? view.Read(stored, run.Inputs[index].Shape) : stored;

        NaiveArray[] stored = [.. run.Inputs.Select((input, index) => NaiveArray.Of(Store(input.ToTensor(DType.Float64), index)))];
        NaiveArray[] copies = [.. stored.Select((value, index) => NaiveArray.Of(Read(value.ToTensor(DType.Float64), index)))];
        NaiveArray[] expected = [.. entry.Function(run.Tensors(copies)).Select(NaiveArray.Of)];
        NaiveArray[] actual = [.. entry.Function([.. run.Tensors(stored).Select(Read)]).Select(NaiveArray.Of)];
        NaiveArray[] scale = entry.Magnitude?.Invoke(copies) ?? expected;
        for (int output = 0; output < expected.Length; output++)
        {
            Tolerance.AssertClose(expected[output], actual[output], scale[output], 2 * entry.Roundings(copies), DType.Float64, $"{run.Name}, {view.Name}, output {output}");
        }

        if (!entry.IsDifferentiable)
        {
            return;
        }

        // The view lies between leaf and operation, so its own derivative takes part; where it stretches, gradients add up.
        NaiveArray[] expectedGradients = run.Gradients(copies, run.Weights);
        NaiveArray[] gradients = run.Gradients(stored, run.Weights, tensors => [.. tensors.Select(Read)]);
        foreach (int input in run.Variables)
        {
            NaiveArray pulledBack = applies[input] ? view.PullBack(expectedGradients[input]) : expectedGradients[input];
            double roundings = (8 + entry.Roundings(copies)) * (1 + run.Outputs.Sum(output => output.Count));
            double size = Math.Max(run.Weights.Max(Tolerance.Largest), Tolerance.Largest(pulledBack)) * entry.Condition(copies);
            Tolerance.AssertClose(pulledBack, gradients[input], size, roundings, DType.Float64, $"{run.Name}, {view.Name}, gradient of input {input}");
        }
    }

    private static void AssertDifference(NaiveArray expected, NaiveArray actual, double scale, double condition, string what)
    {
        // The third derivatives of the catalogue's functions on their domains stay below some tens of times the functions.
        const double Derivatives = 64;
        double tolerance = Derivatives * condition * FiniteDifferences.Unit * (1 + scale + Tolerance.Largest(expected));
        Assert.True(expected.Shape.SequenceEqual(actual.Shape), $"{what}: expected shape {expected}, got {actual}");
        for (int i = 0; i < expected.Count; i++)
        {
            Tolerance.AssertClose(expected.Values[i], actual.Values[i], tolerance, $"{what}, element {i}");
        }
    }
}
