namespace Exponential.Bench;

/// <summary>Pinned memory of a kernel's benchmark, filled with small random values.</summary>
internal sealed unsafe class KernelBuffer
{
    private readonly float[] _memory;
    private readonly int _count;

    public KernelBuffer(int count, double scale = 1)
    {
        _count = count;
        _memory = GC.AllocateArray<float>(count + 16, pinned: true);
        var random = new Random(1);
        for (int i = 0; i < _memory.Length; i++)
        {
            _memory[i] = (float)(scale * (2 * random.NextDouble() - 1));
        }

        // Aligned, as tensors are.
        nuint start = (nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _memory[0]);
        Pointer = (float*)((start + 63) & ~(nuint)63);
    }

    public float* Pointer { get; }

    /// <summary>The same values in float64, pinned.</summary>
    public double[] ToDoubles()
    {
        double[] values = GC.AllocateArray<double>(_count, pinned: true);
        for (int i = 0; i < _count; i++)
        {
            values[i] = Pointer[i];
        }

        return values;
    }

    /// <summary>The largest difference to <paramref name="expected"/> over its largest value.</summary>
    public double Error(double[] expected)
    {
        double error = 0;
        double largest = 0;
        for (int i = 0; i < _count; i++)
        {
            error = Math.Max(error, Math.Abs(Pointer[i] - expected[i]));
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        return error / largest;
    }
}
