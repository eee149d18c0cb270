namespace Exponential;

/// <summary>
/// The gradient of a fused function. Its inputs are those of the function, followed by a cotangent of each of the function's outputs; its
/// outputs are the gradients of the function's inputs. It is differentiated through the function's composite.
/// </summary>
internal abstract class FusedGradientOperation(int inputs) : Operation
{
    public override int OutputCount => inputs;

    public override bool SavesInput(int index) => true;

    public override void Vjp(VjpContext context)
    {
        // Differentiate the composite twice: its gradients, as functions of its inputs and cotangents, contracted with our cotangents.
        bool createGraph = Autograd.IsRecording;
        using (Autograd.Recording(true))
        {
            var leaves = new Tensor[context.InputCount];
            for (int index = 0; index < leaves.Length; index++)
            {
                leaves[index] = context.Input(index).Isolated(createGraph);
            }

            Tensor[] outputs = Composite(leaves.AsSpan(0, inputs));
            Tensor[] gradients = Autograd.Gradient(Contracted(outputs, index => leaves[inputs + index]), leaves.AsSpan(0, inputs), createGraph: true);
            Tensor[] second = Autograd.Gradient(Contracted(gradients, context.CotangentOf), leaves, createGraph: createGraph);
            for (int index = 0; index < second.Length; index++)
            {
                context.Set(index, second[index]);
            }
        }
    }

    /// <summary>The function made of differentiable operations.</summary>
    protected abstract Tensor[] Composite(ReadOnlySpan<Tensor> inputs);

    private static Tensor Contracted(Tensor[] values, Func<int, Tensor> cotangent)
    {
        Tensor sum = (values[0] * cotangent(0)).Sum();
        for (int index = 1; index < values.Length; index++)
        {
            sum += (values[index] * cotangent(index)).Sum();
        }

        return sum;
    }
}
