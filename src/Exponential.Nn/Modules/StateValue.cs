namespace Exponential.Nn;

/// <summary>One entry of a <see cref="StateDictionary"/>: a tensor, or a whole number.</summary>
public readonly struct StateValue
{
    private readonly Tensor? _tensor;
    private readonly long _integer;

    private StateValue(Tensor? tensor, long integer)
    {
        _tensor = tensor;
        _integer = integer;
    }

    /// <summary>Whether the entry is a whole number.</summary>
    public bool IsInteger => _tensor is null;

    /// <summary>The tensor.</summary>
    /// <exception cref="InvalidOperationException">The entry is a whole number.</exception>
    public Tensor Tensor => _tensor ?? throw new InvalidOperationException("StateValue: the entry is a whole number, not a tensor");

    /// <summary>The whole number.</summary>
    /// <exception cref="InvalidOperationException">The entry is a tensor.</exception>
    public long Integer => IsInteger ? _integer : throw new InvalidOperationException("StateValue: the entry is a tensor, not a whole number");

    /// <summary>An entry of a tensor.</summary>
    public static implicit operator StateValue(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new StateValue(tensor, 0);
    }

    /// <summary>An entry of a whole number.</summary>
    public static implicit operator StateValue(long integer) => new(null, integer);

    /// <summary>What the entry is, as text: <c>Float32 [16, 3]</c> or <c>integer</c>.</summary>
    public override string ToString() => IsInteger ? "integer" : $"{Tensor.DType} {Tensor.Shape}";
}
