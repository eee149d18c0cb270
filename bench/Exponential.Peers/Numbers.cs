namespace LibtorchPeer;

/// <summary>The numbers that both sides compute with.</summary>
internal static class Numbers
{
    /// <summary>Uniform in (-scale, scale), the same in every run.</summary>
    public static float[] Signed(int count, double scale = 1) => Draw(count, value => scale * ((2 * value) - 1));

    /// <summary>Uniform in (0, 1).</summary>
    public static float[] Positive(int count) => Draw(count, value => value);

    private static float[] Draw(int count, Func<double, double> map)
    {
        var random = new Random(count);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = (float)map(random.NextDouble());
        }

        return numbers;
    }
}
