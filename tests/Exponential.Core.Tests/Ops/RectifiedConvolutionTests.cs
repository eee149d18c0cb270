using Xunit;

namespace Exponential.Core.Tests;

/// <summary>A convolution that rectifies what it writes, beside the convolution and the rectifier: the same bits.</summary>
public sealed class RectifiedConvolutionTests
{
    [Theory]
    [InlineData(5, 24, 60, 16, 3, 1, 1)] // Winograd in float32
    [InlineData(1, 24, 60, 16, 3, 1, 1)] // one panel of tiles, shared out by channels
    [InlineData(5, 12, 20, 15, 1, 1, 0)] // images that lie as they are
    [InlineData(1, 64, 64, 32, 1, 1, 0)] // one image, shared out by channels
    [InlineData(5, 3, 7, 9, 5, 1, 2)] // padded images
    [InlineData(3, 4, 6, 9, 3, 2, 1)] // columns
    public void RectifiesTheConvolution(int batch, int inputs, int outputs, int side, int kernelSide, int stride, int padding)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            var sampler = new Sampler($"{nameof(RectifiesTheConvolution)} {batch} {outputs} {kernelSide}");
            Tensor x = sampler.Normal([batch, inputs, side, side]).ToTensor(dtype);
            Tensor kernel = sampler.Normal([outputs, inputs, kernelSide, kernelSide]).ToTensor(dtype);
            Tensor bias = sampler.Normal([outputs]).ToTensor(dtype);
            NaiveArray expected = NaiveArray.Of(x.Conv2d(kernel, bias, stride, padding).Relu());
            Assert.Equal(expected.Values, NaiveArray.Of(x.Conv2dRelu(kernel, bias, stride, padding)).Values);
            Assert.Contains(0, expected.Values);
        }
    }
}
