namespace Exponential;

/// <summary>How the CPU kernels compute.</summary>
public static class CpuArithmetic
{
    private static volatile ArithmeticAccuracy _accuracy;

    /// <summary>The accuracy of operations in float32, of all threads, from the next operation on. Float64 is always tight.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no member of the enumeration.</exception>
    public static ArithmeticAccuracy Accuracy
    {
        get => _accuracy;
        set => _accuracy = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "CpuArithmetic.Accuracy: expects Fast or Tight");
    }
}
