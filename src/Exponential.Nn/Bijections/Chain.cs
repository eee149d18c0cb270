namespace Exponential.Nn;

/// <summary>Bijections one after the other; log-determinants add up. Its state lies under <c>0</c>, <c>1</c>, and so on.</summary>
public sealed class Chain : Bijection
{
    private readonly List<Bijection> _bijections = [];

    /// <summary>Makes the composition, first bijection first.</summary>
    /// <exception cref="ArgumentException">There is none, or the event shapes do not follow from one another.</exception>
    public Chain(params ReadOnlySpan<Bijection> bijections)
    {
        if (bijections.IsEmpty)
        {
            throw new ArgumentException("Chain: there must be at least one bijection", nameof(bijections));
        }

        foreach (Bijection bijection in bijections)
        {
            _bijections.Add(AddModule($"{_bijections.Count}", bijection));
        }

        ContextChannels = ShapeInference.ContextChannels(nameof(Chain), _bijections.Select(bijection => bijection.ContextChannels));
        EventShape = ShapeInference.EventShape(_bijections);
    }

    /// <summary>The bijections, in order.</summary>
    public IReadOnlyList<Bijection> Bijections => _bijections;

    /// <inheritdoc/>
    public override Shape? EventShape { get; }

    /// <inheritdoc/>
    public override int ContextChannels { get; }

    /// <inheritdoc/>
    public override bool HasConstantLogDet => _bijections.TrueForAll(bijection => bijection.HasConstantLogDet);

    /// <inheritdoc/>
    public override InverseKind Kind => _bijections.Max(bijection => bijection.Kind);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _bijections.Aggregate(input, (shape, bijection) => bijection.OutputShape(shape));

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) =>
        Enumerable.Reverse(_bijections).Aggregate(output, (shape, bijection) => bijection.InputShape(shape));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        Compose(x, _bijections, (bijection, value) => bijection.Forward(value, bijection.ContextOf(context)));

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) =>
        Compose(z, Enumerable.Reverse(_bijections), (bijection, value) => bijection.Inverse(value, bijection.ContextOf(context)));

    private static (Tensor Value, Tensor LogDet) Compose(
        Tensor value, IEnumerable<Bijection> bijections, Func<Bijection, Tensor, (Tensor Value, Tensor LogDet)> apply)
    {
        Tensor? total = null;
        foreach (Bijection bijection in bijections)
        {
            (value, Tensor logDet) = apply(bijection, value);
            total = total is null ? logDet : total + logDet;
        }

        return (value, total!);
    }
}
