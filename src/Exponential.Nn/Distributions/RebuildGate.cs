namespace Exponential.Nn;

/// <summary>
/// Watches how far the rebuilt inputs of a flow's steps drift from those of the forward pass, and lets a step that drifts too far keep its input.
/// </summary>
internal sealed class RebuildGate(IReadOnlyList<FlowStep> steps)
{
    /// <summary>
    /// The most units of rounding by which a rebuilt input may be off, times the measured condition of the way back: more is no rounding.
    /// </summary>
    private const double MostRoundings = 32;

    /// <summary>In the first of as many passes that are differentiated, all inputs are kept besides, to compare with: parameters move little in between.</summary>
    private const int PassesPerCheck = 64;

    private readonly double?[] _drifts = new double?[steps.Count];
    private readonly bool[] _isStored = new bool[steps.Count];
    private int _passes;

    /// <summary>Where the checks stand: all that later passes depend on.</summary>
    public RebuildPosition Position => new(_passes, [.. Enumerable.Range(0, _isStored.Length).Where(k => _isStored[k])]);

    public IReadOnlyList<RebuiltStep> Status() =>
        [.. steps.Select((step, k) => new RebuiltStep(Flow.StepName(k), step.GetType().Name, _drifts[k], _isStored[k]))];

    /// <summary>Goes on from where another gate stood.</summary>
    /// <exception cref="InvalidDataException">The position is none of such a flow.</exception>
    public void Restore(RebuildPosition position)
    {
        if (position.Passes is < 0 or >= PassesPerCheck || position.Stored.Any(k => k < 0 || k >= _isStored.Length))
        {
            throw new InvalidDataException(
                $"recompute: expects fewer than {PassesPerCheck} passes and steps below {_isStored.Length}; got {position.Passes} and [{string.Join(", ", position.Stored)}]");
        }

        _passes = position.Passes;
        Array.Clear(_isStored);
        foreach (int k in position.Stored)
        {
            _isStored[k] = true;
        }
    }

    /// <summary>Says of each step whether to keep its input in the forward pass that begins.</summary>
    public bool[] BeginPass() => Array.ConvertAll(_isStored, stored => stored || _passes == 0);

    /// <summary>Counts a pass that has been differentiated: one that never is leaves its check to the next.</summary>
    public void EndPass() => _passes = (_passes + 1) % PassesPerCheck;

    /// <summary>Whether a step goes on from the input that was kept, without a look at what its inverse makes.</summary>
    public bool IsStored(int k) => _isStored[k];

    /// <summary>
    /// Takes a rebuilt input if it is close enough to the one that was kept, and else the one that was kept. All is relative to the largest
    /// element.
    /// </summary>
    /// <param name="k">The step.</param>
    /// <param name="rebuilt">Its input, rebuilt.</param>
    /// <param name="kept">Its input, as it was.</param>
    /// <param name="condition">By how much roundings on the way back from the end are magnified at worst.</param>
    public Tensor Choose(int k, Tensor rebuilt, Tensor kept, double condition)
    {
        // A tenth of the 1e-4 and 1e-10 to which gradients are to agree with those of stored inputs.
        (double unit, double most) = kept.DType == DType.Float32 ? (Math.ScaleB(1, -24), 1e-5) : (Math.ScaleB(1, -53), 1e-11);
        double drift = RelativeDistance(rebuilt, kept);
        _drifts[k] = Math.Max(_drifts[k] ?? 0, drift);
        _isStored[k] |= !(drift <= Math.Min(MostRoundings * unit * condition, most));
        return _isStored[k] ? kept : rebuilt;
    }

    /// <summary>The largest difference over the largest element of y; infinite where x is not finite.</summary>
    public static double RelativeDistance(Tensor x, Tensor y)
    {
        double distance = x.IsFinite() ? (x - y).Abs().Max().ToScalar() : double.PositiveInfinity;
        return distance == 0 ? 0 : distance / y.Abs().Max().ToScalar();
    }
}
