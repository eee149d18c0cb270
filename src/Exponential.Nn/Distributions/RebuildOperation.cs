namespace Exponential.Nn;

/// <summary>
/// One pass through the steps of a flow. The inputs are x, the context if there is one, and all parameters; the outputs what reaches the end, the
/// log-density, what split priors took out, and the inputs of steps that are kept.
/// </summary>
internal sealed class RebuildOperation(StepRebuilder rebuilder, bool hasContext, bool[] keeps) : Operation
{
    private readonly StepReplay _replay = new(rebuilder);
    private readonly int _splits = rebuilder.Steps.Count(step => step is SplitPrior);

    public override string Name => "RecomputeByInverse";

    public override int OutputCount => 2 + _splits + keeps.Count(kept => kept);

    public override bool SavesInput(int index) => hasContext && index == 1;

    public override bool SavesOutput(int index) => index != 1;

    public override void Forward(Backend backend, ReadOnlySpan<Operand> inputs, Span<Operand> outputs)
    {
        using Autograd.RecordingScope off = Autograd.Recording(false);
        var x = new Tensor(inputs[0].Share());
        Tensor? context = hasContext ? new Tensor(inputs[1].Share()) : null;
        Tensor total = Tensor.Scalar(0, x.DType);
        List<Tensor> latents = [];
        List<Tensor> kept = [];
        for (int k = 0; k < keeps.Length; k++)
        {
            if (keeps[k])
            {
                kept.Add(x);
            }

            x = _replay.Encode(k, x, context, latents, ref total);
        }

        _replay.NoteParameters();
        int index = 0;
        foreach (Tensor output in (Tensor[])[x, total, .. latents, .. kept])
        {
            outputs[index++] = output.Data.Share();
            GC.KeepAlive(output);
        }
    }

    public override void Vjp(VjpContext context)
    {
        if (Autograd.IsRecording)
        {
            throw new NotSupportedException(
                "Flow: a gradient by RecomputeKind.Inverse cannot be differentiated again; set Recompute to None for createGraph");
        }

        _replay.RequireUnchanged();
        ForwardState.Values[] present = [.. rebuilder.States.Select(state => state.Capture())];
        try
        {
            Walk(context);
        }
        finally
        {
            for (int k = 0; k < present.Length; k++)
            {
                rebuilder.States[k].Restore(present[k]);
            }
        }
    }

    /// <summary>From the last step to the first: rebuild its input, run it again, differentiate.</summary>
    private void Walk(VjpContext context)
    {
        int firstParameter = hasContext ? 2 : 1;
        Tensor? condition = hasContext ? context.Input(1).Detach() : null;
        var inputs = new RebuiltInputs(rebuilder.Gate, _replay, condition);
        var sums = new Dictionary<Parameter, Tensor>(ReferenceEqualityComparer.Instance);
        Tensor? conditionGradient = null;
        Tensor logDensityGradient = context.CotangentOf(1);
        Tensor gradient = context.CotangentOf(0);
        Tensor z = context.Output(0).Detach();
        (bool ownsValue, bool ownsGradient) = (false, false);
        int split = 2 + _splits;
        int kept = OutputCount;
        for (int k = keeps.Length - 1; k >= 0; k--)
        {
            using TemporaryScope scope = TemporaryScope.Begin();
            FlowStep step = rebuilder.Steps[k];
            Tensor? taken = step is SplitPrior ? context.Output(--split).Detach() : null;
            Tensor x = inputs.Of(k, z, taken, keeps[k] ? context.Output(--kept).Detach() : null);
            Parameter[] parameters = [.. step.Parameters()];
            Tensor[] gradients = _replay.Differentiate(k, x, condition, parameters, gradient, logDensityGradient);
            for (int i = 0; i < parameters.Length; i++)
            {
                sums[parameters[i]] = Sum(scope, sums.GetValueOrDefault(parameters[i]), gradients[i]);
            }

            if (hasContext)
            {
                conditionGradient = Sum(scope, conditionGradient, gradients[^1]);
            }

            z = Advance(scope, z, x, ref ownsValue);
            gradient = Advance(scope, gradient, gradients[^firstParameter], ref ownsGradient);
        }

        rebuilder.Gate.EndPass();

        context.Set(0, gradient);
        if (hasContext)
        {
            context.Set(1, conditionGradient!);
        }

        for (int i = 0; i < rebuilder.Parameters.Count; i++)
        {
            context.Set(firstParameter + i, sums[rebuilder.Parameters[i]]);
        }
    }

    /// <summary>
    /// Goes on to a step's result and gives the one before back, if the walk made it: not what others hold, and not where a step returned its
    /// argument.
    /// </summary>
    private static Tensor Advance(TemporaryScope scope, Tensor used, Tensor next, ref bool owns)
    {
        if (ReferenceEquals(used, next))
        {
            return next;
        }

        if (owns)
        {
            used.Release();
        }

        owns = scope.Contains(next);
        scope.Keep(next);
        return next;
    }

    private static Tensor Sum(TemporaryScope scope, Tensor? before, Tensor gradient)
    {
        Tensor sum = before is null ? gradient : before + gradient;
        scope.Keep(sum);
        return sum;
    }
}
