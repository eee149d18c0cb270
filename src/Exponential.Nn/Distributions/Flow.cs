namespace Exponential.Nn;

/// <summary>
/// A normalising flow: the distribution of x whose image under the steps follows the prior. ln p(x) is the prior's log-density there plus the
/// log-determinants on the way, and plus the log-densities of what split priors take out.
/// </summary>
public sealed class Flow : Distribution
{
    private readonly List<FlowStep> _steps = [];
    private readonly List<Shape> _latentShapes = [];
    private readonly Distribution _base;
    private StepRebuilder? _rebuilder;

    /// <summary>Makes a flow of one step; a <see cref="Chain"/> counts as the steps that it consists of.</summary>
    /// <param name="step">From data to latent.</param>
    /// <param name="prior">The distribution of the latent.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public Flow(FlowStep step, Distribution prior)
        : this(step is Chain chain ? chain.Bijections : [step], prior)
    {
    }

    /// <summary>Makes a flow; its state lies under <c>transformations.0</c>, <c>transformations.1</c>, ... and <c>base</c>.</summary>
    /// <param name="steps">From data to latent, first step first.</param>
    /// <param name="prior">The distribution of the latent.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public Flow(IReadOnlyList<FlowStep> steps, Distribution prior)
    {
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentNullException.ThrowIfNull(prior);
        foreach (FlowStep step in steps)
        {
            _steps.Add(AddModule(StepName(_steps.Count), step));
        }

        _base = AddModule("base", prior);
        EventShape = ShapeInference.InputShape(_steps, _steps.Count, prior.EventShape);
        ContextChannels = ShapeInference.ContextChannels(nameof(Flow), [.. _steps.Select(step => step.ContextChannels), prior.ContextChannels]);
        Shape shape = EventShape;
        foreach (FlowStep step in _steps)
        {
            shape = step.OutputShape(shape);
            if (step is SplitPrior)
            {
                // What is taken out is one half, what goes on the other.
                _latentShapes.Add(shape);
            }
        }

        _latentShapes.Add(shape);
        if (shape != prior.EventShape)
        {
            throw new ArgumentException($"Flow: the steps give {shape}; the prior is over {prior.EventShape}", nameof(prior));
        }
    }

    /// <summary>The steps, in order.</summary>
    public IReadOnlyList<FlowStep> Steps => _steps;

    /// <summary>The distribution of the last latent.</summary>
    public Distribution Prior => _base;

    /// <inheritdoc/>
    public override Shape EventShape { get; }

    /// <inheritdoc/>
    public override int ContextChannels { get; }

    /// <summary>
    /// What <see cref="Distribution.LogProb"/> keeps for the backward pass. Gradients of gradients need <see cref="RecomputeKind.None"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no member of the enumeration.</exception>
    public RecomputeKind Recompute
    {
        get => _rebuilder is null ? RecomputeKind.None : RecomputeKind.Inverse;
        set => _rebuilder = value switch
        {
            RecomputeKind.None => null,
            RecomputeKind.Inverse => _rebuilder ?? new StepRebuilder(_steps),
            _ => throw new ArgumentOutOfRangeException(nameof(value), value, "Flow.Recompute: expects None or Inverse"),
        };
    }

    /// <summary>How well the inputs of the steps are rebuilt by <see cref="RecomputeKind.Inverse"/>; empty without it.</summary>
    public IReadOnlyList<RebuiltStep> RebuiltSteps => _rebuilder?.Gate.Status() ?? [];

    /// <summary>Where the checks of rebuilt inputs stand, which a resumed training goes on from; null without any.</summary>
    internal RebuildGate? Rebuilding => _rebuilder?.Gate;

    /// <summary>The latents of a batch: what each split prior took out, in order, and last what reached the prior.</summary>
    /// <param name="x">[B, ..<see cref="EventShape"/>].</param>
    /// <param name="context">What the flow is conditioned on, if it takes a context.</param>
    /// <exception cref="ArgumentException">A shape or element type does not fit, or the batch is empty.</exception>
    public IReadOnlyList<Tensor> Encode(Tensor x, Tensor? context = null)
    {
        CheckEvents(nameof(Encode), nameof(x), x, EventShape);
        CheckContext(context, x.Shape[0]);
        var latents = new List<Tensor>();
        foreach (FlowStep step in _steps)
        {
            x = step.Encode(x, context, latents).Value;
        }

        latents.Add(x);
        return latents;
    }

    /// <summary>The batch that <see cref="Encode"/> made the latents of, up to rounding and the remainders of series.</summary>
    /// <param name="latents">As <see cref="Encode"/> returns them.</param>
    /// <param name="context">What the flow is conditioned on, if it takes a context.</param>
    /// <exception cref="ArgumentException">There are too few or too many latents, or their shapes or the context do not fit.</exception>
    public Tensor Decode(IReadOnlyList<Tensor> latents, Tensor? context = null)
    {
        ArgumentNullException.ThrowIfNull(latents);
        CheckLatents(latents);
        CheckContext(context, latents[^1].Shape[0]);

        var taken = new Stack<Tensor>(latents.SkipLast(1));
        Tensor z = latents[^1];
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            z = _steps[i].Decode(z, context, taken);
        }

        return z;
    }

    /// <summary>The name of a step in the flow's state.</summary>
    internal static string StepName(int index) => $"transformations.{index}";

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor x, Tensor? context)
    {
        // A check of every module's output names the module; rebuilt steps would be one operation to it.
        if (_rebuilder is not null && Autograd.IsRecording && !FiniteChecks.Enabled && _steps.Count > 0)
        {
            (Tensor z, Tensor logDensity) = _rebuilder.Run(x, context);
            return _base.LogProb(z, BaseContext(context)) + logDensity;
        }

        Tensor? total = null;
        foreach (FlowStep step in _steps)
        {
            (x, Tensor logDensity) = step.Encode(x, context, latents: null);
            total = total is null ? logDensity : total + logDensity;
        }

        Tensor last = _base.LogProb(x, BaseContext(context));
        return total is null ? last : last + total;
    }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogProb) SampleCore(int count, Generator generator, Tensor? context, double temperature)
    {
        (Tensor z, Tensor total) = _base.Sample(count, generator, BaseContext(context), temperature);
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            (z, Tensor logDensity) = _steps[i].Sample(z, context, generator, temperature);
            total += logDensity;
        }

        return (z, total);
    }

    private Tensor? BaseContext(Tensor? context) => _base.ContextChannels > 0 ? context : null;

    private void CheckLatents(IReadOnlyList<Tensor> latents)
    {
        if (latents.Count != _latentShapes.Count)
        {
            throw new ArgumentException($"Flow.Decode: there must be {_latentShapes.Count} latents; there are {latents.Count}", nameof(latents));
        }

        for (int i = 0; i < latents.Count; i++)
        {
            CheckEvents(nameof(Decode), $"latents[{i}]", latents[i], _latentShapes[i]);
            if (latents[i].Shape[0] != latents[0].Shape[0])
            {
                throw new ArgumentException(
                    $"Flow.Decode: latents must be of one batch; latents[0] has {latents[0].Shape[0]} events, latents[{i}] has {latents[i].Shape[0]}",
                    nameof(latents));
            }
        }
    }
}
