using Xunit;

namespace Exponential.Nn.Tests;

public sealed class ModuleTests
{
    private sealed class Leaf : Module
    {
        public Leaf(double value)
        {
            Weight = AddParameter("weight", Tensor.Full([2], value));
            Sigma = AddBuffer("sigma", Tensor.Scalar(value));
            Count = AddInteger("count", 0);
        }

        public Parameter Weight { get; }

        public StateBuffer Sigma { get; }

        public IntegerBuffer Count { get; }
    }

    private sealed class Tree : Module
    {
        public Tree()
        {
            Inner = AddModule("inner", new Leaf(1));
            AddModule("transformations.0", Inner);
            Flat = AddModule(string.Empty, new Leaf(2));
        }

        public Leaf Inner { get; }

        public Leaf Flat { get; }

        public void AddAgain() => AddParameter("inner", Tensor.Scalar(0));
    }

    [Fact]
    public void State_JoinsNamesByDots_AndPutsAnEmptyNamesEntriesAmongTheOwners()
    {
        Assert.Equal(
            ["inner.weight", "inner.sigma", "inner.count", "transformations.0.weight", "transformations.0.sigma", "transformations.0.count", "weight", "sigma", "count"],
            new Tree().State().Keys);
    }

    [Fact]
    public void Parameters_ListASharedOneOnce_AndKnowTheirFullNames()
    {
        var tree = new Tree();
        Assert.Equal(["inner.weight", "weight"], tree.NamedParameters().Select(item => item.Name));
        Assert.Equal(4, tree.ParameterCount());
        Assert.Equal("weight", tree.Flat.Weight.Name);
    }

    [Fact]
    public void AName_IsRegisteredOnce()
    {
        var error = Assert.Throws<ArgumentException>(() => new Tree().AddAgain());
        Assert.Equal("Tree: the name 'inner' is registered already (Parameter 'name')", error.Message);
    }

    [Fact]
    public void LoadState_RestoresEverything_ConvertsTypes_AndTakesOneElementForAScalar()
    {
        var state = new StateDictionary
        {
            { "weight", Tensor.FromArray([3.0, 4.0], [2]) },
            { "sigma", Tensor.FromArray([5.0], [1]) },
            { "count", 6 },
        };
        var leaf = new Leaf(0);
        leaf.LoadState(state);
        Assert.Equal([3f, 4f], leaf.Weight.Value.ToArray<float>());
        Assert.Equal(5, leaf.Sigma.Value.ToScalar());
        Assert.Equal(0, leaf.Sigma.Value.Rank);
        Assert.Equal(6, leaf.Count.Value);
    }

    [Fact]
    public void LoadState_ListsAllThatDoesNotFit_AndLoadsNothing()
    {
        var leaf = new Leaf(1);
        var state = new StateDictionary { { "weight", Tensor.Zeros([3]) }, { "count", Tensor.Zeros([]) }, { "bias", Tensor.Zeros([1]) } };
        var error = Assert.Throws<InvalidDataException>(() => leaf.LoadState(state));
        Assert.Equal(
            "Leaf.LoadState: the state belongs to another module or other settings; nothing was loaded; missing (1): sigma; unknown (1): bias; " +
            "wrong shape (2): weight: expected [2], found [3], count: expected an integer, found Float32 []",
            error.Message);
        Assert.Equal([1f, 1f], leaf.Weight.Value.ToArray<float>());
    }

    [Fact]
    public void State_StaysWhatItWas_WhenTheModuleChanges()
    {
        var leaf = new Leaf(1);
        StateDictionary before = leaf.State();
        leaf.Weight.Value = Tensor.Zeros([2]);
        leaf.Sigma.Value = Tensor.Scalar(9);
        Assert.Equal([1f, 1f], before["weight"].Tensor.ToArray<float>());
        Assert.Equal(1, before["sigma"].Tensor.ToScalar());
    }

    [Fact]
    public void To_ConvertsParametersAndBuffers()
    {
        var tree = new Tree();
        tree.To(DType.Float64);
        Assert.All(tree.State().Values.Where(value => !value.IsInteger), value => Assert.Equal(DType.Float64, value.Tensor.DType));
    }

    [Fact]
    public void TrainAndEval_ReachEveryModule()
    {
        var tree = new Tree();
        Assert.True(tree.Flat.Training);
        tree.Eval();
        Assert.False(tree.Training || tree.Inner.Training || tree.Flat.Training);
        tree.Train();
        Assert.True(tree.Training && tree.Inner.Training && tree.Flat.Training);
    }

    [Fact]
    public void AState_SurvivesAFile()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("state.safetensors");
        var saved = new Leaf(0.1);
        saved.To(DType.Float64);
        saved.Count.Value = -3;
        saved.State().Save(path);
        StateDictionary loaded = StateDictionary.Load(path);
        Assert.Equal(saved.State().Keys.Order(), loaded.Keys.Order());
        Assert.Equal(saved.Weight.Value.ToArray<double>(), loaded["weight"].Tensor.ToArray<double>());
        Assert.Equal(0, loaded["sigma"].Tensor.Rank);
        Assert.Equal(-3, loaded["count"].Integer);
    }

    [Fact]
    public void FiniteChecks_NameTheFirstModuleWhoseOutputIsNotFinite()
    {
        var first = new Conv2d(1, 1, 1, generator: new Generator(0));
        var second = new Conv2d(1, 1, 1, generator: new Generator(1));
        var network = new Sequential(first, second);
        first.LoadState(new StateDictionary { { "weight", Tensor.Full([1, 1, 1, 1], double.PositiveInfinity) }, { "bias", Tensor.Zeros([1]) } });
        Assert.False(network.Forward(Tensor.Ones([1, 1, 2, 2])).IsFinite());
        using (FiniteChecks.On())
        {
            var error = Assert.Throws<NonFiniteException>(() => network.Forward(Tensor.Ones([1, 1, 2, 2])));
            Assert.Same(first, error.Module);
            Assert.Equal("Conv2d: the output is not finite, though the input is", error.Message);
        }

        Assert.False(network.Forward(Tensor.Ones([1, 1, 2, 2])).IsFinite());
    }
}
