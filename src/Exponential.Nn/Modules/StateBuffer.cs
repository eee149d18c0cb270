namespace Exponential.Nn;

/// <summary>A tensor that belongs to a module's state but is not trained: it has no gradient.</summary>
public sealed class StateBuffer
{
    private Tensor _value;

    /// <summary>Makes a buffer.</summary>
    public StateBuffer(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value.Alias(node: null, lasting: true);
    }

    /// <summary>The value, a snapshot; what is set is detached from its graph.</summary>
    public Tensor Value
    {
        get => _value.Detach();
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Tensor old = _value;
            _value = value.Alias(node: null, lasting: true);
            old.Release();
        }
    }

    /// <summary>Whether a state to be loaded must hold the same values.</summary>
    internal bool IsConstant { get; set; }

    /// <summary>The value.</summary>
    public static implicit operator Tensor(StateBuffer buffer) => buffer.Value;
}
