namespace Exponential.Nn;

/// <summary>
/// A certified bound on the 2-norm of a parameter's convolution, computed again only when the parameter has changed: quickly in training,
/// where that is at every step, and tightly in evaluation.
/// </summary>
/// <remarks>It depends on the parameter alone and not on bounds before it, so that a resumed training takes the same terms.</remarks>
internal sealed class KernelNormBound(Parameter kernel, int height, int width)
{
    private (Storage Storage, long Version, BoundEffort Effort)? _key;
    private double _bound;

    public double Value(bool training)
    {
        BoundEffort effort = training ? BoundEffort.Quick : BoundEffort.Tight;
        (Storage storage, long version) = kernel.Key;
        if (_key != (storage, version, effort))
        {
            _bound = Convolution.NormOf(kernel.Value, height, width, effort);
            _key = (storage, version, effort);
        }

        return _bound;
    }
}
