namespace Exponential.Nn;

/// <summary>
/// A part of a model that owns parameters, buffers and other modules. Each is registered once, by an explicit call with its name, in the
/// constructor; nothing is found by reflection. Full names join the levels by dots: <c>transformations.3.nn.first.weight</c>.
/// </summary>
/// <remarks>A module is not safe for use by several threads at once while it is in training mode.</remarks>
public abstract class Module
{
    private readonly List<(string Name, Parameter Value)> _parameters = [];
    private readonly List<(string Name, StateBuffer Value)> _buffers = [];
    private readonly List<(string Name, IntegerBuffer Value)> _integers = [];
    private readonly List<(string Name, Generator Value)> _generators = [];
    private readonly List<(string Name, Module Value)> _children = [];

    /// <summary>Whether the module is in training mode, as it is when made: dropout drops, power iterations move.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>This module and all below it, with their full names; this one's name is empty.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules()
    {
        yield return ("", this);
        foreach ((string name, Module child) in _children)
        {
            foreach ((string inner, Module module) in child.NamedModules())
            {
                yield return (Join(name, inner), module);
            }
        }
    }

    /// <summary>All parameters with their full names; one that two modules share appears once.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters()
    {
        var seen = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
        foreach ((string name, Module module) in NamedModules())
        {
            foreach ((string inner, Parameter parameter) in module._parameters)
            {
                if (seen.Add(parameter))
                {
                    yield return (Join(name, inner), parameter);
                }
            }
        }
    }

    /// <summary>All parameters, in the order of <see cref="NamedParameters"/>.</summary>
    public IEnumerable<Parameter> Parameters() => NamedParameters().Select(item => item.Parameter);

    /// <summary>
    /// The random generators that modules draw from while they run (dropout's), with full names. They are no part of <see cref="State"/>;
    /// a checkpoint that continues a run stores their offsets.
    /// </summary>
    public IEnumerable<(string Name, Generator Generator)> NamedGenerators() =>
        NamedModules().SelectMany(item => item.Module._generators.Select(entry => (Join(item.Name, entry.Name), entry.Value)));

    /// <summary>All buffers, in the order of registration.</summary>
    internal IEnumerable<StateBuffer> Buffers() => NamedModules().SelectMany(item => item.Module._buffers.Select(entry => entry.Value));

    /// <summary>All whole numbers of the state, in the order of registration.</summary>
    internal IEnumerable<IntegerBuffer> Integers() => NamedModules().SelectMany(item => item.Module._integers.Select(entry => entry.Value));

    /// <summary>The number of trained values: the elements of all parameters.</summary>
    public long ParameterCount() => Parameters().Sum(parameter => (long)parameter.Value.ElementCount);

    /// <summary>Turns training mode on, here and below.</summary>
    public void Train() => SetTraining(true);

    /// <summary>Turns training mode off, here and below.</summary>
    public void Eval() => SetTraining(false);

    /// <summary>Converts every parameter and buffer to an element type.</summary>
    public void To(DType dtype)
    {
        foreach ((_, Module module) in NamedModules())
        {
            foreach ((_, Parameter parameter) in module._parameters)
            {
                parameter.Convert(dtype);
            }

            foreach ((_, StateBuffer buffer) in module._buffers)
            {
                buffer.Value = buffer.Value.To(dtype);
            }
        }
    }

    /// <summary>All parameters and buffers under their full names.</summary>
    public StateDictionary State()
    {
        var state = new StateDictionary();
        foreach ((string name, Module module) in NamedModules())
        {
            module._parameters.ForEach(entry => state.Add(Join(name, entry.Name), entry.Value.Value.Detach()));
            module._buffers.ForEach(entry => state.Add(Join(name, entry.Name), entry.Value.Value));
            module._integers.ForEach(entry => state.Add(Join(name, entry.Name), entry.Value.Value));
        }

        return state;
    }

    /// <summary>
    /// Takes over a state by name. Element types are converted to those of the module, and a tensor [1] stands for a scalar. If anything
    /// does not fit, nothing is changed.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// Entries are missing, unknown or of another shape, or a constant has other values; the message lists them.
    /// </exception>
    public void LoadState(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var loader = new StateLoader(state);
        foreach ((string name, Module module) in NamedModules())
        {
            module._parameters.ForEach(entry => loader.Tensor(Join(name, entry.Name), entry.Value.Value, value => entry.Value.Value = value));
            module._buffers.ForEach(entry => loader.Buffer(Join(name, entry.Name), entry.Value));
            module._integers.ForEach(entry => loader.Integer(Join(name, entry.Name), value => entry.Value.Value = value));
        }

        loader.Commit(GetType().Name);
    }

    /// <summary>Registers a trained tensor.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    protected Parameter AddParameter(string name, Tensor initial)
    {
        CheckFree(name);
        var parameter = new Parameter(initial) { Name = name };
        _parameters.Add((name, parameter));
        return parameter;
    }

    /// <summary>Registers a tensor that is state but not trained.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    protected StateBuffer AddBuffer(string name, Tensor initial)
    {
        CheckFree(name);
        var buffer = new StateBuffer(initial);
        _buffers.Add((name, buffer));
        return buffer;
    }

    /// <summary>Registers a tensor that is state but never changes, such as a mask: a state to be loaded must hold the same values.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    protected StateBuffer AddConstant(string name, Tensor value)
    {
        StateBuffer buffer = AddBuffer(name, value);
        buffer.IsConstant = true;
        return buffer;
    }

    /// <summary>Registers a whole number that is state.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    protected IntegerBuffer AddInteger(string name, long initial)
    {
        CheckFree(name);
        var integer = new IntegerBuffer(initial);
        _integers.Add((name, integer));
        return integer;
    }

    /// <summary>Registers a random generator that the module draws from while it runs.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    protected Generator AddGenerator(string name, Generator generator)
    {
        CheckFree(name);
        _generators.Add((name, generator));
        return generator;
    }

    /// <summary>Registers a module below this one. Under an empty name its entries appear among this module's own.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    protected T AddModule<T>(string name, T child)
        where T : Module
    {
        ArgumentNullException.ThrowIfNull(child);
        CheckFree(name);
        _children.Add((name, child));
        foreach ((string inner, Parameter parameter) in child.NamedParameters())
        {
            parameter.Name = Join(name, inner);
        }

        return child;
    }

    private static string Join(string outer, string inner) => outer.Length == 0 ? inner : inner.Length == 0 ? outer : $"{outer}.{inner}";

    private void SetTraining(bool training)
    {
        foreach ((_, Module module) in NamedModules())
        {
            module.Training = training;
        }
    }

    private void CheckFree(string name)
    {
        IEnumerable<string> taken = _parameters.Select(entry => entry.Name)
            .Concat(_buffers.Select(entry => entry.Name))
            .Concat(_integers.Select(entry => entry.Name))
            .Concat(_generators.Select(entry => entry.Name))
            .Concat(_children.Select(entry => entry.Name));
        if (taken.Contains(name))
        {
            throw new ArgumentException($"{GetType().Name}: the name '{name}' is registered already", nameof(name));
        }
    }
}
