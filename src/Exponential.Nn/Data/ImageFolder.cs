namespace Exponential.Nn;

/// <summary>
/// A folder of PNG and JPEG pictures as a data set: each is cut to its centre square and scaled to one side, in three colours
/// (<see cref="ImageFile.Read"/> says how grey and transparent ones become so).
/// </summary>
/// <remarks>
/// <para>
/// Splits: pictures below the sub-folders <c>train</c>, <c>validation</c> (or <c>valid</c>, <c>val</c>) and <c>test</c> belong to that
/// split, all others to training. A validation or test split without a picture of its own takes a tenth of the training pictures, at least
/// one: the first by the SHA-256 of their names. The splits depend on the names alone, and the images on the files alone; only where
/// all that fell to such a split is damaged are they taken from the pictures that can be read.
/// </para>
/// <para>
/// The scaled pictures are kept in a file of the user's cache folder and decoded again when a name, a size or a time of a file has changed,
/// or one can be opened that could not be.
/// It can be deleted at any time.
/// </para>
/// </remarks>
public static class ImageFolder
{
    /// <summary>The name under which <see cref="Datasets.Open"/> knows it.</summary>
    public const string Name = "folder";

    /// <summary>The side in pixels unless told otherwise.</summary>
    public const int DefaultSide = 32;

    /// <summary>The largest side.</summary>
    public const int LargestSide = 1024;

    /// <summary>Pictures between two reports.</summary>
    private const int PicturesPerBlock = 64;

    /// <summary>Reads the pictures, from the cache where it holds them.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="side">Height and width in pixels to which the pictures are scaled, at most <see cref="LargestSide"/>.</param>
    /// <param name="cacheFolder">Where the scaled pictures are kept; the user's cache folder when null, and nowhere where the user has none.</param>
    /// <param name="progress">Receives reports on the calling thread; null for none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ArgumentOutOfRangeException">The side is not in 1..<see cref="LargestSide"/>.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">It holds no picture.</exception>
    /// <exception cref="InvalidDataException">A split has no picture that can be read, or more pixels than one array holds.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ImageDataset Load(
        string folder,
        int side = DefaultSide,
        string? cacheFolder = null,
        IProgress<DataProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (side is < 1 or > LargestSide)
        {
            throw new ArgumentOutOfRangeException(nameof(side), $"ImageFolder: side must lie in 1..{LargestSide}; got {side}");
        }

        folder = Path.GetFullPath(folder);
        List<PictureFile> files = PictureFiles.Find(folder);
        PictureCache? cache = (cacheFolder ?? CacheFolder.Find("pictures")) is string place ? new PictureCache(place, folder, side, files) : null;
        ScaledPictures pictures = cache?.TryRead() ?? Decode(folder, side, files, cache, progress, cancellationToken);
        if (pictures.FirstReason is string reason)
        {
            progress?.Report(new ImagesSkipped(pictures.Skipped, files.Count, reason));
        }

        return new ImageDataset(
            Name, Set("train", pictures.Training), Set("validation", pictures.Validation), Set("test", pictures.Test));

