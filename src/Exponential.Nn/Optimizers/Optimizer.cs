using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exponential.Nn;

/// <summary>
/// Changes parameters along their gradients, with two moments a parameter. A parameter without a gradient in a step keeps its value, its
/// moments and its count of steps.
/// </summary>
/// <remarks>
/// A step is one pass over values, gradient and moments, cut into blocks that do not depend on the number of threads. It writes in place
/// where nothing else holds a value's storage and to fresh storage otherwise, so that a tensor read from a parameter stays as it was.
/// </remarks>
public abstract class Optimizer
{
    /// <summary>Elements a block: large enough to pay for a fork, small enough to share two million parameters among cores.</summary>
    private const int BlockLength = 16 * 1024;

    private readonly Dictionary<Parameter, Moments> _moments;
    private double _learningRate;

    private protected Optimizer(
        IEnumerable<Parameter> parameters, double learningRate, double beta1, double beta2, double epsilon, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        RequireRange(beta1 is >= 0 and < 1, nameof(beta1), "in [0, 1)", beta1);
        RequireRange(beta2 is >= 0 and < 1, nameof(beta2), "in [0, 1)", beta2);
        RequireRange(double.IsFinite(epsilon) && epsilon >= 0, nameof(epsilon), "at least 0", epsilon);
        RequireRange(double.IsFinite(weightDecay) && weightDecay >= 0, nameof(weightDecay), "at least 0", weightDecay);
        _moments = [];
        foreach (Parameter parameter in parameters)
        {
            if (!_moments.TryAdd(parameter, new Moments()))
            {
                throw new ArgumentException($"{GetType().Name}: parameter {parameter.Name} {parameter.Shape} is given twice", nameof(parameters));
            }
        }

        if (_moments.Count == 0)
        {
            throw new ArgumentException($"{GetType().Name}: parameters is empty; there is nothing to learn", nameof(parameters));
        }

        LearningRate = learningRate;
        Beta1 = beta1;
        Beta2 = beta2;
        Epsilon = epsilon;
        WeightDecay = weightDecay;
    }

