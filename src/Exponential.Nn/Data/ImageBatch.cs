namespace Exponential.Nn;

/// <summary>
/// A batch of images as bytes. It belongs to the enumeration of <see cref="BatchLoader.Epoch"/>: its memory is used again once the
/// enumeration moves on, and from then on reading it throws.
/// </summary>
public sealed class ImageBatch
{
    private Memory? _memory;

    internal ImageBatch(int number, int count, ImageSet set, Memory memory)
    {
        Number = number;
        Count = count;
        Channels = set.Channels;
        Height = set.Height;
        Width = set.Width;
        _memory = memory;
    }

    /// <summary>Which batch of the epoch it is, from 0.</summary>
    public int Number { get; }

    /// <summary>The number of images, B.</summary>
    public int Count { get; }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>H in pixels.</summary>
    public int Height { get; }

    /// <summary>W in pixels.</summary>
    public int Width { get; }

    /// <summary>The bytes [B, C, H, W].</summary>
    /// <exception cref="InvalidOperationException">The enumeration has moved on.</exception>
    public ReadOnlySpan<byte> Pixels => Owned.Pixels.AsSpan(0, Count * Channels * Height * Width);

    /// <summary>For each of the B images, which one of the set it is.</summary>
    /// <exception cref="InvalidOperationException">The enumeration has moved on.</exception>
    public ReadOnlySpan<int> Indices => Owned.Indices.AsSpan(0, Count);

    /// <summary>The images as a tensor [B, C, H, W] of values 0..255, a copy that lasts.</summary>
    /// <param name="dtype">Its element type.</param>
    /// <exception cref="InvalidOperationException">The enumeration has moved on.</exception>
    public Tensor ToTensor(DType dtype = DType.Float32) => PixelTensor.FromBytes(Pixels, [Count, Channels, Height, Width], dtype);

    private Memory Owned => _memory ?? throw new InvalidOperationException(
        $"ImageBatch: batch {Number} was read after the enumeration moved on and its memory was used again; "
        + "copy what is needed inside the loop");

    /// <summary>Ends the batch's life and hands out its memory.</summary>
    internal Memory Release()
    {
        Memory memory = Owned;
        _memory = null;
        return memory;
    }

    /// <summary>What one batch of at most <paramref name="capacity"/> images fills.</summary>
    internal sealed class Memory(int capacity, int bytesPerImage)
    {
        public byte[] Pixels { get; } = GC.AllocateUninitializedArray<byte>(checked(capacity * bytesPerImage));

        public int[] Indices { get; } = new int[capacity];
    }
}