        ImageSet Set(string split, byte[] pixels) => new($"{Name}/{split}", 3, side, side, pixels);
    }

    private static ScaledPictures Decode(
        string folder, int side, List<PictureFile> files, PictureCache? cache, IProgress<DataProgress>? progress, CancellationToken cancellationToken)
    {
        PictureSplits drawn = PictureFiles.Split(folder, files);
        var decoder = new PictureDecoder(side, files.Count, progress, cancellationToken);
        (string Name, byte[] Pixels)[] splits = DecodeSplits();
        int readable = files.Count - decoder.Unreadable.Count;
        if (drawn.CanBeDrawnAgain(decoder.Unreadable)
            && ((drawn.IsValidationDrawn && splits[1].Pixels.Length == 0) || (drawn.IsTestDrawn && splits[2].Pixels.Length == 0)))
        {
            // Every picture drawn for a split is damaged, as may happen in a small folder.
            drawn = PictureFiles.Split(folder, [.. files.Except(decoder.Unreadable)]);
            splits = DecodeSplits();
        }

        foreach ((string name, byte[] pixels) in splits)
        {
            if (pixels.Length == 0)
            {
                string which = readable == 0 ? "no image" : $"no image of the {name} split";
                throw new InvalidDataException(
                    $"ImageFolder: {which} in '{folder}' can be read; {files.Count - readable} of {files.Count} cannot, the first: {decoder.FirstReason}");
            }
        }

        ScaledPictures pictures = new(
            splits[0].Pixels, splits[1].Pixels, splits[2].Pixels, decoder.Unreadable.Count, decoder.FirstReason, decoder.Closed);
        Keep(cache, pictures, progress);
        return pictures;

        (string Name, byte[] Pixels)[] DecodeSplits() =>
        [
            ("training", decoder.Decode(drawn.Training)), ("validation", decoder.Decode(drawn.Validation)), ("test", decoder.Decode(drawn.Test)),
        ];
    }

    private static void Keep(PictureCache? cache, ScaledPictures pictures, IProgress<DataProgress>? progress)
    {
        if (cache is null)
        {
            progress?.Report(new CacheNotWritten(null, CacheFolder.Missing));
            return;
        }

        try
        {
            cache.Write(pictures);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            progress?.Report(new CacheNotWritten(cache.Path, e.Message));
        }
    }

    /// <summary>Decodes and scales pictures on all threads, and notes those that cannot be read.</summary>
    private sealed class PictureDecoder(int side, int total, IProgress<DataProgress>? progress, CancellationToken cancellationToken)
    {
        private int _done;

        /// <summary>Pictures that cannot be read.</summary>
        public List<PictureFile> Unreadable { get; } = [];

        /// <summary>What is wrong with the first of them.</summary>
        public string? FirstReason { get; private set; }

        /// <summary>
        /// Names of those that cannot be opened, perhaps for want of a permission: they may be readable next time, though neither name nor size nor
        /// time of the file has changed.
        /// </summary>
        public List<string> Closed { get; } = [];

        /// <summary>The pixels of the pictures that can be read, in order.</summary>
        public byte[] Decode(List<PictureFile> files)
        {
            int bytes = 3 * side * side;
            if (files.Count > Array.MaxLength / bytes)
            {
                throw new InvalidDataException(
                    $"ImageFolder: {files.Count} images of {side} x {side} pixels are more than one split holds, {Array.MaxLength / bytes}; "
                    + "make image_size smaller, or take fewer");
            }

            byte[] pixels = GC.AllocateUninitializedArray<byte>(files.Count * bytes);
            var failures = new Exception?[PicturesPerBlock];
            int kept = 0;
            for (int start = 0; start < files.Count; start += PicturesPerBlock)
            {
                int count = Math.Min(PicturesPerBlock, files.Count - start);
                int first = start;
                Workers.For(count, i =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    failures[i] = TryDecode(files[first + i], pixels.AsSpan((first + i) * bytes, bytes));
                });
                for (int i = 0; i < count; i++)
                {
                    if (failures[i] is Exception failure)
                    {
                        Skip(files[first + i], failure);
                    }
                    else
                    {
                        pixels.AsSpan((start + i) * bytes, bytes).CopyTo(pixels.AsSpan(kept++ * bytes));
                    }
                }

                _done += count;
                progress?.Report(new ImagesDecoded(Math.Min(_done, total), total));
            }

            return kept == files.Count ? pixels : pixels[..(kept * bytes)];
        }

        private Exception? TryDecode(PictureFile file, Span<byte> pixels)
        {
            if (file.Length == 0)
            {
                // Pipes and devices have no length either, and would wait for a writer when opened.
                return new InvalidDataException($"ImageFolder: '{file.Path}' is empty");
            }

            try
            {
                SquareScaling.Write(ImageFile.Read(file.Path), side, pixels);
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                return e;
            }
        }

        private void Skip(PictureFile file, Exception failure)
        {
            Unreadable.Add(file);
            FirstReason ??= failure.Message;
            if (failure is not InvalidDataException)
            {
                Closed.Add(file.Name);
            }
        }
    }
}
