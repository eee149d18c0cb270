namespace Exponential.Nn;

/// <summary>
/// A random change of a training image that leaves what it shows as it is. It works on the bytes [C, H, W] and draws from the generator
/// it is given, which <see cref="BatchLoader"/> derives from (seed, epoch, image), so that the result depends on nothing else.
/// </summary>
public abstract class Augmentation
{
    /// <summary>The image as it is.</summary>
    public static Augmentation None { get; } = new NoAugmentation();

    /// <summary>
    /// The original's for SVHN: each axis is shifted by round(u) pixels, u uniform in (-1.44, 1.44) (4% of the side of a 32-pixel image
    /// padded by 2), so by 0 with probability 1/2.88 = 0.3472 and by -1 or 1 with 0.3264 each; the edge is repeated.
    /// </summary>
    public static Augmentation Shift { get; } = new ShiftAugmentation(flips: false);

    /// <summary>The original's for CIFAR-10: <see cref="Shift"/>, and mirrored left to right with probability 1/2.</summary>
    public static Augmentation FlipAndShift { get; } = new ShiftAugmentation(flips: true);

    /// <summary>Writes the changed image.</summary>
    /// <param name="source">The image [C, H, W].</param>
    /// <param name="destination">As many bytes, apart from the source.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="generator">What to draw from; up to 2^20 words an image.</param>
    public abstract void Apply(
        ReadOnlySpan<byte> source, Span<byte> destination, int channels, int height, int width, Generator generator);

    private sealed class NoAugmentation : Augmentation
    {
        public override void Apply(
            ReadOnlySpan<byte> source, Span<byte> destination, int channels, int height, int width, Generator generator) =>
            source.CopyTo(destination);
    }

    /// <summary>
    /// The original flips, pads by 2 pixels of the edge, shifts, crops the centre and flips again. Two flips that each happen half the
    /// time amount to one, the shifts being symmetric; and since no shift exceeds 1 pixel, padding and cropping amount to repeating the edge.
    /// </summary>
    private sealed class ShiftAugmentation(bool flips) : Augmentation
    {
        private const double LargestShift = 1.44;

        public override void Apply(
            ReadOnlySpan<byte> source, Span<byte> destination, int channels, int height, int width, Generator generator)
        {
            int down = DrawShift(generator);
            int right = DrawShift(generator);
            bool flipped = flips && generator.NextInt32(2) == 1;
            for (int row = 0; row < channels * height; row++)
            {
                int channel = row / height;
                int sourceRow = (channel * height) + Math.Clamp(row - (channel * height) - down, 0, height - 1);
                Span<byte> line = destination.Slice(row * width, width);
                ShiftRow(source.Slice(sourceRow * width, width), line, right);
                if (flipped)
                {
                    line.Reverse();
                }
            }
        }

        private static int DrawShift(Generator generator) =>
            (int)Math.Round((generator.NextDouble() * 2 - 1) * LargestShift);

        private static void ShiftRow(ReadOnlySpan<byte> source, Span<byte> destination, int right)
        {
            int moved = Math.Min(Math.Abs(right), source.Length);
            if (right >= 0)
            {
                destination[..moved].Fill(source[0]);
                source[..^moved].CopyTo(destination[moved..]);
            }
            else
            {
                source[moved..].CopyTo(destination);
                destination[^moved..].Fill(source[^1]);
            }
        }
    }
}
