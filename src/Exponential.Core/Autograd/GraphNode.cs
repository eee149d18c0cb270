namespace Exponential;

/// <summary>A point of the graph that gradients flow to. Its number grows with time, so descending numbers are a topological order.</summary>
internal abstract class GraphNode
{
    private static long _last;

    public long Sequence { get; } = Interlocked.Increment(ref _last);
}

/// <summary>An independent variable.</summary>
internal sealed class LeafNode(Parameter? parameter) : GraphNode
{
    public Parameter? Parameter { get; } = parameter;
}

/// <summary>
/// One application of an operation. It holds storage, never tensors, so that forgetting a graph frees its memory without finalisers
/// of its own.
/// </summary>
internal sealed class OperationNode : GraphNode
{
    private Operand[]? _inputs;
    private Operand[]? _outputs;

    public OperationNode(Operation operation, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Operand> outputs)
    {
        Operation = operation;
        Sources = new GraphNode?[inputs.Length];
        SourceOutputs = new int[inputs.Length];
        InputShapes = new Shape[inputs.Length];
        _inputs = new Operand[inputs.Length];
        for (int index = 0; index < inputs.Length; index++)
        {
            Tensor input = inputs[index];
            Sources[index] = input.Node;
            SourceOutputs[index] = input.OutputIndex;
            InputShapes[index] = input.Shape;
            if (operation.SavesInput(index))
            {
                _inputs[index] = input.Data.Share();
            }
        }

        OutputShapes = new Shape[outputs.Length];
        OutputType = outputs[0].DType;
        _outputs = new Operand[outputs.Length];
        for (int index = 0; index < outputs.Length; index++)
        {
            OutputShapes[index] = outputs[index].Shape;
            if (operation.SavesOutput(index))
            {
                _outputs[index] = outputs[index].Share();
            }
        }
    }

    public Operation Operation { get; }

    /// <summary>The nodes that the inputs came from; null where an input needs no gradient.</summary>
    public GraphNode?[] Sources { get; }

    /// <summary>Which output of its source each input is.</summary>
    public int[] SourceOutputs { get; }

    public Shape[] InputShapes { get; }

    public Shape[] OutputShapes { get; }

    public DType OutputType { get; }

    public bool IsConsumed => _inputs is null;

    /// <summary>A saved input, tied to the graph again, so that a derivative of it can be differentiated.</summary>
    public Tensor Input(int index) => Restore(_inputs, index, Sources[index], SourceOutputs[index]);

    /// <summary>A saved output, tied to the graph again.</summary>
    public Tensor Output(int index) => Restore(_outputs, index, this, index);

    /// <summary>Gives the saved values back.</summary>
    public void Consume()
    {
        ReleaseAll(ref _inputs);
        ReleaseAll(ref _outputs);
    }

    private Tensor Restore(Operand[]? saved, int index, GraphNode? node, int output)
    {
        if (saved is null)
        {
            throw new InvalidOperationException(
                $"Backward: the graph below {Operation.Name} was consumed by an earlier call; pass createGraph: true there, or compute the value again");
        }

        if (saved[index].Storage is null)
        {
            throw new InvalidOperationException($"{Operation.Name}: value {index} was not saved for the backward pass");
        }

        return new Tensor(saved[index].Share(), node, output);
    }

    private static void ReleaseAll(ref Operand[]? saved)
    {
        Operand[]? operands = Interlocked.Exchange(ref saved, null);
        if (operands is not null)
        {
            foreach (Operand operand in operands)
            {
                operand.Storage?.Release();
            }
        }
    }
}
