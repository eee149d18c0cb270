namespace Exponential;

/// <summary>
/// A differentiable operation: how outputs come from inputs, and how cotangents of the outputs become cotangents of the inputs. A new
/// operation is one class with these two methods, beside the public member that applies it.
/// </summary>
internal abstract class Operation
{
    /// <summary>The name that errors and profiles show.</summary>
    public abstract string Name { get; }

    /// <summary>The number of outputs.</summary>
    public virtual int OutputCount => 1;

    /// <summary>Whether the derivative reads input <paramref name="index"/>.</summary>
    public virtual bool SavesInput(int index) => false;

    /// <summary>Whether the derivative reads output <paramref name="index"/>.</summary>
    public virtual bool SavesOutput(int index) => false;

    /// <summary>Computes the outputs; each has one reference that passes to the caller.</summary>
    public abstract void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs);

    /// <summary>The vector-Jacobian product, written in differentiable operations.</summary>
    public abstract void Vjp(VjpContext context);

    /// <summary>Applies an operation of one output.</summary>
    public Tensor Apply(params ReadOnlySpan<Tensor> inputs)
    {
        Operand output = default;
        GraphNode? node = Run(inputs, new Span<Operand>(ref output));
        return new Tensor(output, node);
    }

    /// <summary>Applies an operation of several outputs.</summary>
    public Tensor[] ApplyMany(params ReadOnlySpan<Tensor> inputs)
    {
        Operand[] outputs = new Operand[OutputCount];
        GraphNode? node = Run(inputs, outputs);
        var tensors = new Tensor[OutputCount];
        for (int index = 0; index < tensors.Length; index++)
        {
            tensors[index] = new Tensor(outputs[index], node, index);
        }

        return tensors;
    }

    private OperationNode? Run(ReadOnlySpan<Tensor> inputs, Span<Operand> outputs)
    {
        Span<Operand> operands = new Operand[inputs.Length];
        bool needsGradient = false;
        for (int index = 0; index < inputs.Length; index++)
        {
            Tensor input = inputs[index] ?? throw new ArgumentNullException(nameof(inputs), $"{Name}: input {index} is null");
            RequireSameKind(inputs[0], input);
            operands[index] = input.Data;
            needsGradient |= input.Node is not null;
        }

        Forward(inputs[0].Backend, operands, outputs);
        OperationNode? node = needsGradient && Autograd.IsRecording ? new OperationNode(this, inputs, outputs) : null;

        // The handles must outlive the kernels: a finaliser that ran before would give their memory to somebody else.
        foreach (Tensor input in inputs)
        {
            GC.KeepAlive(input);
        }

        return node;
    }

    private void RequireSameKind(Tensor first, Tensor other)
    {
        if (first.DType != other.DType)
        {
            throw new ArgumentException($"{Name}: element types differ: {first.DType} {first.Shape} and {other.DType} {other.Shape}; convert one with To(DType)");
        }

        if (first.Device != other.Device)
        {
            throw new ArgumentException($"{Name}: devices differ: {first.Device} and {other.Device}; move one of the tensors");
        }
    }
}

/// <summary>What a vector-Jacobian product reads and writes. Useful are the nodes from which a wanted gradient is reached.</summary>
internal sealed class VjpContext(OperationNode node, Tensor?[] cotangents, Tensor?[] gradients, HashSet<GraphNode> useful)
{
    /// <summary>The cotangent of the only output.</summary>
    public Tensor Cotangent => CotangentOf(0);

    /// <summary>The cotangent of an output, zeros where nothing hangs on it.</summary>
    public Tensor CotangentOf(int output) => cotangents[output] ?? Tensor.Zeros(node.OutputShapes[output], node.OutputType);

    /// <summary>Whether anything hangs on an output.</summary>
    public bool HasCotangent(int output) => cotangents[output] is not null;

    /// <summary>Whether the gradient of an input is wanted.</summary>
    public bool Needs(int input) => node.Sources[input] is { } source && useful.Contains(source);

    /// <summary>A saved input.</summary>
    public Tensor Input(int index) => node.Input(index);

    /// <summary>A saved output.</summary>
    public Tensor Output(int index = 0) => node.Output(index);

    /// <summary>The shape of an input, saved or not.</summary>
    public Shape InputShape(int index) => node.InputShapes[index];

    /// <summary>The number of inputs.</summary>
    public int InputCount => node.InputShapes.Length;

    /// <summary>Sets the gradient of an input; it is summed to the input's shape where that was stretched.</summary>
    public void Set(int input, Tensor gradient)
    {
        if (Needs(input))
        {
            gradients[input] = gradient.SumTo(node.InputShapes[input]);
        }
    }
}
