namespace Exponential.Nn;

/// <summary>
/// Runs the steps of a flow as one operation that keeps no activations: see <see cref="RecomputeKind.Inverse"/>. It watches how far the
/// rebuilt inputs drift from those of the forward pass, and lets a step that drifts too far keep its input.
/// </summary>
internal sealed class StepRebuilder
{
    /// <summary>
    /// The most units of rounding by which a rebuilt input may be off, times the measured condition of the way back: more is no rounding.
    /// </summary>
    private const double MostRoundings = 32;

    /// <summary>In the first of as many passes, all inputs are kept besides, to compare with: parameters move little in between.</summary>
    private const int PassesPerCheck = 64;

    private readonly IReadOnlyList<FlowStep> _steps;
    private readonly ForwardState[] _states;
    private readonly Parameter[] _parameters;
    private readonly double?[] _drifts;
    private readonly bool[] _isStored;
    private int _passes;

    public StepRebuilder(IReadOnlyList<FlowStep> steps)
    {
        _steps = steps;
        _states = [.. steps.Select(step => new ForwardState(step))];
        _parameters = [.. steps.SelectMany(step => step.Parameters()).Distinct()];
        _drifts = new double?[steps.Count];
        _isStored = new bool[steps.Count];
    }

    public IReadOnlyList<RebuiltStep> Status() =>
        [.. _steps.Select((step, k) => new RebuiltStep(Flow.StepName(k), step.GetType().Name, _drifts[k], _isStored[k]))];

    /// <summary>What reaches the end, and the sum of what the steps add to the log-density.</summary>
    public (Tensor Value, Tensor LogDensity) Run(Tensor x, Tensor? context)
    {
        bool isCheck = _passes++ % PassesPerCheck == 0;
        var operation = new RebuildOperation(this, context is not null, [.. _isStored.Select(stored => stored || isCheck)]);
        Tensor[] inputs = [x, .. context is null ? [] : new[] { context }, .. _parameters.Select(parameter => parameter.Value)];
        Tensor[] outputs = operation.ApplyMany(inputs);
        return (outputs[0], outputs[1]);
    }

    /// <summary>
    /// Takes a rebuilt input if it is close enough to the one that was kept, and else the one that was kept. All is relative to the largest
    /// element.
    /// </summary>
    /// <param name="k">The step.</param>
    /// <param name="rebuilt">Its input, rebuilt.</param>
    /// <param name="kept">Its input, as it was.</param>
    /// <param name="condition">By how much roundings on the way back from the end are magnified at worst.</param>
    private Tensor Checked(int k, Tensor rebuilt, Tensor kept, double condition)
    {
        // A tenth of the 1e-4 and 1e-10 to which gradients are to agree with those of stored inputs.
        (double unit, double most) = kept.DType == DType.Float32 ? (Math.ScaleB(1, -24), 1e-5) : (Math.ScaleB(1, -53), 1e-11);
        double drift = RelativeDistance(rebuilt, kept);
        _drifts[k] = Math.Max(_drifts[k] ?? 0, drift);
        _isStored[k] |= !(drift <= Math.Min(MostRoundings * unit * condition, most));
        return _isStored[k] ? kept : rebuilt;
    }

    private static double RelativeDistance(Tensor x, Tensor y)
    {
        double distance = x.IsFinite() ? (x - y).Abs().Max().ToScalar() : double.PositiveInfinity;
        return distance == 0 ? 0 : distance / y.Abs().Max().ToScalar();
    }

    /// <summary>
    /// One pass. The inputs are x, the context if there is one, and all parameters; the outputs what reaches the end, the log-density, what
    /// split priors took out, and the inputs that are kept.
    /// </summary>
    private sealed class RebuildOperation(StepRebuilder owner, bool hasContext, bool[] keeps) : Operation
    {
        private readonly ForwardState.Values[] _replay = new ForwardState.Values[keeps.Length];
        private readonly int _splits = owner._steps.Count(step => step is SplitPrior);
        private (Storage Storage, long Version)[] _keys = [];
        private bool[] _training = [];
        private double _condition;

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

