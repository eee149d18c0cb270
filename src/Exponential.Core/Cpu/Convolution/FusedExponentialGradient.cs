using System.Numerics;

namespace Exponential;

/// <summary>The gradients of <see cref="FusedExponential{T, TProduct}"/>, in one pass over the batch.</summary>
/// <remarks>
/// For a few images at a time, in cache: the inputs of the steps, then for each step from the last, all Q_i and A_i (see
/// <see cref="ConvolutionExponentialKernels.Gradient{T}"/>) and one correlation over all i: long sums, and no kernel gradient read and
/// written for each term. A thread's scratch holds 2 terms + steps copies of those images, however large the batch. Blocks of the
/// batch have partial kernel gradients of their own, added in order.
/// </remarks>
internal static unsafe class FusedExponentialGradient<T, TProduct, TCorrelation>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TProduct : struct, IImageProduct<T, TCorrelation>
    where TCorrelation : struct, IImageCorrelation<T>
{
    /// <summary>The most bytes of the buffers of the images that are correlated at once, beyond one group of images.</summary>
    private const long MostBytes = 1 << 19;

    /// <summary>The gradients for x, or null, and for the kernel, of at least one term.</summary>
    public static void Run(
        in ConvolutionExponentialGeometry geometry, TProduct forward, TProduct adjoint, T* x, T factor, int terms, int steps, T* yBar,
        T* xBar, T* kernelBar)
    {
        ConvolutionGeometry g = geometry.Product;
        nint imageSize = (nint)g.InputChannels * g.InputPlane;
        int kernelSize = g.OutputChannels * g.Depth;
        int groupImages = forward.Images;
        int groups = (g.Batch + groupImages - 1) / groupImages;
        var partition = new BatchPartition(groups, kernelSize);
        using var partialMemory = new Scratch<T>((long)partition.Blocks * kernelSize);
        T* partial = partialMemory.Pointer;

        int mostGroups = (int)Math.Max(1, MostBytes / ((steps + 2 * terms) * forward.Size * sizeof(T)));
        KernelWork.For(3L * g.Batch * imageSize * g.Depth * terms * steps, partition.Blocks, block =>
        {
            int end = partition.Start(block + 1);
            using TCorrelation correlation = forward.Correlate();
            int groupsAtOnce = Math.Clamp(correlation.Enough / terms, 1, mostGroups);
            using var images = new ImageBuffers(forward, terms, steps, Math.Min(groupsAtOnce, end - partition.Start(block)));
            for (int start = partition.Start(block); start < end; start += groupsAtOnce)
            {
                int count = Math.Min(groupsAtOnce, end - start);
                for (int i = 0; i < count; i++)
                {
                    int image = (start + i) * groupImages;
                    images.Start(i, forward, x + image * imageSize, yBar + image * imageSize, Math.Min(groupImages, g.Batch - image));
                }

                for (int step = steps - 1; step >= 0; step--)
                {
                    for (int i = 0; i < count; i++)
                    {
                        images.Powers(i, step, forward);
                        images.Cotangents(i, adjoint);
                    }

                    correlation.Add(count * terms, images.Left, images.Right);
                    for (int i = 0; i < count && (step > 0 || xBar != null); i++)
                    {
                        images.StepBack(i, adjoint);
                    }
                }

                for (int i = 0; i < count && xBar != null; i++)
                {
                    int image = (start + i) * groupImages;
                    adjoint.Unpack(images.Cotangent(i), Math.Min(groupImages, g.Batch - image), xBar + image * imageSize);
                }
            }

            correlation.Finish(partial + (nint)block * kernelSize);
        });

        partition.Reduce(partial, factor, kernelBar);
    }

    /// <summary>The Q_i and A_i of some groups of images, their padding zero.</summary>
    private readonly struct ImageBuffers : IDisposable
    {
        private readonly int _terms;
        private readonly int _steps;
        private readonly T* _workspace;
        private readonly Scratch<T> _memory;
        private readonly Scratch<nint> _pointers;

        public ImageBuffers(in TProduct product, int terms, int steps, int groups)
        {
            _terms = terms;
            _steps = steps;
            int buffers = steps + 2 * terms;
            nint size = groups * buffers * product.Size;
            _memory = new Scratch<T>(size + product.Workspace);
            new Span<T>(_memory.Pointer, checked((int)size)).Clear();
            _workspace = _memory.Pointer + size;
            _pointers = new Scratch<nint>(groups * (buffers + 2L * terms));
            Left = (T**)_pointers.Pointer;
            Right = Left + groups * terms;
            Buffers = Right + groups * terms;
            for (int i = 0; i < groups * buffers; i++)
            {
                Buffers[i] = _memory.Pointer + i * product.Size;
            }
        }

        /// <summary>The A_i of all groups: [group, i].</summary>
        public T** Left { get; }

        /// <summary>The Q_i of all groups: [group, i].</summary>
        public T** Right { get; }

        /// <summary>[group, buffer]: the inputs of the steps, Q_2..Q_terms, A_terms..A_1, a spare one.</summary>
        private T** Buffers { get; }

        /// <summary>A_terms, the gradient for the result of the current step.</summary>
        public T* Cotangent(int group) => Buffer(group, _steps + _terms - 1);

        /// <summary>Computes the inputs of all steps and sets the cotangent.</summary>
        public void Start(int group, in TProduct forward, T* x, T* yBar, int images)
        {
            forward.Pack(x, images, Buffer(group, 0));
            for (int step = 1; step < _steps; step++)
            {
                FusedExponential<T, TProduct>.Step(
                    forward, _terms, Buffer(group, step - 1), Spare(group), Buffer(group, step), _workspace);
            }

            forward.Pack(yBar, images, Cotangent(group));
        }

        /// <summary>Q_1 = the step's input, Q_{i+1} = M Q_i / (i + 1).</summary>
        public void Powers(int group, int step, in TProduct forward)
        {
            T* q = Buffer(group, step);
            for (int i = 1; i <= _terms; i++)
            {
                Right[group * _terms + i - 1] = q;
                if (i < _terms)
                {
                    T* next = Buffer(group, _steps + i - 1);
                    forward.Multiply(q, null, T.One / T.CreateChecked(i + 1), next, _workspace);
                    q = next;
                }
            }
        }

        /// <summary>A_terms = the cotangent, A_{i-1} = cotangent + M* A_i / i.</summary>
        public void Cotangents(int group, in TProduct adjoint)
        {
            T* a = Cotangent(group);
            for (int i = _terms; i > 0; i--)
            {
                Left[group * _terms + i - 1] = a;
                if (i > 1)
                {
                    T* next = Buffer(group, _steps + 2 * _terms - i);
                    adjoint.Multiply(a, Cotangent(group), T.One / T.CreateChecked(i), next, _workspace);
                    a = next;
                }
            }
        }

        /// <summary>The cotangent becomes A_0, the gradient for the step's input.</summary>
        public void StepBack(int group, in TProduct adjoint)
        {
            adjoint.Multiply(Left[group * _terms], Cotangent(group), T.One, Spare(group), _workspace);
            int buffers = _steps + 2 * _terms;
            T** cotangent = Buffers + group * buffers + _steps + _terms - 1;
            T** spare = Buffers + group * buffers + buffers - 1;
            T* former = *cotangent;
            *cotangent = *spare;
            *spare = former;
        }

        public void Dispose()
        {
            _memory.Dispose();
            _pointers.Dispose();
        }

        private T* Buffer(int group, int index) => Buffers[group * (_steps + 2 * _terms) + index];

        private T* Spare(int group) => Buffer(group, _steps + 2 * _terms - 1);
    }
}
