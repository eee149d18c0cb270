using System.Numerics;

namespace Exponential;

/// <summary>The gradients of <see cref="FusedExponential{T, TVector, TSimd}"/>, in one pass over the batch.</summary>
/// <remarks>
/// For a few images at a time, in cache: the inputs of the steps, then for each step from the last, all Q_i and A_i (see
/// <see cref="ConvolutionExponentialKernels.Gradient{T}"/>) and one correlation over all i: long sums, and no kernel gradient read and
/// written for each term. A thread's scratch holds 2 terms + steps copies of those images, however large the batch. Blocks of the
/// batch have partial kernel gradients of their own, added in order.
/// </remarks>
internal static unsafe class FusedExponentialGradient<T, TVector, TSimd>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSimd : struct, ISimd<T, TVector>
{
    /// <summary>The most bytes of the buffers of the images that are correlated at once, beyond one group of images.</summary>
    private const long MostBytes = 1 << 19;

    public static void Run(
        in ConvolutionExponentialGeometry geometry, T* x, T* kernel, double scale, int terms, int steps, T* yBar, T* xBar, T* kernelBar)
    {
        if (kernelBar == null)
        {
            if (xBar != null)
            {
                FusedExponential<T, TVector, TSimd>.Apply(geometry, yBar, kernel, scale, terms, steps, adjoint: true, xBar);
            }

            return;
        }

        if (terms == 0)
        {
            int values = checked(geometry.Batch * geometry.Channels * geometry.Height * geometry.Width);
            new Span<T>(kernelBar, geometry.Channels * geometry.Channels * geometry.KernelHeight * geometry.KernelWidth).Clear();
            if (xBar != null)
            {
                new ReadOnlySpan<T>(yBar, values).CopyTo(new Span<T>(xBar, values));
            }

            return;
        }

        ConvolutionGeometry g = geometry.Product;
        var layout = PaddedLayout.Input(g, TSimd.Count);
        T factor = T.CreateChecked(scale);
        using var forward = new ShiftedProduct<T, TVector, TSimd>(g, false, kernel, factor, null, layout, layout, layout);
        using var adjoint = new ShiftedProduct<T, TVector, TSimd>(g, true, kernel, factor, null, layout, layout, layout);
        using var correlation = new Correlation<T, TVector, TSimd>(g, layout, layout);
        nint imageSize = (nint)g.InputChannels * g.InputPlane;
        int kernelSize = g.OutputChannels * g.Depth;
        int groups = (g.Batch + layout.Lanes - 1) / layout.Lanes;
        var partition = new BatchPartition(groups, kernelSize);
        using var partialMemory = new Scratch<T>((long)partition.Blocks * kernelSize);
        T* partial = partialMemory.Pointer;

        int buffers = steps + 2 * terms;
        int groupsAtOnce = Math.Max(1, Correlation<T, TVector, TSimd>.EnoughVectors / (correlation.Vectors * terms));
        groupsAtOnce = (int)Math.Clamp(MostBytes / (buffers * layout.Size * sizeof(T)), 1, groupsAtOnce);

        KernelWork.For(3L * g.Batch * imageSize * g.Depth * terms * steps, partition.Blocks, block =>
        {
            T* sums = partial + (nint)block * kernelSize;
            new Span<T>(sums, kernelSize).Clear();
            int end = partition.Start(block + 1);
            using var images = new ImageBuffers(layout, terms, steps, Math.Min(groupsAtOnce, end - partition.Start(block)));
            for (int start = partition.Start(block); start < end; start += groupsAtOnce)
            {
                int count = Math.Min(groupsAtOnce, end - start);
                for (int i = 0; i < count; i++)
                {
                    int image = (start + i) * layout.Lanes;
                    int lanes = Math.Min(layout.Lanes, g.Batch - image);
                    images.Start(i, forward, x + image * imageSize, yBar + image * imageSize, lanes);
                }

                for (int step = steps - 1; step >= 0; step--)
                {
                    for (int i = 0; i < count; i++)
                    {
                        images.Powers(i, step, forward);
                        images.Cotangents(i, adjoint);
                    }

                    correlation.Accumulate(count * terms, images.Left, images.Right, .., .., sums);
                    for (int i = 0; i < count && (step > 0 || xBar != null); i++)
                    {
                        images.StepBack(i, adjoint);
                    }
                }

                for (int i = 0; i < count && xBar != null; i++)
                {
                    int image = (start + i) * layout.Lanes;
                    int lanes = Math.Min(layout.Lanes, g.Batch - image);
                    PaddedImages<T, TVector, TSimd>.Unpack(layout, images.Cotangent(i), lanes, xBar + image * imageSize);
                }
            }
        });

        partition.Reduce(partial, factor, kernelBar);
    }

