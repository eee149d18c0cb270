namespace Exponential.Cli;

/// <summary>What a run's folder says of it, of whatever version and however far it has come.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Folder">The folder, an absolute path.</param>
/// <param name="Settings">Names and values, in the file's order.</param>
/// <param name="Training">The running mean of the epoch's bits/dim.</param>
/// <param name="Validation">Bits/dim of the validation images.</param>
/// <param name="Figures">Final figures, or the last ones of a run that is not over: label and value.</param>
/// <param name="Samples">Sample grids in the order of their steps.</param>
/// <param name="Reconstruction">Images and their reconstructions.</param>
/// <param name="Notes">What is missing or could not be read.</param>
internal sealed record RunRecord(
    string Name,
    string Folder,
    IReadOnlyList<KeyValuePair<string, string>> Settings,
    IReadOnlyList<CurvePoint> Training,
    IReadOnlyList<CurvePoint> Validation,
    IReadOnlyList<KeyValuePair<string, string>> Figures,
    IReadOnlyList<RunPicture> Samples,
    RunPicture Reconstruction,
    IReadOnlyList<string> Notes);

/// <summary>One point of a curve.</summary>
/// <param name="Step">Steps so far.</param>
/// <param name="Minutes">Minutes of training so far; not a number where the run did not note them.</param>
/// <param name="BitsPerDim">Bits per dimension.</param>
internal readonly record struct CurvePoint(double Step, double Minutes, double BitsPerDim);

/// <summary>A picture of a run.</summary>
/// <param name="Caption">What it shows.</param>
/// <param name="Png">The file's bytes; null where there is none.</param>
/// <param name="Missing">Why there is none.</param>
internal sealed record RunPicture(string Caption, byte[]? Png, string Missing = "");
