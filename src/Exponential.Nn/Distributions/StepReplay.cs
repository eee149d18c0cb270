namespace Exponential.Nn;

/// <summary>Runs the steps of a flow forward, and later one by one again as they ran then: back, and forward for their derivatives.</summary>
internal sealed class StepReplay(StepRebuilder rebuilder)
{
    private readonly ForwardState.Values[] _starts = new ForwardState.Values[rebuilder.Steps.Count];
    private readonly bool[] _training = [.. rebuilder.Steps.Select(step => step.Training)];
    private (Storage Storage, long Version)[] _keys = [];

    /// <summary>
    /// Runs step k for the first time and gives back at once what is neither its value, nor its log-density, nor a latent.
    /// </summary>
    public Tensor Encode(int k, Tensor x, Tensor? context, List<Tensor> latents, ref Tensor total)
    {
        ForwardState state = rebuilder.States[k];
        ForwardState.Values before = state.Capture();
        using TemporaryScope scope = TemporaryScope.Begin();
        int firstLatent = latents.Count;
        (Tensor value, Tensor logDensity) = rebuilder.Steps[k].Encode(x, context, latents);
        total += logDensity;
        scope.Keep(value);
        scope.Keep(total);
        foreach (Tensor latent in latents.Skip(firstLatent))
        {
            scope.Keep(latent);
        }

        // Run again, the step draws the same numbers and moves its vectors from where they were; what its first use sets stays set.
        _starts[k] = before with { Integers = state.Capture().Integers };
        return value;
    }

    /// <summary>Notes which values the parameters have, when all steps have run: a first use may set some.</summary>
    public void NoteParameters() => _keys = [.. rebuilder.Parameters.Select(parameter => parameter.Key)];

    /// <summary>Throws where a step would not run again as it ran.</summary>
    public void RequireUnchanged()
    {
        for (int i = 0; i < _keys.Length; i++)
        {
            if (rebuilder.Parameters[i].Key != _keys[i])
            {
                throw new InvalidOperationException(
                    $"Flow: parameter {rebuilder.Parameters[i].Name} changed between the forward and the backward pass, which computes the steps again");
            }
        }

        for (int k = 0; k < _training.Length; k++)
        {
            if (rebuilder.Steps[k].Training != _training[k])
            {
                throw new InvalidOperationException(
                    $"Flow: {Flow.StepName(k)} went {(_training[k] ? "from training to evaluation" : "from evaluation to training")} between the " +
                    "forward and the backward pass, which computes the steps again");
            }
        }
    }

    /// <summary>The input of step k from its output, and from what it took out if it is a split prior.</summary>
    public Tensor Decode(int k, Tensor z, Tensor? context, Tensor? taken)
    {
        using Autograd.RecordingScope off = Autograd.Recording(false);
        using TemporaryScope scope = TemporaryScope.Begin();
        rebuilder.States[k].Restore(_starts[k]);
        Tensor x = rebuilder.Steps[k].Decode(z, context, new Stack<Tensor>(taken is null ? [] : [taken]));
        scope.Keep(x);
        return x;
    }

    /// <summary>The gradients of step k's parameters, of x, and of the context if there is one, in this order.</summary>
    public Tensor[] Differentiate(int k, Tensor x, Tensor? context, Parameter[] parameters, Tensor gradient, Tensor logDensityGradient)
    {
        rebuilder.States[k].Restore(_starts[k]);
        using Autograd.RecordingScope on = Autograd.Recording(true);
        Tensor leaf = x.WithGradient();
        Tensor? contextLeaf = context?.WithGradient();
        Tensor objective = Objective(k, leaf, contextLeaf, gradient, logDensityGradient);
        return Autograd.GradientSince(
            leaf.Node!.Sequence,
            objective,
            [.. parameters.Select(parameter => parameter.Value), leaf, .. contextLeaf is null ? [] : new[] { contextLeaf }],
            cotangent: null,
            createGraph: false);
    }

    /// <summary>Runs step k again. Its graph holds what it needs; handles on anything else are given back at once.</summary>
    private Tensor Objective(int k, Tensor leaf, Tensor? contextLeaf, Tensor gradient, Tensor logDensityGradient)
    {
        using TemporaryScope scope = TemporaryScope.Begin();
        (Tensor value, Tensor logDensity) = rebuilder.Steps[k].Encode(leaf, contextLeaf, latents: null);
        Tensor objective = (value * gradient).Sum() + (logDensity * logDensityGradient).Sum();
        scope.Keep(objective);
        return objective;
    }
}
