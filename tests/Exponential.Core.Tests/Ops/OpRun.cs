namespace Exponential.Core.Tests;

/// <summary>
/// An entry of the catalogue on one set of inputs. The loss is the sum of outputs times weights, so the weights are the cotangents;
/// its derivative in the direction of the tangents is what is differentiated a second time.
/// </summary>
internal sealed class OpRun
{
    private readonly OpEntry _entry;

    public OpRun(OpEntry entry, int number, DType dtype = DType.Float64, bool large = false)
    {
        var sampler = new Sampler($"{entry.Name}/{number}");
        _entry = entry;
        DType = dtype;
        Inputs = [.. (large ? entry.LargeCases : entry.Cases)[number](sampler).Select(input => input.Rounded(dtype))];
        Name = $"{entry.Name}, case {number} ({string.Join(" ", Inputs.Select(input => input.ToString()))}), {dtype}, {sampler}";
        Tensor[] outputs = entry.Function(Tensors(Inputs));
        Outputs = [.. outputs.Select(NaiveArray.Of)];
        HasGraph = [.. outputs.Select(output => output.RequiresGradient)];

        // Numbers that float32 holds, so that both element types compute with the same.
        Weights = [.. Outputs.Select(output => sampler.Normal(output.Shape).Rounded(DType.Float32))];
        Tangents = [.. Inputs.Select(input => sampler.Normal(input.Shape).Rounded(DType.Float32))];
    }

    /// <summary>What a failure prints: entry, case, shapes, seed.</summary>
    public string Name { get; }

    public DType DType { get; }

    public NaiveArray[] Inputs { get; }

    public NaiveArray[] Outputs { get; }

    public bool[] HasGraph { get; }

    public NaiveArray[] Weights { get; }

    public NaiveArray[] Tangents { get; }

    /// <summary>The inputs that gradients flow to.</summary>
    public IEnumerable<int> Variables => Enumerable.Range(0, Inputs.Length).Where(input => !_entry.Constants.Contains(input));

    public static double Dot(NaiveArray a, NaiveArray b) => a.Values.Zip(b.Values, (x, y) => x * y).Sum();

    public static double AbsoluteDot(NaiveArray a, NaiveArray b) => a.Values.Zip(b.Values, (x, y) => Math.Abs(x * y)).Sum();

    public Tensor[] Tensors(NaiveArray[] inputs) =>
        [.. inputs.Select((input, index) => _entry.Constants.Contains(index) ? input.ToTensor(DType) : input.ToTensor(DType).WithGradient())];

    public double Loss(NaiveArray[] inputs)
    {
        using (Autograd.NoGrad())
        {
            Tensor[] outputs = _entry.Function(Tensors(inputs));
            return outputs.Select((output, index) => HasGraph[index] ? Dot(NaiveArray.Of(output), Weights[index]) : 0).Sum();
        }
    }

    /// <summary>The size of the loss's terms: what its rounding errors are relative to.</summary>
    public double LossScale() => Outputs.Select((output, index) => HasGraph[index] ? AbsoluteDot(output, Weights[index]) : 0).Sum();

    /// <summary>The gradients of the loss, zeros for inputs that have none. The inputs may go through a view first.</summary>
    public NaiveArray[] Gradients(NaiveArray[] inputs, NaiveArray[] weights, Func<Tensor[], Tensor[]>? views = null)
    {
        Tensor[] tensors = Tensors(inputs);
        Tensor loss = LossOf(views is null ? tensors : views(tensors), weights, out _);
        Tensor[] gradients = Autograd.Gradient(loss, Leaves(tensors));
        return Scattered(tensors, gradients);
    }

    /// <summary>The derivative of the loss in the direction of the tangents.</summary>
    public double Directional(NaiveArray[] inputs, NaiveArray[] weights) =>
        Gradients(inputs, weights).Select((gradient, input) => Dot(gradient, Tangents[input])).Sum();

    /// <summary>
    /// The gradients of <see cref="Directional"/>: with respect to the inputs the second derivative applied to the tangents, and with
    /// respect to the weights the Jacobian applied to them.
    /// </summary>
    public (NaiveArray[] Inputs, NaiveArray[] Weights) DirectionalGradients()
    {
        Tensor[] tensors = Tensors(Inputs);
        Tensor[] leaves = Leaves(tensors);
        Tensor loss = LossOf(tensors, Weights, out Tensor[] weights);
        Tensor[] gradients = Autograd.Gradient(loss, leaves, createGraph: true);
        Tensor directional = Tensor.Scalar(0, DType);
        int next = 0;
        foreach (int input in Variables)
        {
            directional += (gradients[next++] * Tangents[input].ToTensor(DType)).Sum();
        }

        // Without a graph the gradient is constant: its derivative is zero.
        Tensor[] second = directional.RequiresGradient
            ? Autograd.Gradient(directional, [.. leaves, .. weights])
            : [.. leaves.Concat(weights).Select(variable => variable.ZerosLike())];
        return (Scattered(tensors, second[..leaves.Length]), [.. second[leaves.Length..].Select(NaiveArray.Of)]);
    }

    private static Tensor[] Leaves(Tensor[] tensors) => [.. tensors.Where(tensor => tensor.RequiresGradient)];

    private static NaiveArray[] Scattered(Tensor[] tensors, Tensor[] gradients)
    {
        int next = 0;
        return [.. tensors.Select(tensor => NaiveArray.Of(tensor.RequiresGradient ? gradients[next++] : tensor.ZerosLike()))];
    }

    private Tensor LossOf(Tensor[] tensors, NaiveArray[] weights, out Tensor[] cotangents)
    {
        Tensor[] outputs = _entry.Function(tensors);
        cotangents = [.. outputs.Select((output, index) => weights[index].ToTensor(output.DType).WithGradient())];
        Tensor loss = Tensor.Scalar(0, outputs[0].DType);
        for (int output = 0; output < outputs.Length; output++)
        {
            if (HasGraph[output])
            {
                loss += (outputs[output] * cotangents[output]).Sum();
            }
        }

        return loss;
    }
}
