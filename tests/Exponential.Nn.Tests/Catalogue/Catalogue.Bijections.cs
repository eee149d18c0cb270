namespace Exponential.Nn.Tests;

/// <summary>
/// The one list of bijections, operators and distributions. Whatever is listed gets every generic test; a public type that is not listed
/// fails <see cref="CatalogueCoverageTests"/>.
/// </summary>
internal static partial class Catalogue
{
    /// <summary>The bijections, with cases for each branch that they have.</summary>
    public static IReadOnlyList<BijectionCase> Bijections { get; } =
    [
        new("Identity", [2, 3, 4], (_, _) => new Identity()) { ConstantLogDet = true },
        new("Squeeze", [3, 4, 6], (_, _) => new Squeeze())
        {
            Output = [12, 2, 3],
            ConstantLogDet = true,
            Refused = ([3, 4, 5], "Squeeze: height and width must be even; the event shape is [3, 4, 5]"),
        },
        new("Flip2d", [2, 3, 5], (_, _) => new Flip2d())
        {
            ConstantLogDet = true,
            Refused = ([6], "Flip2d: the event shape must be [channels, height, width]; it is [6]"),
        },
        new("Normalize", [3, 2, 4], (_, dtype) => new Normalize(128, 256, dtype)) { Domain = Pixels, ConstantLogDet = true },
        new("Sigmoid", [2, 3, 2], (_, _) => new Sigmoid()) { Domain = Wide },
        new("Logit", [3, 2, 2], (_, _) => new Logit()) { Domain = UnitInterval },
        new("Logit without margin", [7], (_, _) => new Logit(0)) { Domain = UnitInterval },
        new("Tanh", [2, 3, 2], (_, _) => new Tanh()),
        new("Tanh, saturated", [5], (_, _) => new Tanh()) { Domain = Wide },
        new("MinLogPlusLinear", [3, 3, 2], (_, _) => new MinLogPlusLinear()) { Domain = Wide },
        new("PReLU", [3, 2, 4], (_, dtype) => new PReLU(3, dtype))
        {
            Refused = ([4, 2, 4], "PReLU: the event shape must be [3, height, width]; it is [4, 2, 4]"),
        },
        new("ActNorm", [4, 3, 2], (_, dtype) => new ActNorm(4, dtype))
        {
            ConstantLogDet = true,
            Randomize = InitializeByData,
            Refused = ([3, 3, 2], "ActNorm: the event shape must be [4, height, width]; it is [3, 3, 2]"),
        },
        new("ActNorm, one channel", [1, 4, 4], (_, dtype) => new ActNorm(1, dtype)) { ConstantLogDet = true, Randomize = InitializeByData },
        new("Conv1x1", [5, 2, 3], (generator, dtype) => new Conv1x1(5, generator, dtype))
        {
            ConstantLogDet = true,
            Refused = ([4, 2, 3], "Conv1x1: the event shape must be [5, height, width]; it is [4, 2, 3]"),
        },
        new("Conv1x1, one channel", [1, 3, 4], (generator, dtype) => new Conv1x1(1, generator, dtype)) { ConstantLogDet = true },
        new("Conv1x1, far from orthogonal", [6, 2, 1], (generator, dtype) => new Conv1x1(6, generator, dtype))
        {
            ConstantLogDet = true,
            Randomize = (bijection, generator) => RandomState.Perturb(bijection, generator, 3),
        },
        new("Conv1x1Householder", [5, 3, 2], (generator, dtype) => new Conv1x1Householder(5, 3, generator, dtype))
        {
            ConstantLogDet = true,
            Work = 64,
            Refused = ([6, 3, 2], "Conv1x1Householder: the event shape must be [5, height, width]; it is [6, 3, 2]"),
        },
        new("Conv1x1Householder, more reflections than channels", [3, 2, 2], (generator, dtype) => new Conv1x1Householder(3, 7, generator, dtype))
        {
            ConstantLogDet = true,
            Work = 64,
        },
        AutoregressiveCase("AutoregressiveConv2d", [3, 4, 5]) with
        {
            Refused = ([2, 4, 5], "AutoregressiveConv2d: the event shape must be [3, height, width]; it is [2, 4, 5]"),
        },
        AutoregressiveCase("AutoregressiveConv2d, far from the identity", [5, 2, 3], deviation: 1),
        AutoregressiveCase("AutoregressiveConv2d, one channel", [1, 5, 3]),
        AutoregressiveCase("AutoregressiveConv2d, one row", [4, 1, 6]),
        AutoregressiveCase("AutoregressiveConv2d, one pixel", [4, 1, 1]),
        new("Emerging", [3, 4, 3], (generator, dtype) => new Emerging(3, generator, dtype))
        {
            ConstantLogDet = true,
            Work = 64,
            Refused = ([4, 4, 3], "Emerging: the event shape must be [3, height, width]; it is [4, 4, 3]"),
        },
        new("Emerging, far from the identity", [5, 2, 3], (generator, dtype) => new Emerging(5, generator, dtype))
        {
            ConstantLogDet = true,
            Work = 64,
            Randomize = (bijection, generator) => RandomState.Perturb(bijection, generator, 0.7),
        },
        new("Emerging, one channel", [1, 3, 4], (generator, dtype) => new Emerging(1, generator, dtype)) { ConstantLogDet = true, Work = 64 },
        new("Woodbury", [3, 4, 3], (generator, dtype) => new Woodbury([3, 4, 3], generator: generator, dtype: dtype))
        {
            ConstantLogDet = true,
            Work = 64,
            Refused = ([3, 3, 4], "Woodbury: the event shape must be [3, 4, 3]; it is [3, 3, 4]"),
        },
        new("Woodbury of rank 2, far from the identity", [2, 3, 5], (generator, dtype) => new Woodbury([2, 3, 5], 2, generator, dtype))
        {
            ConstantLogDet = true,
            Work = 64,
            Randomize = (bijection, generator) => RandomState.Perturb(bijection, generator, 1),
        },
        new("Woodbury, one channel", [1, 2, 3], (generator, dtype) => new Woodbury([1, 2, 3], 3, generator, dtype)) { ConstantLogDet = true, Work = 64 },
        ConvExpCase("ConvExp", [3, 4, 5]) with
        {
            Refused = ([3, 4, 4], "ConvExp: the event shape must be [3, 4, 5]; it is [3, 4, 4]"),
        },
        ConvExpCase("ConvExp in training", [3, 4, 3]) with { Training = true },
        ConvExpCase("ConvExp, one channel", [1, 5, 3]),
        ConvExpCase("ConvExp, one pixel", [4, 1, 1]),
        ConvExpCase("ConvExp, large norm", [3, 3, 4], gain: 20),
        ConvExpCase("ConvExp, large norm, in training", [3, 3, 4], gain: 20) with { Training = true },
        ConvExpCase("ConvExp, more than 64 channels", [66, 1, 2]),
        ConvExpCase("ConvExp to a tolerance", [3, 4, 2], new ConvExpPlan.ToTolerance(1e-4)) with { Truncation = ToToleranceOf(1e-4) },
        ConvExpCase("ConvExp with the original's terms", [3, 4, 3], ConvExpPlan.Original, gain: 20) with { Truncation = FixedTerms },
        ConvExpCase("ConvExp with the original's terms, in training", [3, 4, 3], ConvExpPlan.Original, gain: 20) with
        {
            Truncation = FixedTerms,
            Training = true,
        },
        CouplingCase("AffineCoupling", [4, 3, 2]) with
        {
            Refused = ([6, 3, 2], "AffineCoupling: the event shape must be [4, 3, 2]; it is [6, 3, 2]"),
        },
        CouplingCase("AffineCoupling, two channels", [2, 1, 3]),
        CouplingCase("AffineCoupling, gated", [4, 2, 3], new() { Gated = true }),
        CouplingCase("AffineCoupling, two networks", [4, 2, 2], new() { Count = 2, Gated = true }),
        CouplingCase("AffineCoupling with context", [4, 2, 3], context: 3),
        CouplingCase("AffineCoupling with dropout", [4, 2, 2], new() { Dropout = 0.3 }) with { ModesDiffer = true },
        CouplingCase("AffineCoupling with dropout, in training", [4, 2, 2], new() { Dropout = 0.3 }) with
        {
            Training = true,
            ModesDiffer = true,
            BatchDependence = "each row draws its own part of one mask",
        },
        CouplingCase("AffineCoupling on two scales", [4, 2, 4], new() { Scales = 2, Gated = true }) with { Work = 128 },
        CouplingCase("AffineCoupling on three scales, with context", [2, 4, 8], new() { Scales = 3 }, context: 2) with { Work = 256 },
        CouplingCase("AffineCoupling of two networks with dropout", [4, 2, 2], new() { Count = 2, Dropout = 0.3 }) with { ModesDiffer = true },
        CouplingCase("AffineCoupling of two networks with dropout, on two scales, in training", [4, 2, 2], new() { Count = 2, Dropout = 0.3, Scales = 2 }) with
        {
            Training = true,
            ModesDiffer = true,
            BatchDependence = "each row draws its own part of one mask",
            Work = 128,
        },
        new("Chain", [3, 4, 4], (generator, dtype) => new Chain(
            new Squeeze(), new ConvExp([12, 2, 2], 0.9, generator: generator, dtype: dtype), Coupling([12, 2, 2], new(), 0, generator, dtype), new Flip2d(), new PReLU(12, dtype)))
        {
            Output = [12, 2, 2],
            Kind = InverseKind.Truncated,
            Work = 256,
            Refused = ([3, 4, 2], "ConvExp: the event shape must be [12, 2, 2]; it is [12, 2, 1]"),
        },
        new("Chain with context", [4, 2, 2], (generator, dtype) => new Chain(
            new Conv1x1(4, generator, dtype), Coupling([4, 2, 2], new(), 2, generator, dtype), new Tanh()))
        {
            ContextChannels = 2,
            Work = 128,
        },
        new("Chain of volume changes that do not depend on the input", [2, 2, 3], (generator, dtype) =>
            new Conv1x1(2, generator, dtype).Then(new Normalize(0.5, 3, dtype)))
        {
            ConstantLogDet = true,
        },
        new("Invert of Sigmoid", [2, 2, 3], (_, _) => new Sigmoid().Invert()) { Domain = UnitInterval },
        new("Invert of Squeeze", [8, 2, 3], (_, _) => new Squeeze().Invert())
        {
            Output = [2, 4, 6],
            ConstantLogDet = true,
            Refused = ([6, 2, 3], "Squeeze: the channels to spread must be a multiple of 4; the event shape is [6, 2, 3]"),
        },
        new("Invert of AffineCoupling with context", [4, 2, 2], (generator, dtype) => Coupling([4, 2, 2], new(), 2, generator, dtype).Invert())
        {
            ContextChannels = 2,
            Work = 64,
        },
        new("Invert of Emerging", [2, 3, 2], (generator, dtype) => new Emerging(2, generator, dtype).Invert()) { ConstantLogDet = true, Work = 64 },
        new("Invert of Woodbury", [2, 3, 2], (generator, dtype) => new Woodbury([2, 3, 2], 4, generator, dtype).Invert()) { ConstantLogDet = true, Work = 64 },
        new("Invert of ConvExp", [2, 3, 4], (generator, dtype) => new ConvExp([2, 3, 4], 0.9, generator: generator, dtype: dtype).Invert())
        {
            ConstantLogDet = true,
            Kind = InverseKind.Truncated,
            Work = 64,
        },
    ];

