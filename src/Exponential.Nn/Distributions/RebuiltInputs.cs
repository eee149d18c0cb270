namespace Exponential.Nn;

/// <summary>The inputs of a flow's steps on one way back, from the last to the first, each rebuilt from its output or as it was kept.</summary>
internal sealed class RebuiltInputs(RebuildGate gate, StepReplay replay, Tensor? context)
{
    private double _condition;

    /// <summary>The input of step k. Where it is rebuilt and was kept too, the gate compares the two.</summary>
    /// <param name="k">The step.</param>
    /// <param name="z">Its output.</param>
    /// <param name="taken">What it took out, if it is a split prior.</param>
    /// <param name="kept">Its input as it was, or null.</param>
    public Tensor Of(int k, Tensor z, Tensor? taken, Tensor? kept)
    {
        if (gate.IsStored(k) && kept is not null)
        {
            _condition = 0;
            return kept;
        }

        using Autograd.RecordingScope off = Autograd.Recording(false);
        Tensor rebuilt = replay.Decode(k, z, context, taken);
        if (kept is null)
        {
            return rebuilt;
        }

        // The condition of this step's inverse, from what a small change of its output does.
        double nudge = Math.Sqrt(z.DType == DType.Float32 ? Math.ScaleB(1, -24) : Math.ScaleB(1, -53));
        Tensor direction = new Generator((ulong)k).Normal(z.Shape, z.DType);
        Tensor nudged = z + (direction * (nudge * z.Abs().Max().ToScalar() / direction.Abs().Max().ToScalar()));
        _condition = (1 + _condition) * Math.Max(1, RebuildGate.RelativeDistance(replay.Decode(k, nudged, context, taken), rebuilt) / nudge);
        Tensor input = gate.Choose(k, rebuilt, kept, _condition);
        _condition = ReferenceEquals(input, kept) ? 0 : _condition;
        return input;
    }
}
