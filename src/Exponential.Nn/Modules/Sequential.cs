namespace Exponential.Nn;

/// <summary>Networks one after the other; their state names are <c>0</c>, <c>1</c>, and so on.</summary>
public sealed class Sequential : Network
{
    private readonly List<Network> _layers = [];

    /// <summary>Makes the composition, first layer first.</summary>
    public Sequential(params ReadOnlySpan<Network> layers)
    {
        foreach (Network layer in layers)
        {
            _layers.Add(AddModule($"{_layers.Count}", layer));
        }
    }

    /// <inheritdoc/>
    protected override Tensor ForwardCore(Tensor x)
    {
        foreach (Network layer in _layers)
        {
            x = layer.Forward(x);
        }

        return x;
    }
}