    /// <summary>The step length; a schedule sets it between epochs.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative or non-finite number.</exception>
    public double LearningRate
    {
        get => _learningRate;
        set
        {
            RequireRange(double.IsFinite(value) && value >= 0, nameof(LearningRate), "at least 0", value);
            _learningRate = value;
        }
    }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; }

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; }

    /// <summary>Keeps the step finite where the second moment vanishes.</summary>
    public double Epsilon { get; }

    /// <summary>L2 weight decay, added to the gradient.</summary>
    public double WeightDecay { get; }

    /// <summary>Name of the first moment in the state, as in PyTorch.</summary>
    private protected static string FirstName => "exp_avg";

    /// <summary>Name of the second moment in the state, as in PyTorch.</summary>
    private protected abstract string SecondName { get; }

    /// <summary>Changes every parameter that has a gradient.</summary>
    /// <param name="gradients">What <see cref="Tensor.Backward"/> gave, perhaps clipped.</param>
    /// <exception cref="ArgumentException">No parameter of this optimizer has a gradient.</exception>
    public void Step(Gradients gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);

        // What the step's graph held is unreachable now. Its buffers come back before they grow old, and values without a graph on them
        // can be written in place. Generation 1 too: what is still held here (these gradients, the loss) survives this collection and
        // would otherwise stay behind, a step's worth each time.
        BufferPool.CollectUnreachable(1);
        var blocks32 = new List<Block<float>>();
        var blocks64 = new List<Block<double>>();
        var alive = new List<Tensor>();
        foreach ((Parameter parameter, Moments moments) in _moments)
        {
            if (!gradients.TryGetValue(parameter, out Tensor? gradient))
            {
                continue;
            }

            Tensor contiguous = gradient.Contiguous();
            alive.Add(contiguous);
            moments.Steps++;
            if (parameter.DType == DType.Float32)
            {
                Cut(blocks32, parameter, contiguous, moments);
            }
            else
            {
                Cut(blocks64, parameter, contiguous, moments);
            }
        }

        if (alive.Count == 0)
        {
            throw new ArgumentException(
                $"{GetType().Name}.Step: none of the {_moments.Count} parameters has a gradient; was the loss computed from this model, outside NoGrad?",
                nameof(gradients));
        }

        Run(blocks32);
        Run(blocks64);
        GC.KeepAlive(alive);
    }

    /// <summary>The moments and counts of steps by parameter, under PyTorch's names: <c>NAME.exp_avg</c> and so on.</summary>
    /// <param name="parameters">The parameters with the names to use; each must belong to this optimizer.</param>
    public StateDictionary State(IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var state = new StateDictionary();
        foreach ((string name, Parameter parameter) in parameters)
        {
            Moments moments = MomentsOf(name, parameter);
            state.Add($"{name}.step", moments.Steps);
            if (moments.Steps > 0)
            {
                state.Add($"{name}.{FirstName}", moments.Export(moments.First!, parameter.Shape));
                state.Add($"{name}.{SecondName}", moments.Export(moments.Second!, parameter.Shape));
            }
        }

        return state;
    }

    /// <summary>Takes back what <see cref="State"/> gave: all of it, or nothing if it does not fit.</summary>
    /// <param name="state">The moments and counts.</param>
    /// <param name="parameters">The parameters with the names they have in it.</param>
    /// <exception cref="InvalidDataException">
    /// Entries are missing, unknown, or have another shape or type than their parameter; the message lists them.
    /// </exception>
    public void LoadState(StateDictionary state, IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(parameters);
        var reader = new OptimizerStateReader(state);
        var loaded = new List<(Moments Target, long Steps, Array? First, Array? Second)>();
        foreach ((string name, Parameter parameter) in parameters)
        {
            Moments target = MomentsOf(name, parameter);
            long steps = reader.Count($"{name}.step");
            loaded.Add(steps > 0
                ? (target, steps, reader.Moment($"{name}.{FirstName}", parameter), reader.Moment($"{name}.{SecondName}", parameter))
                : (target, steps, null, null));
        }

        reader.ThrowIfUnfit();
        foreach ((Moments target, long steps, Array? first, Array? second) in loaded)
        {
            (target.Steps, target.First, target.Second) = (steps, first, second);
        }
    }

    /// <summary>One block of one parameter: values, gradient, moments, the number of this step (from 1).</summary>
    private protected abstract void Update<T>(Span<T> value, ReadOnlySpan<T> gradient, Span<T> first, Span<T> second, long step)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>;

    private static void RequireRange(bool condition, string name, string expected, double actual)
    {
        if (!condition)
        {
            throw new ArgumentOutOfRangeException(name, FormattableString.Invariant($"Optimizer: {name} must be {expected}; got {actual}"));
        }
    }

    private static unsafe void Cut<T>(List<Block<T>> blocks, Parameter parameter, Tensor gradient, Moments moments)
        where T : unmanaged
    {
        T[] first = moments.FirstOf<T>(parameter.Shape.ElementCount);
        T[] second = moments.SecondOf<T>(parameter.Shape.ElementCount);
        Span<T> value = parameter.WritableSpan<T>();
        ReadOnlySpan<T> slope = gradient.Span<T>();

        // The storages are pinned, and the parameter and the list of gradients keep them.
        var valueStart = (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(value));
        var slopeStart = (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(slope));
        for (int start = 0; start < value.Length; start += BlockLength)
        {
            int length = Math.Min(BlockLength, value.Length - start);
            blocks.Add(new Block<T>(valueStart + start, slopeStart + start, first, second, start, length, moments.Steps));
        }
    }

    private unsafe void Run<T>(List<Block<T>> blocks)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T> =>
        Workers.For(blocks.Count, index =>
        {
            Block<T> block = blocks[index];
            Update(
                new Span<T>(block.Value, block.Length),
                new ReadOnlySpan<T>(block.Gradient, block.Length),
                block.First.AsSpan(block.Start, block.Length),
                block.Second.AsSpan(block.Start, block.Length),
                block.Step);
        });

    private Moments MomentsOf(string name, Parameter parameter) =>
        _moments.TryGetValue(parameter, out Moments? moments)
            ? moments
            : throw new ArgumentException($"{GetType().Name}: parameter {name} {parameter.Shape} does not belong to this optimizer");

    private readonly unsafe struct Block<T>(T* value, T* gradient, T[] first, T[] second, int start, int length, long step)
        where T : unmanaged
    {
        public readonly T* Value = value;
        public readonly T* Gradient = gradient;
        public readonly T[] First = first;
        public readonly T[] Second = second;
        public readonly int Start = start;
        public readonly int Length = length;
        public readonly long Step = step;
    }

    private sealed class Moments
    {
        public Array? First { get; set; }

        public Array? Second { get; set; }

        public long Steps { get; set; }

        public T[] FirstOf<T>(int count) => (T[])(First ??= new T[count]);

        public T[] SecondOf<T>(int count) => (T[])(Second ??= new T[count]);

        public Tensor Export(Array moment, Shape shape) => moment switch
        {
            float[] single => Tensor.FromSpan<float>(single, shape),
            double[] exact => Tensor.FromSpan<double>(exact, shape),
            _ => throw new InvalidOperationException($"moment of {moment.GetType()}"),
        };
    }
}
