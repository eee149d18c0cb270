namespace Exponential;

/// <summary>
/// Collects the tensors that a derivative, or an optimizer's step, makes on the way, and gives all but its results back at once
/// instead of waiting for finalisers. Only code that keeps no other handle may run inside.
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

    /// <summary>
    /// A scope where nothing is recorded, so that memory is used again while it lies in the cache; null where something is, for the graph keeps
    /// most of what is made.
    /// </summary>
    public static TemporaryScope? BeginUnrecorded() => Autograd.IsRecording ? null : Begin();

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
