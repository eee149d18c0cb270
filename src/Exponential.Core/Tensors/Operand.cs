namespace Exponential;

/// <summary>What a backend computes with: a storage and how the elements lie in it. It carries no reference unless its maker says so.</summary>
internal readonly record struct Operand(Storage Storage, Layout Layout)
{
    public Shape Shape => Layout.Shape;

    public DType DType => Storage.DType;

    public int ElementCount => Layout.Shape.ElementCount;

    /// <summary>The same operand with one more reference.</summary>
    public Operand Share()
    {
        Storage.AddReference();
        return this;
    }

    /// <summary>The same storage under another layout, with one more reference.</summary>
    public Operand View(Layout layout)
    {
        Storage.AddReference();
        return new Operand(Storage, layout);
    }

    /// <summary>The same operand stretched to a broadcast shape, without a reference of its own.</summary>
    public Operand Broadcast(Shape shape) => new(Storage, Layout.Broadcast(shape));
}

/// <summary>An operand in the order that a kernel asks for: the original where it is so already, else a row-major copy that lives until the lease ends.</summary>
internal readonly ref struct OperandLease
{
    private readonly bool _owned;

    private OperandLease(Operand operand, bool owned)
    {
        Operand = operand;
        _owned = owned;
    }

    public Operand Operand { get; }

    /// <summary>In row-major order.</summary>
    public static OperandLease Contiguous(Backend backend, Operand operand) => Leased(backend, operand, operand.Layout.IsContiguous);

    /// <summary>Each item of the first axis in row-major order, wherever the items lie: some channels of a batch of images, say.</summary>
    public static OperandLease ContiguousItems(Backend backend, Operand operand) => Leased(backend, operand, operand.Layout.HasContiguousItems);

    public void Dispose()
    {
        if (_owned)
        {
            Operand.Storage.Release();
        }
    }

    private static OperandLease Leased(Backend backend, Operand operand, bool fits)
    {
        if (fits)
        {
            return new OperandLease(operand, owned: false);
        }

        Operand copy = backend.Allocate(operand.DType, operand.Shape);
        backend.Copy(operand, copy);
        return new OperandLease(copy, owned: true);
    }
}