    /// <summary>The Q_i and A_i of some groups of images, their padding zero.</summary>
    private readonly struct ImageBuffers : IDisposable
    {
        private readonly PaddedLayout _layout;
        private readonly int _terms;
        private readonly int _steps;
        private readonly Scratch<T> _memory;
        private readonly Scratch<nint> _pointers;

        public ImageBuffers(PaddedLayout layout, int terms, int steps, int groups)
        {
            _layout = layout;
            _terms = terms;
            _steps = steps;
            int buffers = steps + 2 * terms;
            _memory = new Scratch<T>(groups * buffers * layout.Size);
            new Span<T>(_memory.Pointer, checked((int)(groups * buffers * layout.Size))).Clear();
            _pointers = new Scratch<nint>(groups * (buffers + 2L * terms));
            Left = (T**)_pointers.Pointer;
            Right = Left + groups * terms;
            Buffers = Right + groups * terms;
            for (int i = 0; i < groups * buffers; i++)
            {
                Buffers[i] = _memory.Pointer + i * layout.Size;
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
        public void Start(int group, in ShiftedProduct<T, TVector, TSimd> forward, T* x, T* yBar, int images)
        {
            PaddedImages<T, TVector, TSimd>.Pack(_layout, x, images, Buffer(group, 0));
            for (int step = 1; step < _steps; step++)
            {
                FusedExponential<T, TVector, TSimd>.Step(
                    forward, _layout, _terms, Buffer(group, step - 1), Spare(group), Buffer(group, step));
            }

            PaddedImages<T, TVector, TSimd>.Pack(_layout, yBar, images, Cotangent(group));
        }

        /// <summary>Q_1 = the step's input, Q_{i+1} = M Q_i / (i + 1).</summary>
        public void Powers(int group, int step, in ShiftedProduct<T, TVector, TSimd> forward)
        {
            T* q = Buffer(group, step);
            for (int i = 1; i <= _terms; i++)
            {
                Right[group * _terms + i - 1] = q + _layout.Origin;
                if (i < _terms)
                {
                    T* next = Buffer(group, _steps + i - 1);
                    FusedExponential<T, TVector, TSimd>.Multiply(forward, _layout, q, null, T.One / T.CreateChecked(i + 1), next);
                    q = next;
                }
            }
        }

        /// <summary>A_terms = the cotangent, A_{i-1} = cotangent + M* A_i / i.</summary>
        public void Cotangents(int group, in ShiftedProduct<T, TVector, TSimd> adjoint)
        {
            T* a = Cotangent(group);
            for (int i = _terms; i > 0; i--)
            {
                Left[group * _terms + i - 1] = a + _layout.Origin;
                if (i > 1)
                {
                    T* next = Buffer(group, _steps + 2 * _terms - i);
                    FusedExponential<T, TVector, TSimd>.Multiply(adjoint, _layout, a, Cotangent(group), T.One / T.CreateChecked(i), next);
                    a = next;
                }
            }
        }

        /// <summary>The cotangent becomes A_0, the gradient for the step's input.</summary>
        public void StepBack(int group, in ShiftedProduct<T, TVector, TSimd> adjoint)
        {
            T* first = Left[group * _terms] - _layout.Origin;
            FusedExponential<T, TVector, TSimd>.Multiply(adjoint, _layout, first, Cotangent(group), T.One, Spare(group));
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
