namespace Exponential;

/// <summary>
/// Collects the tensors that a derivative, a network or an optimizer's step makes on the way, and gives all but its results back at once
/// instead of waiting for finalisers; a graph holds what it needs by itself. Only code that keeps no other handle may run inside.
/// </summary>
internal sealed class TemporaryScope : IDisposable
{
    [ThreadStatic]
    private static TemporaryScope? _current;

    private readonly List<Tensor> _made = [];
    private TemporaryScope? _outer;

    private TemporaryScope()
    {
    }

    public static TemporaryScope Begin()
    {
        var scope = new TemporaryScope { _outer = _current };
        _current = scope;
        return scope;
    }

    public static void Register(Tensor tensor) => _current?._made.Add(tensor);

    /// <summary>Lets a result survive the scope. Constant time for the most recent tensors.</summary>
    public void Keep(Tensor tensor)
    {
        int index = _made.LastIndexOf(tensor);
        if (index >= 0)
        {
            _made.RemoveAt(index);
            _outer?._made.Add(tensor);
        }
    }

    /// <summary>Whether the scope made this tensor.</summary>
    public bool Contains(Tensor tensor) => _made.LastIndexOf(tensor) >= 0;

    public void Dispose()
    {
        _current = _outer;
        foreach (Tensor tensor in _made)
        {
            tensor.Release();
        }

        _made.Clear();
    }
}
