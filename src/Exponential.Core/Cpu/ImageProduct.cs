using System.Numerics;

namespace Exponential;

/// <summary>
/// A convolution that keeps the size of its images, made ready for a few images at a time in a layout of its own: what the fused
/// exponential is a series of.
/// </summary>
internal unsafe interface IImageProduct<T> : IDisposable
    where T : unmanaged
{
    /// <summary>The number of images in a buffer.</summary>
    int Images { get; }

    /// <summary>The size of a buffer. A buffer must be cleared once, before it is first written.</summary>
    nint Size { get; }

    /// <summary>The working memory of a product.</summary>
    nint Workspace { get; }

    /// <summary>Copies <paramref name="count"/> images [channel, row, column] into a buffer, and zeros for those that are missing.</summary>
    void Pack(T* images, int count, T* buffer);

    /// <summary>Copies <paramref name="count"/> images out of a buffer.</summary>
    void Unpack(T* buffer, int count, T* images);

    /// <summary>destination = addend + alpha M source, or without addend alpha M source; the destination is not the source.</summary>
    void Multiply(T* source, T* addend, T alpha, T* destination, T* workspace);

    /// <summary>A padded layout of some of a buffer's images, to correlate them.</summary>
    PaddedLayout SegmentLayout { get; }

    /// <summary>The number of padded layouts that hold the images of a buffer.</summary>
    int Segments { get; }

    /// <summary>The memory that <see cref="WriteSegments"/> needs; it must be cleared once.</summary>
    nint SegmentRoom { get; }

    /// <summary>Finds or makes the padded layouts of a buffer's images: their first values, at the layout's origin.</summary>
    void WriteSegments(T* buffer, T* workspace, T* room, T** segments);
}

/// <summary>The product by the direct kernels, in a <see cref="PaddedLayout"/>.</summary>
internal readonly unsafe struct PaddedProduct<T, TVector, TSimd> : IImageProduct<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly ShiftedProduct<T, TVector, TSimd> _product;
    private readonly PaddedLayout _layout;

    /// <summary>Packs a kernel.</summary>
    /// <param name="g">The sizes.</param>
    /// <param name="adjoint">Whether to multiply by the adjoint.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="scale">A factor on the kernel.</param>
    public PaddedProduct(in ConvolutionGeometry g, bool adjoint, T* kernel, T scale)
    {
        _layout = PaddedLayout.Input(g, TSimd.Count);
        _product = new ShiftedProduct<T, TVector, TSimd>(g, adjoint, kernel, scale, null, _layout, _layout, _layout);
    }

    public int Images => _layout.Lanes;

    public nint Size => _layout.Size;

    public nint Workspace => 0;

    public void Pack(T* images, int count, T* buffer) => PaddedImages<T, TVector, TSimd>.Pack(_layout, images, count, buffer);

    public void Unpack(T* buffer, int count, T* images) => PaddedImages<T, TVector, TSimd>.Unpack(_layout, buffer, count, images);

    public void Multiply(T* source, T* addend, T alpha, T* destination, T* workspace)
    {
        nint origin = _layout.Origin;
        _product.Run(source + origin, addend == null ? null : addend + origin, alpha, destination + origin, _layout.PlaneStride);
        _layout.ClearPadding(destination, TSimd.Count);
    }

    public PaddedLayout SegmentLayout => _layout;

    public int Segments => 1;

    public nint SegmentRoom => 0;

    public void WriteSegments(T* buffer, T* workspace, T* room, T** segments) => segments[0] = buffer + _layout.Origin;

    public void Dispose() => _product.Dispose();
}
