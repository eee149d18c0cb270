using System.Text.Json.Serialization;

namespace Exponential.Nn;

/// <summary>Where the checks of a <see cref="RebuildGate"/> stand.</summary>
/// <param name="Passes">Differentiated passes since the last check began, modulo the number of passes a check.</param>
/// <param name="Stored">The steps that keep their inputs.</param>
internal sealed record RebuildPosition(
    [property: JsonPropertyName("passes")] int Passes, [property: JsonPropertyName("stored")] IReadOnlyList<int> Stored);
