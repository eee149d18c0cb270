namespace Exponential;

/// <summary>Derivatives of functions of tensors, and the switch that stops recording.</summary>
public static partial class Autograd
{
    [ThreadStatic]
    private static int _paused;

    internal static bool IsRecording => _paused == 0;

    /// <summary>
    /// Stops recording on this thread until the scope is disposed: values only, no graph, no memory held for a backward pass.
    /// </summary>
    public static NoGradScope NoGrad() => new();

    /// <summary>
    /// The gradients of an output with respect to some tensors of its graph, contracted with a cotangent: v^T dy/dx.
    /// </summary>
    /// <param name="output">A tensor with a graph.</param>
    /// <param name="inputs">Leaves or intermediate tensors of that graph.</param>
    /// <param name="cotangent">The cotangent v of the output's shape; ones when absent.</param>
    /// <param name="createGraph">Whether the gradients can be differentiated again; the graph then stays usable.</param>
    /// <returns>One gradient an input; zeros where the output does not depend on it.</returns>
    /// <exception cref="InvalidOperationException">The output has no graph, or its graph was consumed.</exception>
    /// <exception cref="ArgumentException">An input has no graph, or the cotangent has another shape.</exception>
    public static Tensor[] Gradient(Tensor output, ReadOnlySpan<Tensor> inputs, Tensor? cotangent = null, bool createGraph = false) =>
        GradientSince(0, output, inputs, cotangent, createGraph);

    /// <summary>The same where paths end at operations that are not younger than the node of number <paramref name="since"/>.</summary>
    internal static Tensor[] GradientSince(long since, Tensor output, ReadOnlySpan<Tensor> inputs, Tensor? cotangent, bool createGraph)
    {
        var wanted = new Dictionary<(GraphNode, int), Tensor?>();
        foreach (Tensor input in inputs)
        {
            GraphNode node = input.Node ?? throw new ArgumentException($"Gradient: input {input.Shape} has no graph; make a leaf of it with WithGradient()");
            wanted[(node, input.OutputIndex)] = null;
        }

        BackwardPass.Run(output, CheckedCotangent("Gradient", output, cotangent), wanted, createGraph, consume: !createGraph, since);
        var gradients = new Tensor[inputs.Length];
        for (int index = 0; index < inputs.Length; index++)
        {
            gradients[index] = wanted[(inputs[index].Node!, inputs[index].OutputIndex)] ?? inputs[index].ZerosLike();
        }

        return gradients;
    }

    /// <summary>The vector-Jacobian product v^T df/dx.</summary>
    /// <param name="f">A differentiable function.</param>
    /// <param name="x">Where to differentiate.</param>
    /// <param name="cotangent">The vector v, of the shape of f(x).</param>
    /// <returns>The value f(x) and the product, of the shape of x.</returns>
    public static (Tensor Value, Tensor Product) Vjp(Func<Tensor, Tensor> f, Tensor x, Tensor cotangent)
    {
        ArgumentNullException.ThrowIfNull(f);
        using RecordingScope recording = Recording(true);
        Tensor leaf = x.WithGradient();
        Tensor y = f(leaf);
        Tensor value = y.Detach();
        return (value, y.RequiresGradient ? Gradient(y, [leaf], cotangent)[0] : x.ZerosLike());
    }

    /// <summary>The Jacobian-vector product df/dx v, by differentiating the vector-Jacobian product, which is linear in its cotangent.</summary>
    /// <param name="f">A twice differentiable function.</param>
    /// <param name="x">Where to differentiate.</param>
    /// <param name="tangent">The vector v, of the shape of x.</param>
    /// <returns>The value f(x) and the product, of the shape of f(x).</returns>
    public static (Tensor Value, Tensor Product) Jvp(Func<Tensor, Tensor> f, Tensor x, Tensor tangent)
    {
        ArgumentNullException.ThrowIfNull(f);
        using RecordingScope recording = Recording(true);
        Tensor leaf = x.WithGradient();
        Tensor y = f(leaf);
        Tensor value = y.Detach();
        if (!y.RequiresGradient)
        {
            return (value, y.ZerosLike());
        }

        Tensor dual = y.ZerosLike().WithGradient();
        Tensor product = Gradient(y, [leaf], dual, createGraph: true)[0];
        return (value, product.RequiresGradient ? Gradient(product, [dual], tangent)[0] : y.ZerosLike());
    }

    /// <summary>The dense Jacobian [m, n] of a function of n numbers with m results, row by row. For tests and small functions.</summary>
    public static Tensor Jacobian(Func<Tensor, Tensor> f, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(f);
        using RecordingScope recording = Recording(true);
        Tensor leaf = x.WithGradient();
        Tensor y = f(leaf);
        int m = y.ElementCount;
        if (!y.RequiresGradient)
        {
            return Tensor.Zeros([m, x.ElementCount], x.DType);
        }

        Tensor identity = Tensor.Eye(m, y.DType);
        var rows = new Tensor[m];
        for (int row = 0; row < m; row++)
        {
            var wanted = new Dictionary<(GraphNode, int), Tensor?> { [(leaf.Node!, 0)] = null };
            BackwardPass.Run(y, identity.Narrow(0, row, 1).Reshape(y.Shape), wanted, createGraph: false, consume: false);
            rows[row] = (wanted[(leaf.Node!, 0)] ?? x.ZerosLike()).Reshape([1, x.ElementCount]);
        }

        return m == 0 ? Tensor.Zeros([0, x.ElementCount], x.DType) : Tensor.Cat(rows, 0);
    }

    internal static Tensor CheckedCotangent(string operation, Tensor output, Tensor? cotangent)
    {
        if (output.Node is null)
        {
            throw new InvalidOperationException($"{operation}: {output.Shape} has no graph; nothing that it was computed from requires a gradient");
        }

        if (cotangent is null)
        {
            return output.OnesLike();
        }

        if (cotangent.Shape != output.Shape || cotangent.DType != output.DType)
        {
            throw new ArgumentException($"{operation}: the cotangent is {cotangent.DType} {cotangent.Shape}; the output is {output.DType} {output.Shape}");
        }

        return cotangent;
    }

    internal static RecordingScope Recording(bool on) => new(on);

    /// <summary>Sets whether operations are recorded until it is disposed.</summary>
    internal readonly ref struct RecordingScope
    {
        private readonly int _before;

        public RecordingScope(bool on)
        {
            _before = _paused;
            _paused = on ? 0 : 1;
        }

        public void Dispose() => _paused = _before;
    }

    /// <summary>While it lives, operations on its thread are not recorded.</summary>
    public sealed class NoGradScope : IDisposable
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private bool _disposed;

        internal NoGradScope() => _paused++;

        /// <summary>Resumes recording.</summary>
        /// <exception cref="InvalidOperationException">Called on another thread than the one that opened the scope.</exception>
        public void Dispose()
        {
            if (_disposed)
            {
                return;
            }

            if (_thread != Environment.CurrentManagedThreadId)
            {
                throw new InvalidOperationException("NoGrad: the scope was opened on another thread; dispose it there (no await inside)");
            }

            _disposed = true;
            _paused--;
        }
    }
}
