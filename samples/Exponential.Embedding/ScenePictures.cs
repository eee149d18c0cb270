using Exponential.Nn;

namespace Exponential.Embedding;

/// <summary>The images the sample asks about: from the library's own data set, which is the same on every machine.</summary>
internal static class ScenePictures
{
    /// <summary>[channels, height, width] of an image.</summary>
    public static Shape Shape => [3, 32, 32];

    /// <summary>The first images of the test split, [count, 3, 32, 32] with values 0..255.</summary>
    public static Tensor Draw(int count)
    {
        ImageSet set = BuiltInImages.Create(seed: 0, trainCount: 0, validationCount: 0, testCount: count).Test;
        float[] pixels = new float[set.Pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = set.Pixels[i];
        }

        return Tensor.FromArray(pixels, [count, 3, 32, 32]);
    }
}
