using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>A public bijection, operator or distribution that is not in the catalogue fails here: one line in the list tests it.</summary>
public sealed class CatalogueCoverageTests
{
    [Fact]
    public void EveryBijectionIsListed() => AssertListed(
        typeof(Bijection), Catalogue.Bijections.Select(test => test.Instance(1).GetType()));

    [Fact]
    public void EveryDistributionIsListed() => AssertListed(
        typeof(Distribution), Catalogue.Distributions.Select(test => test.Instance(1).GetType()));

    [Fact]
    public void EveryOperatorIsListed() => AssertListed(
        typeof(LinearOperator), Catalogue.Operators.Select(test => test.Build(test.Draw(new Generator(1))).GetType()));

    /// <summary>Split priors are no bijections; flows that hold one are listed.</summary>
    [Fact]
    public void EveryOtherFlowStepIsPartOfAListedFlow() => AssertListed(
        typeof(FlowStep),
        Catalogue.Distributions.SelectMany(test => test.Instance(1).NamedModules()).Select(item => item.Module.GetType())
            .Concat(Catalogue.Bijections.Select(test => test.Instance(1).GetType())));

    [Fact]
    public void NamesAreUnique()
    {
        IEnumerable<string> names = Catalogue.Bijections.Select(test => test.Name)
            .Concat(Catalogue.Operators.Select(test => test.Name))
            .Concat(Catalogue.Distributions.Select(test => test.Name));
        Assert.Empty(names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    private static void AssertListed(Type kind, IEnumerable<Type> listed)
    {
        Type[] expected =
        [
            .. new[] { typeof(LinearOperator).Assembly, typeof(Bijection).Assembly }
                .SelectMany(assembly => assembly.GetExportedTypes())
                .Where(type => type.IsSubclassOf(kind) && !type.IsAbstract),
        ];
        Assert.NotEmpty(expected);
        Assert.Empty(expected.Except(listed).Select(type => type.Name));
    }
}
