using System.Numerics;

namespace Exponential;

/// <summary>
/// The gradient for the kernel of a convolution of stride 1 from images in a <see cref="PaddedLayout"/>:
/// <c>result[o, c, i, j] += sum over segments and positions p of left[o, p] right[c, p + (i, j)]</c>. The left images have zeros
/// in their padding.
/// </summary>
internal readonly unsafe struct Correlation<T, TVector, TSimd> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Vectors of positions that make the sum across a vector small.</summary>
    public const int EnoughVectors = 128;

    private readonly Scratch<nint> _shifts;
    private readonly Scratch<nint> _positions;
    private readonly nint _leftStride;

    public Correlation(in ConvolutionGeometry g, PaddedLayout right, PaddedLayout left)
    {
        Rows = g.OutputChannels;
        Columns = g.Depth;
        Vectors = left.VectorCount(TSimd.Count);
        _leftStride = left.PlaneStride;
        _positions = new Scratch<nint>(Vectors);
        left.Positions(TSimd.Count, _positions.Pointer);

        // The tile that sticks out repeats the last column.
        _shifts = new Scratch<nint>(Columns + CorrelationTile<T, TVector, TSimd>.Columns - 1);
        ShiftedProduct<T, TVector, TSimd>.WriteOffsets(g, right, _shifts.Pointer);
        new Span<nint>(_shifts.Pointer + Columns, CorrelationTile<T, TVector, TSimd>.Columns - 1).Fill(_shifts.Pointer[Columns - 1]);
    }

    /// <summary>The number of output channels.</summary>
    public int Rows { get; }

    /// <summary>The number of input channels times taps.</summary>
    public int Columns { get; }

    /// <summary>The number of vectors of positions in a segment.</summary>
    public int Vectors { get; }

    /// <summary>Adds the sums over some segments for a range of rows and columns.</summary>
    /// <param name="segments">The number of segments.</param>
    /// <param name="left">The first value of each left image, at its layout's origin.</param>
    /// <param name="right">The first value of each right image, at its layout's origin.</param>
    /// <param name="rows">The output channels.</param>
    /// <param name="columns">The columns; the range begins at a multiple of the tile's columns.</param>
    /// <param name="result">The whole gradient [Rows, Columns].</param>
    /// <param name="next">What will be read next: its offset from the range's first column in each right image, or 0.</param>
    /// <param name="nextSize">The number of values of it in each image.</param>
    public void Accumulate(int segments, T** left, T** right, Range rows, Range columns, T* result, nint next = 0, nint nextSize = 0)
    {
        int width = CorrelationTile<T, TVector, TSimd>.Columns;
        (int firstRow, int rowCount) = rows.GetOffsetAndLength(Rows);
        (int firstColumn, int columnCount) = columns.GetOffsetAndLength(Columns);
        T** tile = stackalloc T*[segments];
        nint linesAtOnce = (nint)Vectors * CacheLines.Size / sizeof(T); // a line at each position
        nint asked = 0;
        int height;
        for (int row = firstRow; row < firstRow + rowCount; row += height)
        {
            height = PackedRows<T>.TileHeight(firstRow + rowCount - row);
            for (int s = 0; s < segments; s++)
            {
                tile[s] = left[s] + row * _leftStride;
            }

            // Meanwhile the left images' next rows, and a part of what comes after this range, come into the cache.
            nint leftAhead = height * _leftStride;
            for (int column = firstColumn; column < firstColumn + columnCount; column += width)
            {
                nint shift = _shifts.Pointer[column] - _shifts.Pointer[firstColumn];
                CorrelationTile<T, TVector, TSimd>.Run(
                    height, segments, tile, _leftStride, right, _shifts.Pointer + column, Vectors, _positions.Pointer,
                    result + (nint)row * Columns + column, Columns, Math.Min(width, firstColumn + columnCount - column), leftAhead,
                    asked < nextSize ? next + asked - shift : 0);
                leftAhead += linesAtOnce;
                asked += linesAtOnce;
            }
        }
    }

    public void Dispose()
    {
        _shifts.Dispose();
        _positions.Dispose();
    }
}
