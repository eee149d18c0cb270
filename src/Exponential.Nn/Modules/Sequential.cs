namespace Exponential.Nn;

/// <summary>Networks one after the other; their state names are <c>0</c>, <c>1</c>, and so on.</summary>
/// <remarks>A <see cref="Conv2d"/> with a <see cref="ReLU"/> behind it is one operation, which keeps nothing of what lies between.</remarks>
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
        for (int i = 0; i < _layers.Count; i++)
        {
            // A check of every module's output needs every module's output.
            if (!FiniteChecks.Enabled && _layers[i] is Conv2d convolution && i + 1 < _layers.Count && _layers[i + 1] is ReLU)
            {
                x = convolution.ForwardRectified(x);
                i++;
            }
            else
            {
                x = _layers[i].Forward(x);
            }
        }

        return x;
    }
}
