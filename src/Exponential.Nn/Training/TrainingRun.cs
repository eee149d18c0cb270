namespace Exponential.Nn;

/// <summary>What a run changes as it goes: model, optimizer, generators, counters. A checkpoint holds it and restores it whole.</summary>
internal sealed class TrainingRun
{
    // Streams of the run's seed, in ASCII: each purpose draws from its own, so that none disturbs another.
    private const ulong WeightStream = 0x57454947_4854;    // WEIGHT
    private const ulong NoiseStream = 0x4E4F495345;        // NOISE
    private const ulong ValidationStream = 0x56414C4944;   // VALID
    private const ulong SampleStream = 0x53414D504C45;     // SAMPLE

    private readonly Generator _seed;
    private readonly LearningRateSchedule _schedule;

    /// <summary>A run at its start.</summary>
    /// <param name="settings">Its settings, valid.</param>
    /// <param name="imageShape">[C, H, W].</param>
    public TrainingRun(TrainingSettings settings, Shape imageShape)
    {
        Settings = settings;
        ImageShape = imageShape;
        _seed = new Generator(settings.Seed);
        _schedule = new LearningRateSchedule(settings.Warmup, settings.LearningRateDecay);
        Model = ModelFactory.Create(settings, imageShape, _seed.Fork(WeightStream));
        Noise = _seed.Fork(NoiseStream);
        Forward = new ForwardState(Model, Noise);
        Optimizer = settings.Optimizer == OptimizerKind.Adam
            ? new Adam(Model.Parameters(), settings.LearningRate, weightDecay: settings.WeightDecay)
            : new Adamax(Model.Parameters(), settings.LearningRate, weightDecay: settings.WeightDecay);
    }

    public TrainingSettings Settings { get; }

    public Shape ImageShape { get; }

    public ImageModel Model { get; }

    public Optimizer Optimizer { get; }

    /// <summary>Draws the dequantization noise of the training steps.</summary>
    public Generator Noise { get; }

    /// <summary>What the forward pass of a step changes.</summary>
    public ForwardState Forward { get; }

    public TrainingState State { get; private set; } = new();

    /// <summary>The learning rate of the current epoch.</summary>
    public double LearningRate => Settings.LearningRate * _schedule.Factor(State.Epoch);

    /// <summary>A generator of the noise of a validation, its own at each step.</summary>
    public Generator ValidationNoise() => _seed.Fork(ValidationStream).Fork((ulong)State.Step);

    /// <summary>A generator of sample grids: the same at each evaluation, so that a run's grids show one set of samples develop.</summary>
    public Generator Samples() => _seed.Fork(SampleStream);

    /// <summary>Notes in the state where generators and the checks of rebuilt inputs stand.</summary>
    public void CapturePositions()
    {
        State.NoiseOffset = Noise.Offset;
        State.Generators = Model.NamedGenerators().ToDictionary(
            item => item.Name, item => new GeneratorPosition(item.Generator.Seed, item.Generator.Offset));
        State.Recompute = Model.Flow.Rebuilding?.Position;
    }

    /// <summary>Goes on from a state; the model's and the optimizer's are loaded beside it.</summary>
    /// <exception cref="InvalidDataException">The state names other generators than the model has, or steps that it has not.</exception>
    public void Restore(TrainingState state)
    {
        foreach ((string name, Generator generator) in Model.NamedGenerators())
        {
            if (!state.Generators.TryGetValue(name, out GeneratorPosition position) || position.Seed != generator.Seed)
            {
                throw new InvalidDataException($"checkpoint: the position of generator {name} is missing or belongs to another seed");
            }

            generator.Offset = position.Offset;
        }

        if (state.Recompute is { } checks)
        {
            Model.Flow.Rebuilding?.Restore(checks);
        }

        Noise.Offset = state.NoiseOffset;
        State = state;
    }
}
