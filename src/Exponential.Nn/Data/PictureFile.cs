namespace Exponential.Nn;

/// <summary>A picture of a folder, before it is opened.</summary>
/// <param name="Name">Its path below the folder, with slashes on every system.</param>
/// <param name="Path">Its absolute path.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Written">When it was last written, in ticks of UTC.</param>
internal readonly record struct PictureFile(string Name, string Path, long Length, long Written);
