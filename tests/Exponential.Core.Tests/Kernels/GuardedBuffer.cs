using System.Numerics;
using Xunit;

namespace Exponential.Core.Tests.Kernels;

/// <summary>
/// Memory of a kernel under test between two guards. What is read there by mistake is NaN and spoils the result; what is
/// written there by mistake is found by <see cref="AssertGuardsIntact"/>. The values begin off any vector's alignment.
/// </summary>
internal sealed unsafe class GuardedBuffer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Guard = 65;
    private readonly T[] _memory;

    public GuardedBuffer(int count)
    {
        Count = count;
        _memory = GC.AllocateArray<T>(count + 2 * Guard, pinned: true);
        _memory.AsSpan().Fill(T.NaN);
    }

    public static GuardedBuffer<T> Of(ReadOnlySpan<double> values)
    {
        var buffer = new GuardedBuffer<T>(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            buffer.Pointer[i] = T.CreateChecked(values[i]);
        }

        return buffer;
    }

    public static GuardedBuffer<T> Random(int count, System.Random random, double scale = 1)
    {
        var buffer = new GuardedBuffer<T>(count);
        for (int i = 0; i < count; i++)
        {
            buffer.Pointer[i] = T.CreateChecked(scale * (2 * random.NextDouble() - 1));
        }

        return buffer;
    }

    public int Count { get; }

    public T* Pointer => (T*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _memory[Guard]);

    public double[] ToDoubles()
    {
        var result = new double[Count];
        for (int i = 0; i < Count; i++)
        {
            result[i] = double.CreateChecked(Pointer[i]);
        }

        return result;
    }

    public T[] ToArray() => _memory[Guard..^Guard];

    public void AssertGuardsIntact()
    {
        for (int i = 0; i < Guard; i++)
        {
            Assert.True(T.IsNaN(_memory[i]), $"written {Guard - i} values before the buffer");
            Assert.True(T.IsNaN(_memory[^(i + 1)]), $"written {Guard - i} values behind the buffer of {Count}");
        }
    }

    /// <summary>|result - expected| &lt;= roundings * eps * scale, value by value; scale is the sum of the absolute terms.</summary>
    public void AssertClose(double[] expected, double[] scale, double roundings, string what)
    {
        AssertGuardsIntact();
        double eps = typeof(T) == typeof(float) ? float.BitIncrement(1) - 1 : double.BitIncrement(1) - 1;
        for (int i = 0; i < Count; i++)
        {
            double value = double.CreateChecked(Pointer[i]);
            double tolerance = roundings * eps * scale[i];
            if (!(Math.Abs(value - expected[i]) <= tolerance))
            {
                Assert.Fail($"{what}, {typeof(T).Name}: [{i}] is {value:R}, expected {expected[i]:R} within {tolerance:E2}");
            }
        }
    }
}
