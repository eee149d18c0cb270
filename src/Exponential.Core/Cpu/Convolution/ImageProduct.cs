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
}

/// <summary>A product whose images can be correlated as they lie, for the gradient for its kernel.</summary>
internal interface IImageProduct<T, TCorrelation> : IImageProduct<T>
    where T : unmanaged
    where TCorrelation : struct, IImageCorrelation<T>
{
    /// <summary>An empty sum of correlations of buffers.</summary>
    TCorrelation Correlate();
}

/// <summary>A sum over pairs of buffers of <c>kernel[o, c, i, j] = sum over positions p of output[o, p] input[c, p + (i, j)]</c>.</summary>
internal unsafe interface IImageCorrelation<T> : IDisposable
    where T : unmanaged
{
    /// <summary>Pairs added at once that make the fixed cost of adding small.</summary>
    int Enough { get; }

    /// <summary>Adds some pairs.</summary>
    void Add(int count, T** outputs, T** inputs);

    /// <summary>Writes the sum, [output channel, input channel, row, column].</summary>
    void Finish(T* kernel);
}

/// <summary>The product by the direct kernels, in a <see cref="PaddedLayout"/>.</summary>
internal readonly unsafe struct PaddedProduct<T, TVector, TSimd> : IImageProduct<T, PaddedCorrelation<T, TVector, TSimd>>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly ShiftedProduct<T, TVector, TSimd> _product;
    private readonly ConvolutionGeometry _geometry;
    private readonly PaddedLayout _layout;

    /// <summary>Packs a kernel.</summary>
    /// <param name="g">The sizes.</param>
    /// <param name="adjoint">Whether to multiply by the adjoint.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="scale">A factor on the kernel.</param>
    public PaddedProduct(in ConvolutionGeometry g, bool adjoint, T* kernel, T scale)
    {
        _geometry = g;
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

    public PaddedCorrelation<T, TVector, TSimd> Correlate() => new(_geometry, _layout);

    public void Dispose() => _product.Dispose();
}

/// <summary>The correlation of images in a <see cref="PaddedLayout"/>.</summary>
internal readonly unsafe struct PaddedCorrelation<T, TVector, TSimd> : IImageCorrelation<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    private readonly Correlation<T, TVector, TSimd> _correlation;
    private readonly Scratch<T> _sums;
    private readonly nint _origin;

    public PaddedCorrelation(in ConvolutionGeometry g, PaddedLayout layout)
    {
        _correlation = new Correlation<T, TVector, TSimd>(g, layout, layout);
        _origin = layout.Origin;
        _sums = new Scratch<T>((long)_correlation.Rows * _correlation.Columns);
        new Span<T>(_sums.Pointer, _correlation.Rows * _correlation.Columns).Clear();
    }

    public int Enough => Math.Max(1, Correlation<T, TVector, TSimd>.EnoughVectors / _correlation.Vectors);

    public void Add(int count, T** outputs, T** inputs)
    {
        using var pointers = new Scratch<nint>(2 * count);
        T** left = (T**)pointers.Pointer;
        T** right = left + count;
        for (int i = 0; i < count; i++)
        {
            left[i] = outputs[i] + _origin;
            right[i] = inputs[i] + _origin;
        }

        _correlation.Accumulate(count, left, right, .., .., _sums.Pointer);
    }

    public void Finish(T* kernel) =>
        new ReadOnlySpan<T>(_sums.Pointer, _correlation.Rows * _correlation.Columns).CopyTo(
            new Span<T>(kernel, _correlation.Rows * _correlation.Columns));

    public void Dispose()
    {
        _correlation.Dispose();
        _sums.Dispose();
    }
}
