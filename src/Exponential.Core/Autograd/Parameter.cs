namespace Exponential;

/// <summary>A value to be learned. It converts to a <see cref="Tensor"/> whose uses are recorded.</summary>
public sealed class Parameter
{
    private readonly LeafNode _leaf;
    private Tensor _value;

    /// <summary>Makes a parameter with its first value.</summary>
    public Parameter(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _leaf = new LeafNode(this);
        _value = value.Alias(node: null, lasting: true);
    }

    /// <summary>The name under which a module registered it, empty before.</summary>
    public string Name { get; internal set; } = string.Empty;

    /// <summary>
    /// The value, a leaf of the graph. A tensor read here is a snapshot: an optimizer writes in place only when nothing else holds
    /// the storage.
    /// </summary>
    /// <exception cref="ArgumentException">Set to a tensor of another shape or element type.</exception>
    public Tensor Value
    {
        get => _value.Alias(_leaf);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Shape != Shape)
            {
                throw new ArgumentException($"{Title}: expects {Shape}; got {value.Shape}");
            }

            if (value.DType != DType)
            {
                throw new ArgumentException($"{Title}: expects {DType} {Shape}; got {value.DType} {value.Shape}; convert it with To(DType)");
            }

            Replace(value);
        }
    }

    /// <summary>The lengths of the axes.</summary>
    public Shape Shape => _value.Shape;

    /// <summary>The element type.</summary>
    public DType DType => _value.DType;

    internal LeafNode Leaf => _leaf;

    /// <summary>The name and shape that an error shows; a parameter that no module registered has its shape alone.</summary>
    internal string Label => Name.Length == 0 ? Shape.ToString() : $"{Name} {Shape}";

    private string Title => Name.Length == 0 ? "Parameter" : $"Parameter {Name}";

    /// <summary>What a cache of something computed from the value is keyed by.</summary>
    internal (Storage Storage, long Version) Key => (_value.Storage, _value.Storage.Version);

    /// <summary>The parameter as a leaf of the graph.</summary>
    public static implicit operator Tensor(Parameter parameter) => parameter.Value;

    /// <summary>Converts the value, and what the parameter takes from then on, to an element type.</summary>
    internal void Convert(DType dtype) => Replace(_value.To(dtype));

    /// <summary>
    /// The elements to be written: the storage itself where nothing else holds it, else a fresh copy that becomes the value.
    /// </summary>
    internal Span<T> WritableSpan<T>()
        where T : unmanaged
    {
        if (_value.Storage.IsShared || !_value.IsContiguous || _value.ElementCount != _value.Storage.Count)
        {
            Operand copy = _value.Backend.Allocate(_value.DType, _value.Shape);
            _value.Backend.Copy(_value.Data, copy);
            Tensor old = _value;
            _value = new Tensor(copy, lasting: true);
            old.Release();
        }

        _value.Storage.Written();
        return ((CpuStorage)_value.Storage).Span<T>();
    }

    private void Replace(Tensor value)
    {
        Tensor old = _value;
        _value = value.Alias(node: null, lasting: true);
        old.Release();
    }
}