    private static Tensor UnitInterval(Shape shape, Generator generator) => (generator.Uniform(shape, DType.Float64) * 0.98) + 0.01;

    private static Tensor Pixels(Shape shape, Generator generator) => generator.Uniform(shape, DType.Float64) * 256;

    private static Tensor Wide(Shape shape, Generator generator) => generator.Normal(shape, DType.Float64) * 4;

    private static void InitializeByData(Bijection actNorm, Generator generator)
    {
        Shape shape = [4, actNorm.Parameters().First().Shape[0], 3, 3];
        actNorm.Forward((generator.Normal(shape, actNorm.Parameters().First().DType) * 1.5) + 0.7);
        RandomState.Perturb(actNorm, generator, 0.3);
    }

    private static BijectionCase AutoregressiveCase(string name, Shape shape, double deviation = 0.3) =>
        new(name, shape, (generator, dtype) => new AutoregressiveConv2d(shape[0], generator, dtype))
        {
            ConstantLogDet = true,
            Randomize = (bijection, generator) => RandomState.Perturb(bijection, generator, deviation),
        };

    private static BijectionCase ConvExpCase(string name, Shape shape, ConvExpPlan? plan = null, double gain = 1) =>
        new(name, shape, (generator, dtype) => new ConvExp(shape, 0.9, plan, generator, dtype))
        {
            ConstantLogDet = true,
            Kind = InverseKind.Truncated,
            ModesDiffer = plan == ConvExpPlan.Original,

            // Of a large norm the power iteration, almost at rest, still moves the last digits.
            ModeTolerance = gain > 1 ? 1e-6 : 0,
            Work = 64,
            Randomize = (bijection, generator) => RandomState.Draw(bijection, generator, gain),
        };

    private static (double Remainder, double Rho) FixedTerms(Bijection layer)
    {
        OperatorExponential exponential = ((ConvExp)layer).Operator();
        double rho = exponential.Exponent.NormBound().Value;
        double term = 1;
        for (int i = 1; i <= exponential.Plan.Terms + 1; i++)
        {
            term *= rho / i;
        }

        return (term * Math.Exp(rho), rho);
    }

    private static Func<Bijection, (double Remainder, double Rho)> ToToleranceOf(double tolerance) =>
        layer => (tolerance, ((ConvExp)layer).Operator().Exponent.NormBound().Value);

    private static BijectionCase CouplingCase(string name, Shape shape, DenseNetSettings? settings = null, int context = 0) =>
        new(name, shape, (generator, dtype) => Coupling(shape, settings ?? new(), context, generator, dtype))
        {
            ContextChannels = context,
            Work = 64,
        };

    private static AffineCoupling Coupling(Shape shape, DenseNetSettings settings, int context, Generator generator, DType dtype)
    {
        settings = settings with { IntermediateChannels = 4, Depth = 2, Growth = 3 };
        return new AffineCoupling(shape, settings.CreateNetwork((shape[0] / 2) + context, shape[0], generator, dtype), context);
    }
}
