using System.Text.Json;

namespace Exponential.Nn.Tests;

/// <summary>Makes the modules of golden files, in float64, from the settings stored with them.</summary>
internal static class GoldenModules
{
    private const DType F64 = DType.Float64;

    /// <summary>The bijections by kind.</summary>
    public static IReadOnlyDictionary<string, Func<GoldenFile, Bijection>> Bijections { get; } =
        new Dictionary<string, Func<GoldenFile, Bijection>>
        {
            ["actnorm"] = file => new ActNorm(file.Count("n_channels"), F64),
            ["actnorm_uninitialised"] = file => new ActNorm(file.Count("n_channels"), F64),
            ["conv1x1"] = file => new Conv1x1(file.Count("n_channels"), dtype: F64),
            ["conv1x1_householder"] = file => new Conv1x1Householder(file.Count("n_channels"), file.Count("n_reflections"), dtype: F64),
            ["convexp"] = ConvExp,
            ["convexp_householder"] = ConvExp,
            ["convexp_large_norm"] = ConvExp,
            ["coupling"] = file => Coupling(file, ImageShape(file)),
            ["coupling_context"] = file => Coupling(file, ImageShape(file)),
            ["coupling_multiscale"] = file => Coupling(file, ImageShape(file)),
            ["coupling_plainconv"] = file => Coupling(file, ImageShape(file)),
            ["emerging"] = file => new Emerging(file.Count("n_channels"), dtype: F64),
            ["flip2d"] = _ => new Flip2d(),
            ["logit"] = file => new Logit(file.Number("alpha")),
            ["min_log_plus_linear"] = _ => new MinLogPlusLinear(),
            ["normalize"] = file => new Normalize(file.Number("translation"), file.Number("scale"), F64),
            ["prelu"] = file => new PReLU(file.Count("n_channels"), F64),
            ["sigmoid"] = _ => new Sigmoid(),
            ["squeeze"] = _ => new Squeeze(),
            ["tanh"] = _ => new Tanh(),
            ["woodbury"] = file => new Woodbury(file.InputSize(), file.Count("low_rank"), dtype: F64),
        };

    public static SplitPrior SplitPrior(GoldenFile file) => new(file.InputSize(), Coupling(file, file.InputSize()), F64);

    public static DiagonalGaussian DiagonalGaussian(GoldenFile file) => new(file.InputSize(), F64);

    /// <summary>The mixing flow of <c>model.flow_*</c>, and of <c>training.*</c>, whose files do not repeat the mixing outside args.</summary>
    public static Flow Flow(GoldenFile file)
    {
        JsonElement arguments = file.Arguments();
        var settings = new MixingFlowSettings
        {
            Levels = file.Count("n_levels"),
            Subflows = file.Count("n_subflows"),
            SplitPrior = true,
            Mixing = arguments.GetProperty("mixing").GetString() switch
            {
                "1x1" => Mixing.Conv1x1,
                "convexp" => Mixing.ConvExp,
                "emerging" => Mixing.Emerging,
                "woodbury" => Mixing.Woodbury,
                string other => throw new InvalidDataException($"{file.Name}: unknown mixing {other}"),
                null => throw new InvalidDataException($"{file.Name}: no mixing"),
            },
            ConvExpCoefficient = arguments.GetProperty("convexp_coeff").GetDouble(),
            ConvExpPlan = ConvExpPlan.Original,
            Network = NetworkSettings(arguments),
        };
        return MixingFlow.Create(file.InputSize(), settings, dtype: F64);
    }

    private static ConvExp ConvExp(GoldenFile file) =>
        new(file.InputSize(), file.Number("convexp_coeff"), ConvExpPlan.Original, dtype: F64);

    private static AffineCoupling Coupling(GoldenFile file, Shape shape)
    {
        int context = file.HasSetting("n_context") ? file.Count("n_context") : 0;
        Network network = NetworkSettings(file.Arguments()).CreateNetwork((shape[0] / 2) + context, shape[0], new Generator(0), F64);
        return new AffineCoupling(shape, network, context);
    }

    private static Shape ImageShape(GoldenFile file) => file.Tensor("in.x").Shape[1..];

    private static DenseNetSettings NetworkSettings(JsonElement arguments) => new()
    {
        IntermediateChannels = arguments.GetProperty("n_intermediate_channels").GetInt32(),
        Scales = arguments.GetProperty("n_scales").GetInt32(),
        Count = arguments.GetProperty("n_densenets").GetInt32(),
        Depth = arguments.GetProperty("densenet_depth").GetInt32(),
        Growth = arguments.GetProperty("densenet_growth").GetInt32(),
        Gated = arguments.GetProperty("use_gated_conv").GetBoolean(),
        Dropout = arguments.GetProperty("dropout_p").GetDouble(),
    };
}
