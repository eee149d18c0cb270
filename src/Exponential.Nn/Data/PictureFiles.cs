using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;

namespace Exponential.Nn;

/// <summary>Finds the pictures of a folder and splits them, by their names alone.</summary>
internal static class PictureFiles
{
    /// <summary>Of the pictures that no sub-folder assigns, one in this many goes to a split without a folder of its own.</summary>
    private const int Share = 10;

    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    private enum Part
    {
        Training,
        Validation,
        Test,
    }

    /// <summary>
    /// The PNG and JPEG files of a folder and its sub-folders, in the order of their names. Hidden files are left out, and links to
    /// folders are not followed.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">There is no picture in it.</exception>
    public static List<PictureFile> Find(string folder)
    {
        string root = Path.GetFullPath(folder);
        if (!Directory.Exists(root))
        {
            throw new DirectoryNotFoundException(File.Exists(root)
                ? $"ImageFolder: '{root}' is a file; name the folder of the pictures"
                : $"ImageFolder: there is no folder '{root}'; name the folder of the pictures (--data DIR on the command line)");
        }

        var found = new FileSystemEnumerable<PictureFile>(
            root,
            (ref FileSystemEntry entry) => Describe(root, ref entry),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && IsPicture(entry.FileName),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        List<PictureFile> files = [.. found.OrderBy(file => file.Name, StringComparer.Ordinal)];
        return files.Count > 0 ? files : throw new FileNotFoundException(
            $"ImageFolder: '{root}' and its sub-folders hold no image ({string.Join(", ", Extensions)} expected); name the folder of the pictures");
    }

    /// <summary>
    /// Files below the sub-folders <c>train</c>, <c>validation</c> (or <c>valid</c>, <c>val</c>) and <c>test</c> belong to that split, all
    /// others to training. A validation or test split without a file of its own takes a tenth of the training files, at least one: the first
    /// by the SHA-256 of their names, so that a file added later moves few others.
    /// </summary>
    /// <exception cref="InvalidDataException">A split stays empty.</exception>
    public static PictureSplits Split(string folder, List<PictureFile> files)
    {
        ILookup<Part, PictureFile> parts = files.ToLookup(PartOf);
        List<PictureFile> training = [.. parts[Part.Training].OrderBy(file => HashOf(file.Name), StringComparer.Ordinal)];
        int share = Math.Max(1, training.Count / Share);
        List<PictureFile> validation = Take(Part.Validation);
        List<PictureFile> test = Take(Part.Test);
        if (training.Count == 0 || validation.Count == 0 || test.Count == 0)
        {
            throw new InvalidDataException(
                $"ImageFolder: '{folder}' must hold at least one image each for training, validation and test; "
                + $"it has {files.Count} in all; add images");
        }

        training.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new PictureSplits(training, validation, test, !parts[Part.Validation].Any(), !parts[Part.Test].Any());

        List<PictureFile> Take(Part part)
        {
            if (parts[part].Any())
            {
                return [.. parts[part]];
            }

            List<PictureFile> taken = training.GetRange(0, Math.Min(share, training.Count));
            training.RemoveRange(0, taken.Count);
            taken.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
            return taken;
        }
    }

    private static PictureFile Describe(string root, ref FileSystemEntry entry)
    {
        string path = entry.ToFullPath();
        return (entry.Attributes & FileAttributes.ReparsePoint) != 0 && TargetOf(path) is { Exists: true } target
            ? new PictureFile(NameOf(root, path), path, target.Length, target.LastWriteTimeUtc.Ticks)
            : new PictureFile(NameOf(root, path), path, entry.Length, entry.LastWriteTimeUtc.UtcTicks);
    }

    /// <summary>The file to which a link leads: its length and time change with the picture, those of the link do not.</summary>
    private static FileInfo? TargetOf(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: true) as FileInfo;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static Part PartOf(PictureFile file) => file.Name.Split('/') is [string top, _, ..] ? top.ToLowerInvariant() switch
    {
        "validation" or "valid" or "val" => Part.Validation,
        "test" => Part.Test,
        _ => Part.Training,
    }
    : Part.Training;

    private static bool IsPicture(ReadOnlySpan<char> name)
    {
        foreach (string extension in Extensions)
        {
            if (name.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string NameOf(string root, string path) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');

    private static string HashOf(string name) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}

/// <summary>The pictures of each split.</summary>
/// <param name="Training">The training split.</param>
/// <param name="Validation">The validation split.</param>
/// <param name="Test">The test split.</param>
/// <param name="IsValidationDrawn">Whether the validation split has no sub-folder and is taken from the training pictures.</param>
/// <param name="IsTestDrawn">The same of the test split.</param>
internal sealed record PictureSplits(
    List<PictureFile> Training, List<PictureFile> Validation, List<PictureFile> Test, bool IsValidationDrawn, bool IsTestDrawn)
{
    /// <summary>Whether the training pictures without some are enough for themselves and the splits taken from them.</summary>
    public bool CanBeDrawnAgain(IEnumerable<PictureFile> without)
    {
        IEnumerable<PictureFile> pictures = Training;
        int splits = 1;
        if (IsValidationDrawn)
        {
            pictures = pictures.Concat(Validation);
            splits++;
        }

        if (IsTestDrawn)
        {
            pictures = pictures.Concat(Test);
            splits++;
        }

        return pictures.Except(without).Count() >= splits;
    }
}
