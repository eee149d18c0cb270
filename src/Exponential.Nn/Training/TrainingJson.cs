using System.Text.Json;
using System.Text.Json.Serialization;

namespace Exponential.Nn;

/// <summary>Source-generated JSON of the run's files: no reflection, so that it survives trimming and compiling ahead of time.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    Converters =
    [
        typeof(OptimizerConverter),
        typeof(MixingConverter),
        typeof(ConvExpTermsConverter),
        typeof(RecomputeKindConverter),
        typeof(ArithmeticConverter),
        typeof(DequantizationConverter),
        typeof(DTypeConverter),
    ])]
[JsonSerializable(typeof(TrainingSettings))]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class TrainingJson : JsonSerializerContext;

/// <summary>JSON of one line of metrics.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MetricsLine))]
internal sealed partial class MetricsJson : JsonSerializerContext;

/// <summary>Writes a choice as the command line spells it.</summary>
internal abstract class WordConverter<T>(string name, IReadOnlyList<(string Word, T Value)> words) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        foreach ((string word, T value) in words)
        {
            if (word == text)
            {
                return value;
            }
        }

        throw new JsonException($"{name}: expected {string.Join(" or ", words.Select(entry => entry.Word))}; got {text ?? reader.TokenType.ToString()}");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(words.Of(value));
}

internal sealed class OptimizerConverter() : WordConverter<OptimizerKind>("optimizer", SettingWords.Optimizers);

internal sealed class MixingConverter() : WordConverter<Mixing>("mixing", SettingWords.Mixings);

internal sealed class RecomputeKindConverter() : WordConverter<RecomputeKind>("recompute", SettingWords.Recomputes);

internal sealed class ArithmeticConverter() : WordConverter<ArithmeticAccuracy>("arithmetic", SettingWords.Arithmetics);

internal sealed class ConvExpTermsConverter() : WordConverter<ConvExpTerms>("convexp_plan", SettingWords.ConvExpTerms);

internal sealed class DequantizationConverter() : WordConverter<DequantizationKind>(TrainingSettings.DequantizationName, SettingWords.Dequantizations);

internal sealed class DTypeConverter() : WordConverter<DType>("dtype", SettingWords.DTypes);
