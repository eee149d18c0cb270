namespace Exponential;

public sealed partial class Tensor
{
    /// <summary>
    /// Differentiates this scalar with respect to every parameter and leaf it depends on, and consumes its graph: saved values are
    /// given back as the pass goes, and a second call throws.
    /// </summary>
    /// <param name="createGraph">Keeps the graph and records the derivative, so that the gradients can be differentiated again.</param>
    /// <returns>The gradients.</returns>
    /// <exception cref="InvalidOperationException">This is not a scalar, has no graph, or the graph was consumed.</exception>
    public Gradients Backward(bool createGraph = false)
    {
        if (ElementCount != 1)
        {
            throw new InvalidOperationException($"Backward: expects a scalar; this is {Shape}. Reduce it first, for example with Mean(), or use Autograd.Gradient");
        }

        return BackwardPass.Leaves(this, Autograd.CheckedCotangent("Backward", this, null), createGraph);
    }
}
