namespace Exponential.Nn;

/// <summary>
/// Images that the program draws itself, so that training needs no file: one to three shapes (discs, rings, crescents, rectangles, bars,
/// triangles, polygons) with gradients, stripes or clouds for a skin, lit from one side, on a background, under film grain;
/// 32 x 32 pixels in colour. Image i of a split depends on (seed, split, i) alone, to the bit on every machine: see <see cref="ScenePainter"/>.
/// </summary>
public static class BuiltInImages
{
    /// <summary>The name under which <see cref="Datasets.Open"/> knows them.</summary>
    public const string Name = "shapes";

    /// <summary>Training images drawn unless told otherwise.</summary>
    public const int DefaultTrainCount = 5_000;

    /// <summary>Validation images drawn unless told otherwise.</summary>
    public const int DefaultValidationCount = 1_000;

    /// <summary>Test images drawn unless told otherwise.</summary>
    public const int DefaultTestCount = 1_000;

    // Names the images' stream among all forks of a seed: "SHAPES" in ASCII.
    private const ulong ShapesStream = 0x534841504553;
    private const int ImagesPerBlock = 50;

    /// <summary>Draws the three splits, on all threads.</summary>
    /// <param name="seed">Fixes every image.</param>
    /// <param name="trainCount">Training images; fewer are the first of more.</param>
    /// <param name="validationCount">Validation images.</param>
    /// <param name="testCount">Test images.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative, or too large for one array.</exception>
    public static ImageDataset Create(
        ulong seed = 0,
        int trainCount = DefaultTrainCount,
        int validationCount = DefaultValidationCount,
        int testCount = DefaultTestCount) => new(
            Name, DrawSplit(seed, "train", 0, trainCount), DrawSplit(seed, "validation", 1, validationCount), DrawSplit(seed, "test", 2, testCount));

    private static ImageSet DrawSplit(ulong seed, string split, ulong stream, int count)
    {
        if (count < 0 || count > Array.MaxLength / ScenePainter.ByteCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count),
                $"BuiltInImages: {split} count must lie in 0..{Array.MaxLength / ScenePainter.ByteCount}; got {count}");
        }

        byte[] pixels = GC.AllocateUninitializedArray<byte>(count * ScenePainter.ByteCount);
        Generator images = new Generator(seed).Fork(ShapesStream).Fork(stream);
        Workers.For((count + ImagesPerBlock - 1) / ImagesPerBlock, block =>
        {
            ScenePainter painter = new();
            int end = Math.Min(count, (block + 1) * ImagesPerBlock);
            for (int i = block * ImagesPerBlock; i < end; i++)
            {
                painter.Paint(images.Fork((ulong)i), pixels.AsSpan(i * ScenePainter.ByteCount, ScenePainter.ByteCount));
            }
        });
        return new ImageSet($"{Name}/{split}", ScenePainter.Channels, ScenePainter.Side, ScenePainter.Side, pixels);
    }
}
