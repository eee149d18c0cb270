namespace Exponential.Nn;

/// <summary>A certified bound on the 2-norm of a parameter's convolution, computed again only when the parameter has changed.</summary>
internal sealed class KernelNormBound(Parameter kernel, int height, int width)
{
    private (Storage Storage, long Version)? _key;
    private double _bound;

    public double Value()
    {
        if (_key != kernel.Key)
        {
            _bound = Convolution.NormOf(kernel.Value, height, width);
            _key = kernel.Key;
        }

        return _bound;
    }
}
