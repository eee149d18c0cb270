namespace Exponential.Nn;

/// <summary>The words that settings files and command lines use for the settings that are choices.</summary>
public static class SettingWords
{
    /// <summary>Words of <see cref="TrainingSettings.Optimizer"/>.</summary>
    public static IReadOnlyList<(string Word, OptimizerKind Value)> Optimizers { get; } =
        [("adamax", OptimizerKind.Adamax), ("adam", OptimizerKind.Adam)];

    /// <summary>Words of <see cref="TrainingSettings.Mixing"/>.</summary>
    public static IReadOnlyList<(string Word, Mixing Value)> Mixings { get; } =
        [("1x1", Mixing.Conv1x1), ("convexp", Mixing.ConvExp), ("emerging", Mixing.Emerging), ("woodbury", Mixing.Woodbury)];

    /// <summary>Words of <see cref="TrainingSettings.ConvExpTerms"/>.</summary>
    public static IReadOnlyList<(string Word, ConvExpTerms Value)> ConvExpTerms { get; } =
        [("original", Nn.ConvExpTerms.Original), ("tolerance", Nn.ConvExpTerms.Tolerance)];

    /// <summary>Words of <see cref="TrainingSettings.Arithmetic"/>.</summary>
    public static IReadOnlyList<(string Word, ArithmeticAccuracy Value)> Arithmetics { get; } =
        [("fast", ArithmeticAccuracy.Fast), ("tight", ArithmeticAccuracy.Tight)];

    /// <summary>Words of <see cref="TrainingSettings.Recompute"/>.</summary>
    public static IReadOnlyList<(string Word, RecomputeKind Value)> Recomputes { get; } =
        [("none", RecomputeKind.None), ("inverse", RecomputeKind.Inverse)];

    /// <summary>Words of <see cref="TrainingSettings.Dequantization"/>.</summary>
    public static IReadOnlyList<(string Word, DequantizationKind Value)> Dequantizations { get; } =
        [("uniform", DequantizationKind.Uniform), ("flow", DequantizationKind.Flow)];

    /// <summary>Words of <see cref="TrainingSettings.DType"/>.</summary>
    public static IReadOnlyList<(string Word, DType Value)> DTypes { get; } =
        [("float32", DType.Float32), ("float64", DType.Float64)];

    /// <summary>The word for a value.</summary>
    internal static string Of<T>(this IReadOnlyList<(string Word, T Value)> words, T value) =>
        words.First(entry => EqualityComparer<T>.Default.Equals(entry.Value, value)).Word;
}
