using System.Numerics;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>y = a b + c of three operands stretched to one shape.</summary>
internal static unsafe class MultiplyAddKernel
{
    public static void Run<T>(T* a, Layout aLayout, T* b, Layout bLayout, T* c, Layout cLayout, T* y, Layout yLayout)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CollapsedAxes axes = CollapsedAxes.Of(yLayout.Shape, aLayout.Strides, bLayout.Strides, cLayout.Strides, yLayout.Strides);
        OperandRuns.For(default(Kernel<T>), axes, yLayout.Shape.ElementCount, a, b, c, y);
    }

    private readonly struct Kernel<T> : IRunKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        /// <summary>An operand of stride 0 is read again and again from a vector of its value.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(T* a, int aStride, T* b, int bStride, T* c, int cStride, T* y, int length)
        {
            int lanes = Vector<T>.Count;
            T* constants = stackalloc T[3 * lanes];
            new Vector<T>(*a).Store(constants);
            new Vector<T>(*b).Store(constants + lanes);
            new Vector<T>(*c).Store(constants + (2 * lanes));
            T* va = aStride == 0 ? constants : a;
            T* vb = bStride == 0 ? constants + lanes : b;
            T* vc = cStride == 0 ? constants + (2 * lanes) : c;
            nint i = 0;
            for (; i <= length - lanes; i += lanes)
            {
                VectorFunctions.MultiplyAdd(
                    Vector.Load(va + (i * aStride)), Vector.Load(vb + (i * bStride)), Vector.Load(vc + (i * cStride))).Store(y + i);
            }

            for (; i < length; i++)
            {
                y[i] = T.MultiplyAddEstimate(a[i * aStride], b[i * bStride], c[i * cStride]);
            }
        }
    }
}
