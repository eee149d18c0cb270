using System.Security.Cryptography;
using System.Text;

namespace Exponential.Nn;

/// <summary>
/// Keeps the scaled pictures of a folder in one file: SHA-256 of all that follows, key, what was left out, split sizes, pixels. The key
/// is a hash of the folder's path, the side and the name, length and time of every picture; a file with another key is stale, as is one
/// that lacks a picture which can be opened now, and one whose hash differs is damaged. None is used.
/// </summary>
internal sealed class PictureCache
{
    // Part of the key: to be changed with anything that changes the pixels, or the format.
    private const string Version = "exponential pictures 3";

    private readonly string _folder;
    private readonly string _key;
    private readonly int _side;

    /// <param name="cacheFolder">Where the file lies.</param>
    /// <param name="folder">The folder of the pictures, an absolute path.</param>
    /// <param name="side">To which they are scaled.</param>
    /// <param name="files">The pictures.</param>
    public PictureCache(string cacheFolder, string folder, int side, IEnumerable<PictureFile> files)
    {
        string place = FormattableString.Invariant($"{Version}\n{folder}\n{side}\n");
        var text = new StringBuilder(place);
        foreach (PictureFile file in files)
        {
            text.Append(FormattableString.Invariant($"{file.Name}\0{file.Length}\0{file.Written}\n"));
        }

        _folder = folder;
        _key = HashOf(text.ToString());
        _side = side;

        // A folder that has changed gets the same file again, not one more.
        Path = System.IO.Path.Combine(cacheFolder, $"pictures-{HashOf(place)[..32]}.bin");
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The pictures as they were written; null where the file is missing, stale, damaged or cannot be read.</summary>
    public ScaledPictures? TryRead()
    {
        try
        {
            using var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
            byte[] expected = new byte[SHA256.HashSizeInBytes];
            file.ReadExactly(expected);
            if (!SHA256.HashData(file).AsSpan().SequenceEqual(expected))
            {
                return null;
            }

            file.Position = expected.Length;
            using var reader = new BinaryReader(file, Encoding.UTF8);
            if (reader.ReadString() != _key)
            {
                return null;
            }

            int skipped = reader.ReadInt32();
            string reason = reader.ReadString();
            string[] closed = new string[reader.ReadInt32()];
            for (int i = 0; i < closed.Length; i++)
            {
                closed[i] = reader.ReadString();
                if (CanBeOpened(closed[i]))
                {
                    return null;
                }
            }

            return new ScaledPictures(ReadSplit(reader), ReadSplit(reader), ReadSplit(reader), skipped, skipped > 0 ? reason : null, closed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes the pictures.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Write(ScaledPictures pictures)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        AtomicFile.Write(Path, stream =>
        {
            stream.Position = SHA256.HashSizeInBytes;
            using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
            {
                writer.Write(_key);
                writer.Write(pictures.Skipped);
                writer.Write(pictures.FirstReason ?? "");
                writer.Write(pictures.Closed.Count);
                foreach (string name in pictures.Closed)
                {
                    writer.Write(name);
                }

                foreach (byte[] split in new[] { pictures.Training, pictures.Validation, pictures.Test })
                {
                    writer.Write(split.Length / BytesPerImage);
                    writer.Write(split);
                }
            }

            stream.Position = SHA256.HashSizeInBytes;
            byte[] hash = SHA256.HashData(stream);
            stream.Position = 0;
            stream.Write(hash);
        });
    }

    private int BytesPerImage => 3 * _side * _side;

    private bool CanBeOpened(string name)
    {
        try
        {
            using FileStream file = File.OpenRead(System.IO.Path.Combine(_folder, name));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private byte[] ReadSplit(BinaryReader reader)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(reader.ReadInt32() * BytesPerImage));
        reader.BaseStream.ReadExactly(pixels);
        return pixels;
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>The pictures of a folder as bytes [N, 3, side, side], by split.</summary>
/// <param name="Training">The training split.</param>
/// <param name="Validation">The validation split.</param>
/// <param name="Test">The test split.</param>
/// <param name="Skipped">Pictures that cannot be read and are in none of them.</param>
/// <param name="FirstReason">What is wrong with the first of those; null where there is none.</param>
/// <param name="Closed">Names of those that cannot be opened.</param>
internal sealed record ScaledPictures(
    byte[] Training, byte[] Validation, byte[] Test, int Skipped, string? FirstReason, IReadOnlyList<string> Closed);
