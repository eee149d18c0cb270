using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// An immutable array of numbers with a shape, an element type and a device. Views (reshape, permute, narrow, expand, slices) share
/// its storage. Operations on tensors that hang on a <see cref="Parameter"/> or a leaf made by <see cref="WithGradient"/> are
/// recorded, so that <see cref="Backward"/> can differentiate them.
/// </summary>
/// <remarks>
/// There is nothing to dispose: memory comes back to a pool when the last tensor or graph node that needs it is gone. All operations
/// may be called from several threads at once.
/// </remarks>
public sealed partial class Tensor
{
    private Storage? _storage;

    /// <summary>Takes over one reference to the operand's storage. A lasting tensor survives a surrounding <see cref="TemporaryScope"/>.</summary>
    internal Tensor(Operand data, GraphNode? node = null, int outputIndex = 0, bool lasting = false)
    {
        _storage = data.Storage;
        Layout = data.Layout;
        Node = node;
        OutputIndex = outputIndex;
        if (!lasting)
        {
            TemporaryScope.Register(this);
        }
    }

    /// <summary>Releases the reference of a tensor that became unreachable.</summary>
    ~Tensor() => _storage?.Release();

    /// <summary>The lengths of the axes.</summary>
    public Shape Shape => Layout.Shape;

    /// <summary>The number of axes.</summary>
    public int Rank => Layout.Shape.Rank;

    /// <summary>The number of elements.</summary>
    public int ElementCount => Layout.Shape.ElementCount;

    /// <summary>The element type.</summary>
    public DType DType => Storage.DType;

    /// <summary>Where the elements live.</summary>
    public Device Device => Storage.Device;

    /// <summary>Whether the elements follow one another in row-major order.</summary>
    public bool IsContiguous => Layout.IsContiguous;

    /// <summary>Whether the tensor is part of a graph that <see cref="Backward"/> can differentiate.</summary>
    public bool RequiresGradient => Node is not null;

    internal Layout Layout { get; }

    internal GraphNode? Node { get; }

    internal int OutputIndex { get; }

    internal Storage Storage => _storage ?? throw new ObjectDisposedException(nameof(Tensor), "Tensor: used after its release");

    internal Backend Backend => Device.Backend;

    /// <summary>The value without its graph, without a reference of its own: valid while this tensor is reachable.</summary>
    internal Operand Data => new(Storage, Layout);

    /// <summary>Copies the elements in row-major order into a new array.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>, as <see cref="DType"/> says.</typeparam>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the tensor's element type.</exception>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        RequireType<T>();
        T[] result = new T[ElementCount];
        CopyTo(result.AsSpan());
        return result;
    }

    /// <summary>Copies the elements in row-major order.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>, as <see cref="DType"/> says.</typeparam>
    /// <param name="destination">At least <see cref="ElementCount"/> elements.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the tensor's element type, or the destination is too short.</exception>
    public void CopyTo<T>(Span<T> destination)
        where T : unmanaged
    {
        RequireType<T>();
        if (destination.Length < ElementCount)
        {
            throw new ArgumentException($"CopyTo: the destination holds {destination.Length} elements; the tensor has {ElementCount} {Shape}");
        }

        using OperandLease contiguous = OperandLease.Contiguous(Backend, Data);
        Backend.Read(contiguous.Operand, destination[..ElementCount]);
        GC.KeepAlive(this);
    }

    /// <summary>The value of a tensor of one element.</summary>
    /// <exception cref="InvalidOperationException">The tensor has another number of elements.</exception>
    public double ToScalar()
    {
        if (ElementCount != 1)
        {
            throw new InvalidOperationException($"ToScalar: expects one element; the tensor is {Shape}. Reduce it first, for example with Mean()");
        }

        return DType == DType.Float32 ? ToArray<float>()[0] : ToArray<double>()[0];
    }

    /// <summary>Views the elements as a span of System.Numerics.Tensors, without a copy. The span may outlive the tensor.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>, as <see cref="DType"/> says.</typeparam>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the tensor's element type.</exception>
    /// <exception cref="NotSupportedException">The layout has negative strides (a flipped view); call <see cref="Contiguous"/> first.</exception>
    public ReadOnlyTensorSpan<T> AsTensorSpan<T>()
        where T : unmanaged
    {
        RequireType<T>();
        if (Storage is not CpuStorage cpu)
        {
            throw new NotSupportedException($"AsTensorSpan: the tensor lives on {Device}; read it with ToArray");
        }

        nint[] lengths = new nint[Rank];
        nint[] strides = new nint[Rank];
        for (int axis = 0; axis < Rank; axis++)
        {
            if (Layout.Strides[axis] < 0)
            {
                throw new NotSupportedException("AsTensorSpan: the layout has negative strides (a flipped view); call Contiguous() first");
            }

            lengths[axis] = Shape[axis];
            strides[axis] = Shape[axis] == 1 || ElementCount == 0 ? 0 : Layout.Strides[axis];
        }

        // The span keeps the pinned array alive; the pool must not lend it again.
        cpu.HasEscaped = true;
        ReadOnlySpan<T> span = cpu.Span<T>()[Layout.Offset..];
        return Rank == 0 ? new ReadOnlyTensorSpan<T>(span[..1]) : new ReadOnlyTensorSpan<T>(span, lengths, strides);
    }

    /// <summary>The same values with no graph behind them. Shares the storage.</summary>
    public Tensor Detach() => Alias(node: null);

    /// <summary>A new leaf of the same values: operations on it are recorded, and <see cref="Gradients.For"/> finds its gradient.</summary>
    public Tensor WithGradient() => Alias(new LeafNode(null));

    /// <summary>Shape, element type and the first elements, for a debugger or a message.</summary>
    public override string ToString()
    {
        const int Shown = 8;
        Tensor first = ElementCount <= Shown ? this : Detach().Contiguous().Reshape([ElementCount]).Narrow(0, 0, Shown);
        double[] values = first.Detach().To(DType.Float64).ToArray<double>();
        string text = string.Join(", ", values.Select(value => value.ToString("G6", System.Globalization.CultureInfo.InvariantCulture)));
        return $"{DType} {Shape}: {text}{(ElementCount > Shown ? ", ..." : string.Empty)}";
    }

    internal static DType TypeOf<T>(string operation)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : throw new ArgumentException($"{operation}: elements are float or double; got {typeof(T).Name}");

    /// <summary>Another handle on the same storage.</summary>
    internal Tensor Alias(GraphNode? node, int outputIndex = 0, bool lasting = false)
    {
        Tensor alias = new(Data.Share(), node, outputIndex, lasting);
        GC.KeepAlive(this);
        return alias;
    }

    /// <summary>The elements of a row-major tensor on the CPU: valid while the tensor is reachable.</summary>
    internal ReadOnlySpan<T> Span<T>()
        where T : unmanaged => ((CpuStorage)Storage).Span<T>().Slice(Layout.Offset, ElementCount);

    /// <summary>Gives the storage back at once, where an operation knows that nobody else holds this handle.</summary>
    internal void Release()
    {
        Storage? storage = Interlocked.Exchange(ref _storage, null);
        if (storage is not null)
        {
            GC.SuppressFinalize(this);
            storage.Release();
        }
    }

    private void RequireType<T>([CallerMemberName] string member = "")
        where T : unmanaged
    {
        if (TypeOf<T>(member) != DType)
        {
            throw new ArgumentException($"{member}: the tensor is {DType}; asked for {typeof(T).Name}. Convert it with To(DType)");
        }
    }
}
