using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>The inverse of an autoregressive convolution, one diagonal h + w = d of the images after the other.</summary>
/// <remarks>
/// <para>With L the last tap, x of a pixel is <c>L⁻¹ y - sum over the other taps t of (L⁻¹ kernel_t) x_t</c>: one product with a matrix
/// [C, 4 C], made once in double precision by forward substitution. The x_t lie on the last two diagonals, so the pixels of a diagonal, and
/// of several images, are the lanes of one product for the register tile.</para>
/// <para>A diagonal is kept as [channel][1 + row h][image], with a zero row h = -1, and the last three of them in a ring. Positions h &gt; d,
/// which vectors run over at the end of a diagonal and where the next one reads the zeros left of the image, are zero throughout: y is zero
/// there, and so is all that they are computed from. What vectors write beyond the last row, h = H and more, nobody reads.</para>
/// </remarks>
internal static unsafe class WavefrontInverse<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>Diagonals in the ring: the one to compute and the two that it is computed from.</summary>
    private const int Ring = 3;

    /// <summary>Taps of the kernel; the last one's place in the product is taken by y.</summary>
    private const int Taps = 4;

    public static void Run(in AutoregressiveGeometry geometry, T* y, T* kernel, T* x)
    {
        AutoregressiveGeometry g = geometry;
        if ((long)g.Batch * g.Channels * g.Height * g.Width == 0)
        {
            return;
        }

        int depth = Taps * g.Channels;
        using var weightMemory = new Scratch<T>(PackedRows<T>.Size(g.Channels, depth));
        T* weights = weightMemory.Pointer;
        PackWeights(g.Channels, kernel, weights);

        int lanes = ChooseLanes(g);
        nint rowLength = (nint)(g.Height + 1) * lanes + TSimd.Count;
        using var offsetMemory = new Scratch<nint>((long)Ring * depth);
        nint* offsets = offsetMemory.Pointer;
        WriteOffsets(g.Channels, lanes, rowLength, offsets);

        int groups = (g.Batch + lanes - 1) / lanes;
        long work = (long)g.Batch * g.Height * g.Width * g.Channels * depth;
        KernelWork.For(work, groups, group => Solve(g, group * lanes, lanes, rowLength, weights, offsets, y, x));
    }

    /// <summary>As many images side by side as give a diagonal of average length four vectors, while every thread has some.</summary>
    private static int ChooseLanes(in AutoregressiveGeometry g)
    {
        int wanted = (8 * TSimd.Count + Math.Min(g.Height, g.Width) - 1) / Math.Min(g.Height, g.Width);
        return Math.Clamp(wanted, 1, (g.Batch + Workers.Count - 1) / Workers.Count);
    }

    /// <summary>Packs [L⁻¹ | -L⁻¹ kernel_00 | -L⁻¹ kernel_01 | -L⁻¹ kernel_10].</summary>
    private static void PackWeights(int channels, T* kernel, T* packed)
    {
        int depth = Taps * channels;
        using var memory = new Scratch<double>((long)channels * (depth + channels));
        var solution = new Span<double>(memory.Pointer, channels * depth);
        var coefficients = new Span<double>(memory.Pointer + (nint)channels * depth, channels);
        using var roundedMemory = new Scratch<T>((long)channels * depth);
        T* rounded = roundedMemory.Pointer;
        for (int row = 0; row < channels; row++)
        {
            Span<double> target = solution.Slice(row * depth, depth);
            target.Clear();
            target[row] = 1;
            T* taps = kernel + (nint)row * depth;
            for (int column = 0; column < channels; column++, taps += Taps)
            {
                target[channels + column] = -double.CreateTruncating(taps[0]);
                target[2 * channels + column] = -double.CreateTruncating(taps[1]);
                target[3 * channels + column] = -double.CreateTruncating(taps[2]);
                coefficients[column] = double.CreateTruncating(taps[3]);
            }

            Rows.SubtractCombination(target, coefficients[..row], solution, depth);
            double pivot = coefficients[row];
            if (pivot == 0)
            {
                throw new ArithmeticException($"AutoregressiveInverse: kernel[{row}, {row}, 1, 1] is zero; the convolution has no inverse");
            }

            for (int column = 0; column < depth; column++)
            {
                target[column] /= pivot;
                rounded[(nint)row * depth + column] = T.CreateTruncating(target[column]);
            }
        }

        using var columns = new Scratch<nint>(depth);
        for (int k = 0; k < depth; k++)
        {
            columns.Pointer[k] = k;
        }

        PackedRows<T>.Pack(rounded, depth, columns.Pointer, channels, depth, T.One, null, packed);
    }

    /// <summary>For each place in the ring, the offsets of what a value is computed from: y behind the ring, then the taps in order.</summary>
    private static void WriteOffsets(int channels, int lanes, nint rowLength, nint* offsets)
    {
        nint diagonal = channels * rowLength;
        for (int place = 0; place < Ring; place++)
        {
            nint last = (place + Ring - 1) % Ring * diagonal;
            nint lastButOne = (place + Ring - 2) % Ring * diagonal;
            for (int channel = 0; channel < channels; channel++)
            {
                nint row = channel * rowLength;
                offsets[channel] = Ring * diagonal + row;
                offsets[channels + channel] = lastButOne + row - lanes;
                offsets[2 * channels + channel] = last + row - lanes;
                offsets[3 * channels + channel] = last + row;
            }

            offsets += Taps * channels;
        }
    }

    private static void Solve(
        in AutoregressiveGeometry g, int first, int lanes, nint rowLength, T* weights, nint* offsets, T* y, T* x)
    {
        int depth = Taps * g.Channels;
        int images = Math.Min(lanes, g.Batch - first);
        nint imageSize = (nint)g.Channels * g.Height * g.Width;
        nint diagonalSize = g.Channels * rowLength;
        using var memory = new Scratch<T>((Ring + 1) * diagonalSize);
        T* ring = memory.Pointer;
        new Span<T>(ring, checked((int)((Ring + 1) * diagonalSize))).Clear();

        int mostVectors = (Math.Min(g.Height, g.Width) * lanes + TSimd.Count - 1) / TSimd.Count;
        using var positionMemory = new Scratch<nint>(mostVectors);
        nint* positions = positionMemory.Pointer;
        for (int v = 0; v < mostVectors; v++)
        {
            positions[v] = (nint)v * TSimd.Count;
        }

        for (int d = 0; d <= g.Height + g.Width - 2; d++)
        {
            int top = Math.Max(0, d - g.Width + 1);
            int rows = Math.Min(g.Height - 1, d) - top + 1;
            nint start = (nint)(top + 1) * lanes;
            T* diagonal = ring + d % Ring * diagonalSize;
            nint pixel = (nint)first * imageSize + top * (g.Width - 1) + d;
            Gather(g, images, lanes, rows, rowLength, y + pixel, ring + Ring * diagonalSize + start);
            int vectors = (rows * lanes + TSimd.Count - 1) / TSimd.Count;
            int height;
            for (int row = 0; row < g.Channels; row += height)
            {
                height = PackedRows<T>.TileHeight(g.Channels - row);
                RegisterTile<T, TVector, TSimd>.Run(
                    height, vectors, depth, weights + (nint)row * (depth + 1), ring + start, offsets + d % Ring * depth, positions, positions,
                    null, diagonal + row * rowLength + start, rowLength, T.One);
            }

            Scatter(g, images, lanes, rows, rowLength, diagonal + start, x + pixel);
        }
    }

    /// <summary>Copies a diagonal of some images, from its first pixel on, into the ring's layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(in AutoregressiveGeometry g, int images, int lanes, int rows, nint rowLength, T* pixels, T* diagonal)
    {
        int step = g.Width - 1;
        nint plane = (nint)g.Height * g.Width;
        for (int image = 0; image < images; image++)
        {
            for (int channel = 0; channel < g.Channels; channel++, pixels += plane)
            {
                T* source = pixels;
                T* target = diagonal + channel * rowLength + image;
                for (int row = 0; row < rows; row++, source += step, target += lanes)
                {
                    *target = *source;
                }
            }
        }
    }

    /// <summary>Copies it back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(in AutoregressiveGeometry g, int images, int lanes, int rows, nint rowLength, T* diagonal, T* pixels)
    {
        int step = g.Width - 1;
        nint plane = (nint)g.Height * g.Width;
        for (int image = 0; image < images; image++)
        {
            for (int channel = 0; channel < g.Channels; channel++, pixels += plane)
            {
                T* source = diagonal + channel * rowLength + image;
                T* target = pixels;
                for (int row = 0; row < rows; row++, source += lanes, target += step)
                {
                    *target = *source;
                }
            }
        }
    }
}