                ForwardState state = owner._states[k];
                ForwardState.Values before = state.Capture();
                x = Encode(k, x, context, latents, ref total);

                // Run again, the step draws the same numbers and moves its vectors from where they were; what its first use sets stays set.
                _replay[k] = before with { Integers = state.Capture().Integers };
            }

            _keys = Array.ConvertAll(owner._parameters, parameter => parameter.Key);
            _training = [.. owner._steps.Select(step => step.Training)];
            int index = 0;
            foreach (Tensor output in (Tensor[])[x, total, .. latents, .. kept])
            {
                outputs[index++] = output.Data.Share();
                GC.KeepAlive(output);
            }
        }

        /// <summary>Runs step k and gives back at once what is neither its value, nor its log-density, nor a latent.</summary>
        private Tensor Encode(int k, Tensor x, Tensor? context, List<Tensor> latents, ref Tensor total)
        {
            using TemporaryScope scope = TemporaryScope.Begin();
            int before = latents.Count;
            (Tensor value, Tensor logDensity) = owner._steps[k].Encode(x, context, latents);
            total += logDensity;
            scope.Keep(value);
            scope.Keep(total);
            foreach (Tensor latent in latents.Skip(before))
            {
                scope.Keep(latent);
            }

            return value;
        }

        public override void Vjp(VjpContext context)
        {
            if (Autograd.IsRecording)
            {
                throw new NotSupportedException(
                    "Flow: a gradient by RecomputeKind.Inverse cannot be differentiated again; set Recompute to None for createGraph");
            }

            for (int i = 0; i < _keys.Length; i++)
            {
                if (owner._parameters[i].Key != _keys[i])
                {
                    throw new InvalidOperationException(
                        $"Flow: parameter {owner._parameters[i].Name} changed between the forward and the backward pass, which computes the steps again");
                }
            }

            for (int k = 0; k < _training.Length; k++)
            {
                if (owner._steps[k].Training != _training[k])
                {
                    throw new InvalidOperationException(
                        $"Flow: {Flow.StepName(k)} went {(_training[k] ? "from training to evaluation" : "from evaluation to training")} between the " +
                        "forward and the backward pass, which computes the steps again");
                }
            }

            ForwardState.Values[] present = Array.ConvertAll(owner._states, state => state.Capture());
            try
            {
                Walk(context);
            }
            finally
            {
                for (int k = 0; k < present.Length; k++)
                {
                    owner._states[k].Restore(present[k]);
                }
            }
        }

        /// <summary>From the last step to the first: rebuild its input, run it again, differentiate.</summary>
        private void Walk(VjpContext context)
        {
            int firstParameter = hasContext ? 2 : 1;
            Tensor? condition = hasContext ? context.Input(1).Detach() : null;
            var sums = new Dictionary<Parameter, Tensor>(ReferenceEqualityComparer.Instance);
            Tensor? conditionGradient = null;
            Tensor logDensityGradient = context.CotangentOf(1);
            Tensor gradient = context.CotangentOf(0);
            Tensor z = context.Output(0).Detach();
            int split = 2 + _splits;
            int kept = OutputCount;
            _condition = 0;
            for (int k = keeps.Length - 1; k >= 0; k--)
            {
                using TemporaryScope scope = TemporaryScope.Begin();
                FlowStep step = owner._steps[k];
                Tensor? taken = step is SplitPrior ? context.Output(--split).Detach() : null;
                Tensor x = Input(k, z, condition, taken, keeps[k] ? context.Output(--kept).Detach() : null);
                Parameter[] parameters = [.. step.Parameters()];
                Tensor[] gradients = Differentiate(k, x, condition, parameters, gradient, logDensityGradient);
                for (int i = 0; i < parameters.Length; i++)
                {
                    sums[parameters[i]] = Sum(scope, sums.GetValueOrDefault(parameters[i]), gradients[i]);
                }

                if (hasContext)
                {
                    conditionGradient = Sum(scope, conditionGradient, gradients[^1]);
                }

                (Tensor used, Tensor usedGradient) = (z, gradient);
                (z, gradient) = (x, gradients[^(firstParameter)]);
                scope.Keep(z);
                scope.Keep(gradient);
                if (k < keeps.Length - 1)
                {
                    used.Release();
                    usedGradient.Release();
                }
            }

            context.Set(0, gradient);
            if (hasContext)
            {
                context.Set(1, conditionGradient!);
            }

            for (int i = 0; i < owner._parameters.Length; i++)
            {
                context.Set(firstParameter + i, sums[owner._parameters[i]]);
            }
        }

        private static Tensor Sum(TemporaryScope scope, Tensor? before, Tensor gradient)
        {
            Tensor sum = before is null ? gradient : before + gradient;
            scope.Keep(sum);
            return sum;
        }

        /// <summary>The input of step k, rebuilt from its output or as it was kept.</summary>
        private Tensor Input(int k, Tensor z, Tensor? condition, Tensor? taken, Tensor? kept)
        {
            if (owner._isStored[k] && kept is not null)
            {
                _condition = 0;
                return kept;
            }

            using Autograd.RecordingScope off = Autograd.Recording(false);
            Tensor rebuilt = Decode(k, z, condition, taken);
            if (kept is null)
            {
                return rebuilt;
            }

            // The condition of this step's inverse, from what a small change of its output does.
            double nudge = Math.Sqrt(z.DType == DType.Float32 ? Math.ScaleB(1, -24) : Math.ScaleB(1, -53));
            Tensor direction = new Generator((ulong)k).Normal(z.Shape, z.DType);
            Tensor nudged = z + (direction * (nudge * z.Abs().Max().ToScalar() / direction.Abs().Max().ToScalar()));
            _condition = (1 + _condition) * Math.Max(1, RelativeDistance(Decode(k, nudged, condition, taken), rebuilt) / nudge);
            Tensor input = owner.Checked(k, rebuilt, kept, _condition);
            _condition = ReferenceEquals(input, kept) ? 0 : _condition;
            return input;
        }

        private Tensor Decode(int k, Tensor z, Tensor? condition, Tensor? taken)
        {
            owner._states[k].Restore(_replay[k]);
            return owner._steps[k].Decode(z, condition, new Stack<Tensor>(taken is null ? [] : [taken]));
        }

        /// <summary>The gradients of the parameters, of x, and of the context if there is one, in this order.</summary>
        private Tensor[] Differentiate(
            int k, Tensor x, Tensor? condition, Parameter[] parameters, Tensor gradient, Tensor logDensityGradient)
        {
            owner._states[k].Restore(_replay[k]);
            using Autograd.RecordingScope on = Autograd.Recording(true);
            Tensor leaf = x.WithGradient();
            Tensor? conditionLeaf = condition?.WithGradient();
            Tensor objective = Objective(k, leaf, conditionLeaf, gradient, logDensityGradient);
            return Autograd.GradientSince(
                leaf.Node!.Sequence,
                objective,
                [.. parameters.Select(parameter => parameter.Value), leaf, .. conditionLeaf is null ? [] : new[] { conditionLeaf }],
                cotangent: null,
                createGraph: false);
        }

        /// <summary>Runs step k again. Its graph holds what it needs; handles on anything else are given back at once.</summary>
        private Tensor Objective(int k, Tensor leaf, Tensor? conditionLeaf, Tensor gradient, Tensor logDensityGradient)
        {
            using TemporaryScope scope = TemporaryScope.Begin();
            (Tensor value, Tensor logDensity) = owner._steps[k].Encode(leaf, conditionLeaf, latents: null);
            Tensor objective = (value * gradient).Sum() + (logDensity * logDensityGradient).Sum();
            scope.Keep(objective);
            return objective;
        }
    }
}
