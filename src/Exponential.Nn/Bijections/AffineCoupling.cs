namespace Exponential.Nn;

/// <summary>
/// An affine coupling (Dinh, Sohl-Dickstein and Bengio 2017): the first half of the channels, x1, stays and decides how the second half is
/// scaled and moved. With h the network's output, z2 = x2 s + t, ln s = 2 tanh(h_s / 2), h_s the even channels of h and t the odd ones.
/// ln |det| is the sum of ln s, which stays within ±2 an element.
/// </summary>
public sealed class AffineCoupling : Bijection
{
    private readonly Shape _eventShape;
    private readonly Network _nn;

    /// <summary>Makes the coupling; the network's state lies under <c>nn</c>.</summary>
    /// <param name="eventShape">[C, H, W] with an even C.</param>
    /// <param name="network">Maps [B, C/2 + context, H, W] to [B, C, H, W]; a <see cref="DenseInResidualNet"/>, say.</param>
    /// <param name="contextChannels">The channels c of the context [B, c, H, W] appended to x1; 0 for none.</param>
    /// <exception cref="ArgumentException">The event shape is not an image of an even number of channels.</exception>
    public AffineCoupling(Shape eventShape, Network network, int contextChannels = 0)
    {
        AtLeast.Zero(contextChannels, nameof(AffineCoupling));
        RequireImage(eventShape);
        if (eventShape[0] % 2 != 0)
        {
            throw new ArgumentException($"AffineCoupling: the channels must be even, to be halved; the event shape is {eventShape}");
        }

        _eventShape = eventShape;
        _nn = AddModule("nn", network);
        ContextChannels = contextChannels;
    }

    /// <inheritdoc/>
    public override Shape? EventShape => _eventShape;

    /// <inheritdoc/>
    public override int ContextChannels { get; }

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) ForwardCore(Tensor x, Tensor? context) =>
        FusedOps.AffineCoupling(x, ScaleAndTranslation(x, context), inverse: false);

    /// <inheritdoc/>
    protected override (Tensor Value, Tensor LogDet) InverseCore(Tensor z, Tensor? context) =>
        FusedOps.AffineCoupling(z, ScaleAndTranslation(z, context), inverse: true);

    /// <summary>h, from the channels that stay.</summary>
    private Tensor ScaleAndTranslation(Tensor x, Tensor? context)
    {
        Tensor kept = x.Narrow(1, 0, _eventShape[0] / 2);
        if (context is not null && (context.Rank != 4 || context.Shape[2..] != _eventShape[1..]))
        {
            throw new ArgumentException(
                $"AffineCoupling: context must be [{kept.Shape[0]}, {ContextChannels}, {_eventShape[1]}, {_eventShape[2]}]; it is {context.Shape}",
                nameof(context));
        }

        Tensor h = _nn.Forward(context is null ? kept : Tensor.Cat([kept, context], 1));
        Shape expected = [kept.Shape[0], .. _eventShape];
        return h.Shape == expected ? h : throw new ArgumentException($"AffineCoupling: the network must give {expected}; it gave {h.Shape}");
    }
}
