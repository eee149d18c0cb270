namespace Exponential;

/// <summary>
/// Where the values of a few zero-padded images lie in scratch memory: [channel][row][column][image], with the zeros between
/// two rows shared by both (right of one, left of the next), and the zero rows between two channels likewise.
/// </summary>
/// <remarks>
/// A tap of a convolution is then one constant offset from every output position, and a row of vectors runs over positions
/// with shifted loads. Interleaving the images innermost makes narrow rows a whole number of vectors. Where rows are not,
/// vectors run over the zeros between the rows too; what is computed there is dropped, or cleared where it will be read.
/// </remarks>
internal readonly struct PaddedLayout
{
    private PaddedLayout(int channels, int height, int width, int lanes, nint origin, nint rowStride, nint planeStride, int slack)
    {
        Channels = channels;
        Height = height;
        Width = width;
        Lanes = lanes;
        Origin = origin;
        RowStride = rowStride;
        PlaneStride = planeStride;
        Size = origin + channels * planeStride + slack;
    }

    public int Channels { get; }

    public int Height { get; }

    public int Width { get; }

    /// <summary>The number of interleaved images.</summary>
    public int Lanes { get; }

    /// <summary>The offset of the first value of the first channel.</summary>
    public nint Origin { get; }

    /// <summary>The distance of rows.</summary>
    public nint RowStride { get; }

    /// <summary>The distance of channels.</summary>
    public nint PlaneStride { get; }

    /// <summary>The room for all, with what the last vectors read beyond.</summary>
    public nint Size { get; }

    /// <summary>Whether this is the layout of an image [channel, row, column] in ordinary memory, so that none need be copied.</summary>
    public bool IsPlain => Lanes == 1 && Origin == 0 && RowStride == Width && PlaneStride == (nint)Height * Width;

    /// <summary>The offset behind the last value of a channel from its first.</summary>
    private nint Extent => (Height - 1) * RowStride + Width * Lanes;

    /// <summary>Whether vectors end where rows end.</summary>
    private bool HasWholeRows(int vectorCount) => Width * Lanes % vectorCount == 0;

    /// <summary>The layout of the input of a convolution of stride 1 whose padding is smaller than its kernel.</summary>
    public static PaddedLayout Input(in ConvolutionGeometry g, int vectorCount)
    {
        int lanes = ChooseLanes(g, vectorCount);
        nint rowStride = (nint)(g.InputWidth + RimWidth(g)) * lanes;
        nint origin = RoundUp(g.PaddingHeight * rowStride + (nint)g.PaddingWidth * lanes, vectorCount);
        nint planeStride = Math.Max(
            (g.InputHeight + RimHeight(g)) * rowStride,
            RoundUp((g.InputHeight - 1) * rowStride + (nint)g.InputWidth * lanes, vectorCount));
        return new PaddedLayout(g.InputChannels, g.InputHeight, g.InputWidth, lanes, origin, rowStride, planeStride, 2 * vectorCount);
    }

    /// <summary>
    /// The layout of the output of that convolution with each value at the position of the input that it is centred on, its
    /// distance of rows being the input's.
    /// </summary>
    public static PaddedLayout Centres(in ConvolutionGeometry g, PaddedLayout input, int vectorCount)
    {
        nint extent = (g.OutputHeight - 1) * input.RowStride + (nint)g.OutputWidth * input.Lanes;
        return new PaddedLayout(
            g.OutputChannels, g.OutputHeight, g.OutputWidth, input.Lanes, 0, input.RowStride, RoundUp(extent, vectorCount), 0);
    }

    /// <summary>The layout to write the output in: without gaps where vectors end where rows end, at the centres otherwise.</summary>
    public static PaddedLayout Output(PaddedLayout centres, int vectorCount)
    {
        nint row = (nint)centres.Width * centres.Lanes;
        return centres.HasWholeRows(vectorCount)
            ? new PaddedLayout(centres.Channels, centres.Height, centres.Width, centres.Lanes, 0, row, centres.Height * row, 0)
            : centres;
    }

    /// <summary>The number of vectors that cover a channel.</summary>
    public int VectorCount(int vectorCount) => HasWholeRows(vectorCount)
        ? Height * (Width * Lanes / vectorCount)
        : (int)((Extent + vectorCount - 1) / vectorCount);

    /// <summary>Writes the offsets of the vectors that cover a channel from its first value.</summary>
    public unsafe void Positions(int vectorCount, nint* positions)
    {
        int count = VectorCount(vectorCount);
        int perRow = HasWholeRows(vectorCount) ? Width * Lanes / vectorCount : count;
        for (int i = 0; i < count; i++)
        {
            positions[i] = i / perRow * RowStride + i % perRow * vectorCount;
        }
    }

    /// <summary>Clears what vectors wrote between and below the rows.</summary>
    public unsafe void ClearPadding<T>(T* memory, int vectorCount)
        where T : unmanaged
    {
        if (HasWholeRows(vectorCount))
        {
            return;
        }

        nint end = (nint)VectorCount(vectorCount) * vectorCount;
        T* plane = memory + Origin;
        for (int channel = 0; channel < Channels; channel++, plane += PlaneStride)
        {
            for (nint row = 0; row < Height; row++)
            {
                nint stop = row == Height - 1 ? end : (row + 1) * RowStride;
                for (nint i = row * RowStride + (nint)Width * Lanes; i < stop; i++)
                {
                    plane[i] = default;
                }
            }
        }
    }

    /// <summary>The number of images to interleave: the one with the fewest vectors for the batch, fewer images at equal cost.</summary>
    private static int ChooseLanes(in ConvolutionGeometry g, int vectorCount)
    {
        int best = 1;
        double least = double.PositiveInfinity;
        for (int lanes = 1, doublings = 0; lanes <= vectorCount; lanes *= 2, doublings++)
        {
            long row = (long)g.OutputWidth * lanes;
            long extent = ((g.OutputHeight - 1L) * (g.InputWidth + RimWidth(g)) + g.OutputWidth) * lanes;
            long vectors = row % vectorCount == 0 ? g.OutputHeight * (row / vectorCount) : (extent + vectorCount - 1) / vectorCount;
            int groups = (g.Batch + lanes - 1) / lanes;

            // Interleaving costs a little time and room: two per cent a doubling.
            double cost = (double)groups * vectors * (1 + 0.02 * doublings);
            if (cost < least)
            {
                (best, least) = (lanes, cost);
            }
        }

        return best;
    }

    /// <summary>The zero rows that two channels share: as many as the larger of the two sides reads beyond the image.</summary>
    private static int RimHeight(in ConvolutionGeometry g) =>
        Math.Max(g.PaddingHeight, g.OutputHeight + g.KernelHeight - 1 - g.InputHeight - g.PaddingHeight);

    /// <summary>The zero columns that two rows share.</summary>
    private static int RimWidth(in ConvolutionGeometry g) =>
        Math.Max(g.PaddingWidth, g.OutputWidth + g.KernelWidth - 1 - g.InputWidth - g.PaddingWidth);

    private static nint RoundUp(nint value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
