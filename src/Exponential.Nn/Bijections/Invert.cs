namespace Exponential.Nn;

/// <summary>A bijection gone the other way. Its state lies under <c>transform</c>.</summary>
public sealed class Invert : Bijection
{
    /// <summary>Turns a bijection around.</summary>
    public Invert(Bijection inner) => Inner = AddModule("transform", inner);

    /// <summary>The bijection turned around.</summary>
    public Bijection Inner { get; }

    /// <inheritdoc/>
    public override Shape? EventShape => Inner.EventShape is { } shape ? Inner.OutputShape(shape) : default(Shape?);

    /// <inheritdoc/>
    public override int ContextChannels => Inner.ContextChannels;

    /// <inheritdoc/>
    public override bool HasConstantLogDet => Inner.HasConstantLogDet;

    /// <inheritdoc/>
    public override InverseKind Kind => Inner.Kind;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => Inner.InputShape(input);

    /// <inheritdoc/>
    public override Shape InputShape(Shape output) => Inner.OutputShape(output);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) => Inner.Inverse(x, context);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) => Inner.Forward(z, context);
}
