namespace Exponential.Nn;

/// <summary>
/// A split held in memory: N images of bytes, each [C, H, W] (channel planes, row by row), one after another.
/// The set is immutable; <see cref="Slice"/> and <see cref="Take"/> share its memory.
/// </summary>
public sealed class ImageSet
{
    private readonly ReadOnlyMemory<byte> _pixels;

    /// <summary>Wraps images that lie one after another. The memory is not copied and must not change afterwards.</summary>
    /// <param name="name">What the set is called in messages, for example <c>cifar10/train</c>.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="height">H in pixels, at least 1.</param>
    /// <param name="width">W in pixels, at least 1.</param>
    /// <param name="pixels">N C H W bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is below 1, or an image has more than 2^31 - 1 bytes.</exception>
    /// <exception cref="ArgumentException">The bytes are not a whole number of images.</exception>
    public ImageSet(string name, int channels, int height, int width, ReadOnlyMemory<byte> pixels)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (channels < 1 || height < 1 || width < 1 || (Int128)channels * height * width > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(channels),
                $"ImageSet: an image needs dimensions of at least 1 and fewer than 2^31 bytes; got [{channels}, {height}, {width}]");
        }

        int bytesPerImage = channels * height * width;
        if (pixels.Length % bytesPerImage != 0)
        {
            throw new ArgumentException(
                $"ImageSet: pixels of '{name}' must be a multiple of {bytesPerImage} bytes (one image [{channels}, {height}, {width}]); "
                + $"got {pixels.Length}",
                nameof(pixels));
        }

        Name = name;
        Channels = channels;
        Height = height;
        Width = width;
        BytesPerImage = bytesPerImage;
        Count = pixels.Length / bytesPerImage;
        _pixels = pixels;
    }

    /// <summary>What the set is called in messages.</summary>
    public string Name { get; }

    /// <summary>The number of images, N.</summary>
    public int Count { get; }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>H in pixels.</summary>
    public int Height { get; }

    /// <summary>W in pixels.</summary>
    public int Width { get; }

    /// <summary>[C, H, W].</summary>
    public Shape ImageShape => [Channels, Height, Width];

    /// <summary>C H W.</summary>
    public int BytesPerImage { get; }

    /// <summary>All N C H W bytes.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels.Span;

    /// <summary>The bytes [C, H, W] of one image.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not in 0..N-1.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            if ((uint)index >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(index), $"ImageSet: index must lie in 0..{Count - 1} ('{Name}' has {Count} images); got {index}");
            }

            return _pixels.Span.Slice(index * BytesPerImage, BytesPerImage);
        }
    }

    /// <summary>Images start..start + count - 1 as a set of their own that shares this one's memory.</summary>
    /// <param name="start">The first image.</param>
    /// <param name="count">How many; 0 gives an empty set.</param>
    /// <param name="name">The new set's name; this one's when null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the set.</exception>
    public ImageSet Slice(int start, int count, string? name = null)
    {
        if (start < 0 || count < 0 || start > Count - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start),
                $"ImageSet: slice must lie in the {Count} images of '{Name}'; got start {start}, count {count}");
        }

        return new ImageSet(
            name ?? Name, Channels, Height, Width, _pixels.Slice(start * BytesPerImage, count * BytesPerImage));
    }

    /// <summary>The first images as a set that shares this one's memory.</summary>
    /// <param name="count">How many, at most N.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or above N.</exception>
    public ImageSet Take(int count)
    {
        if (count < 0 || count > Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), $"ImageSet: take must be 0..{Count} ('{Name}' has {Count} images); got {count}");
        }

        return Slice(0, count);
    }

    /// <summary>All images as a tensor [N, C, H, W] of values 0..255: for a few of them, after <see cref="Take"/>.</summary>
    /// <param name="dtype">Its element type.</param>
    public Tensor ToTensor(DType dtype = DType.Float32) => PixelTensor.FromBytes(Pixels, [Count, Channels, Height, Width], dtype);
}
