namespace Exponential.Bench;

/// <summary>Pinned memory of a kernel's benchmark, filled with small random values.</summary>
internal sealed unsafe class KernelBuffer
{
    private readonly float[] _memory;

    public KernelBuffer(int count, double scale = 1)
    {
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
}
