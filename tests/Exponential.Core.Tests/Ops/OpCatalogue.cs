namespace Exponential.Core.Tests;

/// <summary>The list of all operations. Each gets every test of <see cref="OpCatalogueTests"/>.</summary>
internal static partial class OpCatalogue
{
    // Made on first use: the parts in the other files have static fields of their own.
    public static IReadOnlyList<OpEntry> All => field ??=
        [.. Elementwise(), .. Binaries(), .. Reductions(), .. Views(), .. Joining(), .. Contractions(), .. LinearAlgebra(), .. FusedPasses()];

    public static OpEntry Named(string name) => All.Single(entry => entry.Name == name);
}
