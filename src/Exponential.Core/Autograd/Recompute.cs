namespace Exponential;

/// <summary>A function whose inner values are computed again in the backward pass instead of being kept.</summary>
internal sealed class RecomputeOperation(Func<Tensor, Tensor> function, Parameter[] parameters) : Operation
{
    private (Storage Storage, long Version)[] _keys = [];

    public override string Name => "Recompute";

    public override bool SavesInput(int index) => index == 0;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using (Autograd.Recording(false))
        {
            Tensor y = function(new Tensor(inputs[0].Share()));
            outputs[0] = y.Data.Share();
            GC.KeepAlive(y);
        }

        // Now that the function has run: its first use may set some.
        _keys = [.. parameters.Select(parameter => parameter.Key)];
    }

    public override void Vjp(VjpContext context)
    {
        RequireUnchanged();
        bool createGraph = Autograd.IsRecording;
        using (Autograd.Recording(true))
        {
            Tensor x = context.Input(0).Isolated(createGraph);
            Tensor y = function(x);
            if (y.Node is null)
            {
                return;
            }

            // Parameters are older than x and may lie below it too: paths end where the function begins.
            BackwardPass.RequireKnown(Name, y, x.Node!, parameters);
            Tensor[] inputs = [x, .. parameters.Select(parameter => parameter.Value)];
            Tensor[] gradients = Autograd.GradientSince(x.Node!.Sequence, y, inputs, context.Cotangent, createGraph);
            for (int index = 0; index < gradients.Length; index++)
            {
                context.Set(index, gradients[index]);
            }
        }
    }

    /// <summary>Throws where the function would not give again what it gave.</summary>
    private void RequireUnchanged()
    {
        for (int index = 0; index < parameters.Length; index++)
        {
            if (parameters[index].Key != _keys[index])
            {
                throw new InvalidOperationException(
                    $"{Name}: parameter {parameters[index].Label} changed between the forward and the backward pass, which calls the function again; " +
                    "step the optimizer after the backward pass");
            }
        }
    }
}

public static partial class Autograd
{
    /// <summary>
    /// Applies a function and keeps only its input: the backward pass computes the inner values again. Memory for time.
    /// </summary>
    /// <param name="function">
    /// A function that gives the same result each time; it is called again in the backward pass, where it may keep no tensor that it makes.
    /// </param>
    /// <param name="x">Its input.</param>
    /// <param name="parameters">Every parameter that the function reads.</param>
    /// <exception cref="InvalidOperationException">
    /// In the backward pass: a named parameter changed meanwhile, or the function reads a parameter that was not named, or another tensor with a graph.
    /// </exception>
    public static Tensor Recompute(Func<Tensor, Tensor> function, Tensor x, params ReadOnlySpan<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(function);
        Parameter[] named = [.. parameters.ToArray().Distinct()];
        return new RecomputeOperation(function, named).Apply([x, .. named.Select(parameter => parameter.Value)]);
    }
}
