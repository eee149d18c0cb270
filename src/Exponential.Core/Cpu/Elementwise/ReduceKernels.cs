using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>
/// Reductions of a row-major operand. Neighbouring axes of one kind are joined, so the shape becomes alternating kept and reduced
/// axes; the innermost run is then either folded to a number or added to a row of results. Folds are combined in double
/// precision, rows are added in the element type, both in a fixed order.
/// </summary>
internal static unsafe class ReduceKernels
{
    /// <summary>Elements that one fold takes at a time, so that the error of its running sums stays short.</summary>
    private const int FoldLength = 4096;

    /// <summary>Elements read before a second thread pays.</summary>
    private const int ParallelThreshold = 32768;

    public static void Run<T>(ReduceKind kind, T* x, Shape shape, T* y, Shape kept)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (shape.ElementCount == 0)
        {
            new Span<T>(y, kept.ElementCount).Clear();
            return;
        }

        var axes = JoinedAxes.Of(shape, kept);
        if (axes.InnerIsReduced)
        {
            FoldRuns(kind, x, axes, y);
        }
        else
        {
            AccumulateRows(kind, x, axes, y);
        }
    }

    /// <summary>The sum of some values, in four running sums of vectors: TensorPrimitives' one waits for each addition, and was a tenth slower.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Sum<T>(T* x, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Vector<T> sum0 = Vector<T>.Zero, sum1 = Vector<T>.Zero, sum2 = Vector<T>.Zero, sum3 = Vector<T>.Zero;
        int lanes = Vector<T>.Count;
        int i = 0;
        for (; i <= length - (4 * lanes); i += 4 * lanes)
        {
            sum0 += Vector.Load(x + i);
            sum1 += Vector.Load(x + i + lanes);
            sum2 += Vector.Load(x + i + (2 * lanes));
            sum3 += Vector.Load(x + i + (3 * lanes));
        }

        // Short runs are mostly what is left.
        for (; i <= length - lanes; i += lanes)
        {
            sum0 += Vector.Load(x + i);
        }

        T sum = Vector.Sum(sum0 + sum1 + (sum2 + sum3));
        for (; i < length; i++)
        {
            sum += x[i];
        }

        return sum;
    }

    private static void FoldRuns<T>(ReduceKind kind, T* x, JoinedAxes axes, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int inner = axes.Inner;
        if (axes.KeptCount == 1 && axes.ReducedCount == 1 && inner > ParallelThreshold)
        {
            int blocks = (inner + FoldLength - 1) / FoldLength;
            using var scratch = new Scratch<double>(blocks);
            double* partial = scratch.Pointer;
            ForBlocks(blocks, 16, block => partial[block] = Fold(kind, x + (block * FoldLength), Math.Min(FoldLength, inner - (block * FoldLength))));
            double total = partial[0];
            for (int block = 1; block < blocks; block++)
            {
                total = Combine(kind, total, partial[block]);
            }

            *y = T.CreateTruncating(total);
            return;
        }

        int perResult = axes.ReducedCount * inner;
        ForBlocks(axes.KeptCount, Math.Max(1, ParallelThreshold / perResult), result =>
        {
            T* origin = x + axes.KeptOffset(result);
            double total = 0;
            for (int reduced = 0; reduced < axes.ReducedCount; reduced++)
            {
                T* run = origin + axes.ReducedOffset(reduced);
                for (int done = 0; done < inner; done += FoldLength)
                {
                    double value = Fold(kind, run + done, Math.Min(FoldLength, inner - done));
                    total = reduced == 0 && done == 0 ? value : Combine(kind, total, value);
                }
            }

            y[result] = T.CreateTruncating(total);
        });
    }

    private static void AccumulateRows<T>(ReduceKind kind, T* x, JoinedAxes axes, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int ColumnBlock = 1024;
        int inner = axes.Inner;
        int columnBlocks = (inner + ColumnBlock - 1) / ColumnBlock;
        int grain = Math.Max(1, ParallelThreshold / (Math.Min(inner, ColumnBlock) * axes.ReducedCount));
        ForBlocks(axes.KeptCount * columnBlocks, grain, block =>
        {
            (int kept, int columns) = Math.DivRem(block, columnBlocks);
            int start = columns * ColumnBlock;
            int length = Math.Min(ColumnBlock, inner - start);
            T* origin = x + axes.KeptOffset(kept) + start;
            var result = new Span<T>(y + ((nint)kept * inner) + start, length);
            new ReadOnlySpan<T>(origin + axes.ReducedOffset(0), length).CopyTo(result);
            for (int reduced = 1; reduced < axes.ReducedCount; reduced++)
            {
                var row = new ReadOnlySpan<T>(origin + axes.ReducedOffset(reduced), length);
                switch (kind)
                {
                    case ReduceKind.Sum:
                        TensorPrimitives.Add(result, row, result);
                        break;
                    case ReduceKind.Max:
                        TensorPrimitives.Max(result, row, result);
                        break;
                    default:
                        TensorPrimitives.Min(result, row, result);
                        break;
                }
            }
        });
    }

    private static double Fold<T>(ReduceKind kind, T* x, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var run = new ReadOnlySpan<T>(x, length);
        return double.CreateTruncating(kind switch
        {
            ReduceKind.Sum => Sum(x, length),
            ReduceKind.Max => TensorPrimitives.Max(run),
            _ => TensorPrimitives.Min(run),
        });
    }

    private static double Combine(ReduceKind kind, double a, double b) => kind switch
    {
        ReduceKind.Sum => a + b,
        ReduceKind.Max => Math.Max(a, b),
        _ => Math.Min(a, b),
    };

    /// <summary>Runs items on the workers in groups of <paramref name="grain"/>.</summary>
    private static void ForBlocks(int items, int grain, Action<int> body) =>
        Workers.For((items + grain - 1) / grain, group =>
        {
            for (int item = group * grain; item < Math.Min(items, (group + 1) * grain); item++)
            {
                body(item);
            }
        });

    /// <summary>A shape as alternating kept and reduced axes.</summary>
    private sealed class JoinedAxes
    {
        private readonly List<(int Length, int Stride)> _kept = [];
        private readonly List<(int Length, int Stride)> _reduced = [];

        public bool InnerIsReduced { get; private init; }

        public int Inner { get; private init; }

        public int KeptCount { get; private set; } = 1;

        public int ReducedCount { get; private set; } = 1;

        public static JoinedAxes Of(Shape shape, Shape kept)
        {
            var lengths = new List<(int Length, bool IsReduced)>();
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                bool isReduced = kept[axis] != shape[axis];
                if (shape[axis] == 1)
                {
                    continue;
                }

                if (lengths.Count > 0 && lengths[^1].IsReduced == isReduced)
                {
                    lengths[^1] = (lengths[^1].Length * shape[axis], isReduced);
                }
                else
                {
                    lengths.Add((shape[axis], isReduced));
                }
            }

            if (lengths.Count == 0)
            {
                lengths.Add((1, true));
            }

            var joined = new JoinedAxes { Inner = lengths[^1].Length, InnerIsReduced = lengths[^1].IsReduced };
            int stride = joined.Inner;
            for (int axis = lengths.Count - 2; axis >= 0; axis--)
            {
                (int length, bool isReduced) = lengths[axis];
                if (isReduced)
                {
                    joined._reduced.Add((length, stride));
                    joined.ReducedCount *= length;
                }
                else
                {
                    joined._kept.Add((length, stride));
                    joined.KeptCount *= length;
                }

                stride *= length;
            }

            return joined;
        }

        public nint KeptOffset(int index) => Offset(_kept, index);

        public nint ReducedOffset(int index) => Offset(_reduced, index);

        /// <summary>The axes are listed innermost first.</summary>
        private static nint Offset(List<(int Length, int Stride)> axes, int index)
        {
            nint offset = 0;
            foreach ((int length, int stride) in axes)
            {
                (index, int position) = Math.DivRem(index, length);
                offset += (nint)position * stride;
            }

            return offset;
        }
    }
}
