using System.Numerics;

namespace Exponential;

/// <summary>3x3 convolutions of stride 1 and padding 1 by Winograd's F(4x4, 3x3), see <see cref="WinogradPoints"/>.</summary>
/// <remarks>
/// The tiles of the whole batch are numbered through and cut into panels of two vectors of tiles. A panel's input, transformed, stays in the
/// second-level cache while the 36 products with the kernel run over it, some output channels at a time.
/// </remarks>
internal static unsafe class WinogradConvolution<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    public static void Forward(in ConvolutionGeometry g, T* input, T* kernel, T* bias, T* output, bool rectified) =>
        Run(g, transposed: false, input, kernel, bias, output, rectified);

    /// <summary>The convolution of the output's gradient with the kernel turned by 180 degrees, its channels swapped.</summary>
    public static void InputGradient(in ConvolutionGeometry g, T* outputGradient, T* kernel, T* inputGradient) =>
        Run(
            g with { InputChannels = g.OutputChannels, OutputChannels = g.InputChannels }, transposed: true, outputGradient, kernel, null,
            inputGradient, rectified: false);

    private static void Run(in ConvolutionGeometry geometry, bool transposed, T* input, T* kernel, T* bias, T* output, bool rectified)
    {
        ConvolutionGeometry g = geometry;
        var grid = new TileGrid(g.InputHeight, g.InputWidth);
        using var product = new WinogradProduct<T, TVector, TSimd>(g, transposed, kernel, T.One);
        long tiles = (long)g.Batch * grid.Tiles;
        const int Vectors = PanelTile<T, TVector, TSimd>.Vectors;
        int panel = Vectors * TSimd.Count;
        int panels = checked((int)((tiles + panel - 1) / panel));

        // The neighbours above and below are a row of tiles away. Tiles are copied four at a time.
        int align = Math.Max(4, TSimd.Count);
        int rim = (grid.Columns + align) / align * align;
        nint imageSize = (nint)g.InputChannels * g.InputPlane;
        nint resultSize = (nint)g.OutputChannels * g.OutputPlane;

        // Fewer panels than threads: the output channels are shared out too, which changes no sum.
        int parts = Math.Clamp((Workers.Count + panels - 1) / Math.Max(panels, 1), 1, product.Blocks);
        KernelWork.For((long)g.Batch * g.OutputPlane * g.OutputChannels * g.InputChannels * 3, panels * parts, block =>
        {
            long first = block / parts * (long)panel;
            int part = block % parts;
            int vectors = (int)Math.Min(Vectors, (tiles - first + TSimd.Count - 1) / TSimd.Count);
            int lanes = vectors * TSimd.Count;
            int stride = (lanes + 3) / 4 * 4 + 2 * rim;
            using var memory = new Scratch<T>(TileGrid.Masks * lanes + (WinogradPoints.Positions * (long)stride) + product.InputSize + product.OutputSize);
            T* masks = memory.Pointer;
            T* channel = masks + TileGrid.Masks * lanes;
            T* planes = channel + WinogradPoints.Positions * stride;
            T* results = planes + product.InputSize;
            grid.WriteMasks(first, lanes, masks);

            // Only the images of the panel's tiles are neighbours.
            long from = Math.Max(first - rim, first / grid.Tiles * grid.Tiles);
            long to = Math.Min(first + lanes + rim, ((first + lanes - 1) / grid.Tiles + 1) * grid.Tiles);
            int before = (int)(first - from + 3) / 4 * 4;
            int count = before + (int)(to - first + 3) / 4 * 4;
            using (var images = new TileImages<T>(grid, imageSize, first - before, count, tiles))
            {
                for (int c = 0; c < g.InputChannels; c++)
                {
                    images.Pack(input + (nint)c * g.InputPlane, channel + rim - before, stride);
                    WinogradTransform<T, TVector, TSimd>.Input(
                        channel + rim, stride, grid.Columns, masks, lanes, vectors, planes + c * product.Panel, product.InputStride);
                }
            }

            using var targets = new TileImages<T>(grid, resultSize, first, lanes, tiles);
            for (int rows = part * product.Blocks / parts; rows < (part + 1) * product.Blocks / parts; rows++)
            {
                product.Multiply(rows, vectors, planes, results);
                (int row, int end) = product.Block(rows);
                for (int o = row; o < Math.Min(end, g.OutputChannels); o++)
                {
                    WinogradTransform<T, TVector, TSimd>.Output(
                        results + (o - row) * product.Panel, product.OutputStride, vectors, T.One, bias == null ? T.Zero : bias[o], null,
                        channel, lanes);
                    if (rectified)
                    {
                        UnaryKernels.Block(UnaryKind.Relu, channel, channel, WinogradPoints.Positions * lanes, T.Zero, T.Zero);
                    }

                    targets.Unpack(channel, lanes, output + (nint)o * g.OutputPlane);
                }
            }
        });
    }
}
