namespace Exponential.Core.Tests;

/// <summary>A way to hold an input other than in row-major order: stored one way, read as a view.</summary>
internal abstract class InputView
{
    public static IReadOnlyList<InputView> All { get; } = [new Permuted(), new Flipped(), new Narrowed(), new Expanded()];

    public abstract string Name { get; }

    /// <summary>Whether an input can be held so. The last <paramref name="eventRank"/> axes belong together.</summary>
    public abstract bool Applies(NaiveArray input, int eventRank);

    /// <summary>A tensor of which <see cref="Read"/> is the view.</summary>
    public abstract Tensor Store(Tensor value);

    /// <summary>The view, which has this shape.</summary>
    public abstract Tensor Read(Tensor stored, int[] shape);

    /// <summary>The gradient of the stored tensor from that of the view.</summary>
    public abstract NaiveArray PullBack(NaiveArray gradient);

    private sealed class Permuted : InputView
    {
        public override string Name => "permuted";

        public override bool Applies(NaiveArray input, int eventRank) => input.Shape.Length >= 2;

        public override Tensor Store(Tensor value) => value.Transpose(0, -1).Contiguous();

        public override Tensor Read(Tensor stored, int[] shape) => stored.Transpose(0, -1);

        public override NaiveArray PullBack(NaiveArray gradient) =>
            NaiveArray.Build([gradient.Shape[^1], .. gradient.Shape[1..^1], gradient.Shape[0]], index => gradient[[index[^1], .. index[1..^1], index[0]]]);
    }

    private sealed class Flipped : InputView
    {
        public override string Name => "flipped";

        public override bool Applies(NaiveArray input, int eventRank) => input.Shape.Length >= 1;

        public override Tensor Store(Tensor value) => value.Rank > 1 ? value.Flip(0, -1) : value.Flip(0);

        public override Tensor Read(Tensor stored, int[] shape) => Store(stored);

        public override NaiveArray PullBack(NaiveArray gradient) => NaiveArray.Build(gradient.Shape, index =>
        {
            int[] mirrored = [.. index];
            mirrored[0] = gradient.Shape[0] - 1 - index[0];
            mirrored[^1] = gradient.Shape[^1] - 1 - index[^1]; // the same once more where there is one axis
            return gradient[mirrored];
        });
    }

    /// <summary>The middle of a longer last axis, with poison on both sides.</summary>
    private sealed class Narrowed : InputView
    {
        public override string Name => "narrowed";

        public override bool Applies(NaiveArray input, int eventRank) => input.Shape.Length >= 1;

        public override Tensor Store(Tensor value)
        {
            Tensor poison = Tensor.Full([.. value.Shape.Dimensions[..^1], 1], double.NaN, value.DType);
            return Tensor.Cat([poison, value, poison], -1);
        }

        public override Tensor Read(Tensor stored, int[] shape) => stored.Narrow(-1, 1, shape[^1]);

        public override NaiveArray PullBack(NaiveArray gradient) => NaiveArray.Build(
            [.. gradient.Shape[..^1], gradient.Shape[^1] + 2],
            index => index[^1] == 0 || index[^1] > gradient.Shape[^1] ? 0 : gradient[[.. index[..^1], index[^1] - 1]]);
    }

    /// <summary>The first position of axis 0 stretched over it.</summary>
    private sealed class Expanded : InputView
    {
        public override string Name => "expanded";

        public override bool Applies(NaiveArray input, int eventRank) => input.Shape.Length > eventRank && input.Shape[0] > 0;

        public override Tensor Store(Tensor value) => value.Narrow(0, 0, 1).Contiguous();

        public override Tensor Read(Tensor stored, int[] shape) => stored.Expand(shape);

        public override NaiveArray PullBack(NaiveArray gradient) => gradient.Reduce([0], true, run => run.Sum());
    }
}
