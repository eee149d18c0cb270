namespace Exponential;

/// <summary>The fused passes of the page; see <see cref="IFusedPasses"/>.</summary>
internal sealed unsafe partial class CpuBackend
{
    void IFusedPasses.Coupling(Operand x, Operand h, bool inverse, Operand z, Operand logDet)
    {
        CouplingGeometry geometry = Geometry(x);
        if (x.DType == DType.Float32)
        {
            CouplingKernels.Apply(geometry, Items<float>(x), Items<float>(h), inverse, P<float>(z), P<float>(logDet));
        }
        else
        {
            CouplingKernels.Apply(geometry, Items<double>(x), Items<double>(h), inverse, P<double>(z), P<double>(logDet));
        }
    }

    void IFusedPasses.CouplingGradient(
        Operand x, Operand h, bool inverse, Operand zCotangent, Operand logDetCotangent, Operand xGradient, Operand hGradient)
    {
        CouplingGeometry geometry = Geometry(x);
        if (x.DType == DType.Float32)
        {
            CouplingKernels.Gradient(
                geometry, Items<float>(x), Items<float>(h), inverse, Items<float>(zCotangent), P<float>(logDetCotangent), P<float>(xGradient), P<float>(hGradient));
        }
        else
        {
            CouplingKernels.Gradient(
                geometry, Items<double>(x), Items<double>(h), inverse, Items<double>(zCotangent), P<double>(logDetCotangent), P<double>(xGradient), P<double>(hGradient));
        }
    }

    void IFusedPasses.Gate(Operand x, Operand y)
    {
        if (x.DType == DType.Float32)
        {
            GateKernels.Apply(y.ElementCount, ItemLength(y), Items<float>(x), P<float>(y));
        }
        else
        {
            GateKernels.Apply(y.ElementCount, ItemLength(y), Items<double>(x), P<double>(y));
        }
    }

    void IFusedPasses.GateGradient(Operand x, Operand cotangent, Operand xGradient)
    {
        int count = cotangent.ElementCount;
        if (x.DType == DType.Float32)
        {
            GateKernels.Gradient(count, ItemLength(cotangent), Items<float>(x), Items<float>(cotangent), P<float>(xGradient));
        }
        else
        {
            GateKernels.Gradient(count, ItemLength(cotangent), Items<double>(x), Items<double>(cotangent), P<double>(xGradient));
        }
    }

    void IFusedPasses.RectifierGradient(Operand cotangent, Operand value, Operand gradient, Operand sums)
    {
        (int batch, int channels, int plane) = (value.Shape[0], value.Shape[1], value.Shape[2..].ElementCount);
        if (value.DType == DType.Float32)
        {
            RectifierKernels.Gradient(batch, channels, plane, Items<float>(cotangent), Items<float>(value), P<float>(gradient), P<float>(sums));
        }
        else
        {
            RectifierKernels.Gradient(batch, channels, plane, Items<double>(cotangent), Items<double>(value), P<double>(gradient), P<double>(sums));
        }
    }

    void IFusedPasses.GaussianLogDensity(Operand x, Operand y)
    {
        if (x.DType == DType.Float32)
        {
            GaussianKernels.LogDensity(x.Shape[0], ItemLength(x), Items<float>(x), P<float>(y));
        }
        else
        {
            GaussianKernels.LogDensity(x.Shape[0], ItemLength(x), Items<double>(x), P<double>(y));
        }
    }

    void IFusedPasses.MultiplyAdd(Operand a, Operand b, Operand c, Operand y)
    {
        if (y.DType == DType.Float32)
        {
            MultiplyAddKernel.Run(P<float>(a), a.Layout, P<float>(b), b.Layout, P<float>(c), c.Layout, P<float>(y), y.Layout);
        }
        else
        {
            MultiplyAddKernel.Run(P<double>(a), a.Layout, P<double>(b), b.Layout, P<double>(c), c.Layout, P<double>(y), y.Layout);
        }
    }

    private static CouplingGeometry Geometry(Operand x) => new(x.Shape[0], x.Shape[1] / 2, x.Shape[2] * x.Shape[3]);

    private static int ItemLength(Operand operand) => operand.Shape[1..].ElementCount;

    private static Items<T> Items<T>(Operand operand)
        where T : unmanaged => new(P<T>(operand), operand.Layout.Strides[0]);
}
