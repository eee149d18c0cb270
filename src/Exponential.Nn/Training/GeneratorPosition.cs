using System.Text.Json.Serialization;

namespace Exponential.Nn;

/// <summary>The state of a generator.</summary>
/// <param name="Seed">Its stream.</param>
/// <param name="Offset">Its next word.</param>
internal readonly record struct GeneratorPosition(
    [property: JsonPropertyName("seed")] ulong Seed, [property: JsonPropertyName("offset")] ulong Offset);
