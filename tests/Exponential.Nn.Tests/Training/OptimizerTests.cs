using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public class OptimizerTests
{
    // Longer than a vector and no multiple of one, so that vectors and remainder are both run; and longer than a block.
    private const int Length = (2 * 16 * 1024) + 7;
    private const int Steps = 5;

    public static TheoryData<bool, DType, double> Cases => new()
    {
        { true, DType.Float64, 0 },
        { true, DType.Float64, 0.1 },
        { true, DType.Float32, 0.1 },
        { false, DType.Float64, 0 },
        { false, DType.Float64, 0.1 },
        { false, DType.Float32, 0.1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void StepsFollowTheFormula(bool isAdam, DType dtype, double weightDecay)
    {
        var generator = new Generator(1);
        var parameter = new Parameter(generator.Normal([Length], dtype));
        double[] expected = Read(parameter);
        double[] m = new double[Length];
        double[] v = new double[Length];
        Optimizer optimizer = isAdam
            ? new Adam([parameter], 0.01, weightDecay: weightDecay)
            : new Adamax([parameter], 0.01, weightDecay: weightDecay);
        for (int step = 1; step <= Steps; step++)
        {
            Tensor slope = generator.Normal([Length], dtype);
            optimizer.Step((parameter.Value * slope).Sum().Backward());
            double[] g = slope.To(DType.Float64).ToArray<double>();
            for (int i = 0; i < Length; i++)
            {
                double gi = g[i] + (weightDecay * expected[i]);
                m[i] = (0.9 * m[i]) + (0.1 * gi);
                double rate = 0.01 / (1 - Math.Pow(0.9, step));
                if (isAdam)
                {
                    v[i] = (0.99 * v[i]) + (0.01 * gi * gi);
                    expected[i] -= rate * m[i] / ((Math.Sqrt(v[i]) / Math.Sqrt(1 - Math.Pow(0.99, step))) + 1e-7);
                }
                else
                {
                    v[i] = Math.Max(0.999 * v[i], Math.Abs(gi) + 1e-7);
                    expected[i] -= rate * m[i] / v[i];
                }
            }
        }

        // Each step moves by at most a few rates and is rounded a handful of times, as the value itself is.
        double unit = dtype == DType.Float32 ? Math.Pow(2, -24) : Math.Pow(2, -53);
        double[] actual = Read(parameter);
        for (int i = 0; i < Length; i++)
        {
            Assert.True(
                Math.Abs(actual[i] - expected[i]) <= 20 * Steps * unit * (1 + Math.Abs(expected[i])),
                $"element {i}: {actual[i]:R}, expected {expected[i]:R}");
        }
    }

    [Fact]
    public void AdamaxEpsilonIsAddedToTheGradient()
    {
        // With a gradient of 0 the second moment is epsilon itself: m / u stays finite, and the value still.
        var parameter = new Parameter(Tensor.Ones([3], DType.Float64));
        var optimizer = new Adamax([parameter], 0.1);
        optimizer.Step((parameter.Value * 0).Sum().Backward());
        Assert.Equal([1.0, 1.0, 1.0], Read(parameter));
    }

    [Fact]
    public void ParameterWithoutGradientKeepsValueAndCount()
    {
        var used = new Parameter(Tensor.Ones([2], DType.Float64));
        var unused = new Parameter(Tensor.Ones([2], DType.Float64));
        var optimizer = new Adam([used, unused], 0.1);
        optimizer.Step(used.Value.Sum().Backward());
        StateDictionary state = optimizer.State([("used", used), ("unused", unused)]);
        Assert.Equal([1.0, 1.0], Read(unused));
        Assert.Equal(1, state["used.step"].Integer);
        Assert.Equal(0, state["unused.step"].Integer);
        Assert.Equal(["used.step", "used.exp_avg", "used.exp_avg_sq", "unused.step"], state.Keys);
    }

    [Fact]
    public void SnapshotOfAParameterStaysAsItWas()
    {
        var parameter = new Parameter(Tensor.Ones([1000]));
        Tensor before = parameter.Value.Detach();
        new Adamax([parameter], 0.1).Step(parameter.Value.Sum().Backward());
        Assert.All(before.ToArray<float>(), value => Assert.Equal(1f, value));
        Assert.All(parameter.Value.Detach().ToArray<float>(), value => Assert.Equal(0.9f, value, 1e-6f));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RestoredStateGoesOnBitForBit(bool isAdam)
    {
        Parameter first = Start();
        Optimizer optimizer = Make(first);
        Run(optimizer, first, from: 0, to: 6);

        Parameter second = Start();
        Optimizer interrupted = Make(second);
        Run(interrupted, second, from: 0, to: 3);
        StateDictionary saved = interrupted.State([("w", second)]);
        var third = new Parameter(second.Value.Detach());
        Optimizer resumed = Make(third);
        resumed.LoadState(saved, [("w", third)]);
        Run(resumed, third, from: 3, to: 6);
        Assert.Equal(first.Value.Detach().ToArray<float>(), third.Value.Detach().ToArray<float>());

        Optimizer Make(Parameter parameter) => isAdam ? new Adam([parameter], 0.01) : new Adamax([parameter], 0.01);

        static Parameter Start() => new(new Generator(2).Normal([37]));

        static void Run(Optimizer optimizer, Parameter parameter, int from, int to)
        {
            for (int step = from; step < to; step++)
            {
                Tensor slope = new Generator(3).Fork((ulong)step).Normal([37]);
                optimizer.Step((parameter.Value * slope).Sum().Backward());
            }
        }
    }

    [Fact]
    public void StateOfAnotherModelIsRefused()
    {
        var small = new Parameter(Tensor.Ones([2]));
        var optimizer = new Adam([small]);
        optimizer.Step(small.Value.Sum().Backward());
        StateDictionary state = optimizer.State([("w", small)]);
        var large = new Parameter(Tensor.Ones([3]));
        var other = new Adam([large]);
        InvalidDataException shape = Assert.Throws<InvalidDataException>(() => other.LoadState(state, [("w", large)]));
        Assert.Equal(
            "optimizer state: it belongs to another model or optimizer: w.exp_avg must be Float32 [3]; it is Float32 [2]; w.exp_avg_sq must be Float32 [3]; it is Float32 [2]",
            shape.Message);
        InvalidDataException missing = Assert.Throws<InvalidDataException>(() => other.LoadState(state, [("x", large)]));
        Assert.Equal(
            "optimizer state: it belongs to another model or optimizer: missing: x.step; unknown: w.exp_avg, w.exp_avg_sq, w.step", missing.Message);
    }

    [Fact]
    public void StateThatDoesNotFitChangesNothing()
    {
        var first = new Parameter(Tensor.Ones([2]));
        var second = new Parameter(Tensor.Ones([2]));
        var source = new Adamax([first, second]);
        source.Step((first.Value + second.Value).Sum().Backward());
        StateDictionary saved = source.State([("a", first), ("b", second)]);
        var partial = new StateDictionary();
        foreach ((string name, StateValue value) in saved.Where(entry => entry.Key != "b.exp_inf"))
        {
            if (value.IsInteger)
            {
                partial.Add(name, value.Integer);
            }
            else
            {
                partial.Add(name, value.Tensor);
            }
        }

        var target = new Adamax([first, second]);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => target.LoadState(partial, [("a", first), ("b", second)]));
        Assert.Equal("optimizer state: it belongs to another model or optimizer: missing: b.exp_inf", e.Message);
        Assert.All(target.State([("a", first), ("b", second)]).Values, value => Assert.Equal(0, value.Integer));
    }

    [Fact]
    public void MisuseIsNamed()
    {
        var parameter = new Parameter(Tensor.Ones([2]));
        var stranger = new Parameter(Tensor.Ones([2]));
        Assert.Contains("parameters is empty", Assert.Throws<ArgumentException>(() => new Adam([])).Message);
        Assert.Contains("is given twice", Assert.Throws<ArgumentException>(() => new Adam([parameter, parameter])).Message);
        Assert.Contains(
            "learningRate must be at least 0; got -1",
            Assert.Throws<ArgumentOutOfRangeException>(() => new Adam([parameter], learningRate: -1)).Message,
            StringComparison.OrdinalIgnoreCase);
        Assert.Contains(
            "none of the 1 parameters has a gradient",
            Assert.Throws<ArgumentException>(() => new Adam([parameter]).Step(stranger.Value.Sum().Backward())).Message);
    }

    [Fact]
    public void ScheduleRisesThenDecays()
    {
        var schedule = new LearningRateSchedule(warmup: 10, decay: 0.995);
        Assert.Equal(0.1, schedule.Factor(0), 1e-15);
        Assert.Equal(0.5 * Math.Pow(0.995, 4), schedule.Factor(4), 1e-15);
        Assert.Equal(Math.Pow(0.995, 9), schedule.Factor(9), 1e-15);
        Assert.Equal(Math.Pow(0.995, 100), schedule.Factor(100), 1e-15);
        Assert.Equal(1, new LearningRateSchedule(warmup: 0, decay: 1).Factor(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LearningRateSchedule(-1, 0.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LearningRateSchedule(1, 0));
    }

    private static double[] Read(Parameter parameter) => parameter.Value.Detach().To(DType.Float64).ToArray<double>();
}
